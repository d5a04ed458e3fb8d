/// A mistake of an operation's caller or of a checkpoint's author.
public enum TensorError: Error, Equatable, Sendable {
    /// An operand does not have the shape that the operation needs; `expected` may have letters for
    /// free axes.
    case shape(of: String, found: [Int], expected: String)
    /// Two operands should have the same shape.
    case shapesDiffer(operation: String, left: [Int], right: [Int])
    /// An operand does not have the element type that the operation needs.
    case element(of: String, found: ElementType, expected: String)
    /// A row of this width does not divide into the blocks of its element type.
    case brokenBlocks(width: Int, element: ElementType)
    /// An index, such as a token or a sequence, lies outside of its range.
    case outOfRange(String, found: Int, expected: Range<Int>)
    /// A sequence has no space for another position.
    case full(sequence: Int, positions: Int)
    /// The positions of a batch do not continue those that the cache holds.
    case brokenOrder(sequence: Int, found: Int, expected: Int)
}

extension TensorError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .shape(let name, let found, let expected):
            "\(name) has shape \(found), expected \(expected)"
        case .shapesDiffer(let operation, let left, let right):
            "\(operation) needs two tensors of one shape, found \(left) and \(right)"
        case .element(let name, let found, let expected):
            "\(name) has element type \(found.name), expected \(expected)"
        case .brokenBlocks(let width, let element):
            "a row of \(width) elements does not divide into \(element.name) blocks of "
                + "\(element.blockSize)"
        case .outOfRange(let name, let found, let expected):
            "\(name) is \(found), expected \(expected.lowerBound) to \(expected.upperBound - 1)"
        case .full(let sequence, let positions):
            "sequence \(sequence) is full, it holds at most \(positions) positions"
        case .brokenOrder(let sequence, let found, let expected):
            "sequence \(sequence) is given position \(found), expected \(expected)"
        }
    }
}
