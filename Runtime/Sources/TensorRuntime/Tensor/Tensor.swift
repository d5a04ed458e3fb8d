/// Numbers in rows: a shape, an element type, and a view of a storage. The last axis is contiguous.
///
/// A tensor is a value. Views share their storage; writing to a shared one copies it first.
public struct Tensor: @unchecked Sendable {
    public let shape: [Int]
    public let element: ElementType
    public internal(set) var storage: Storage
    public private(set) var byteOffset: Int

    /// A view of bytes that somebody else laid out.
    ///
    /// - Throws: `brokenBlocks` if a row is not a whole number of blocks, `outOfRange` if the
    ///   storage ends before the tensor does.
    public init(
        _ storage: Storage, byteOffset: Int = 0, element: ElementType, shape: [Int]
    ) throws(TensorError) {
        let width = shape.last ?? 1
        guard width % element.blockSize == 0 else {
            throw .brokenBlocks(width: width, element: element)
        }
        let room = 0..<storage.byteCount + 1
        let end = byteOffset.addingReportingOverflow(try Self.byteCount(element, shape))
        guard byteOffset >= 0, !end.overflow, room.contains(end.partialValue) else {
            throw .outOfRange("the end of a tensor", found: end.partialValue, expected: room)
        }
        self.init(unchecked: storage, byteOffset, element, shape)
    }

    /// F32 with undefined contents, for a kernel to fill.
    public init(uninitialized shape: [Int]) {
        self.init(.f32, uninitialized: shape)
    }

    init(_ element: ElementType, uninitialized shape: [Int]) {
        let bytes = element.bytes(of: shape.reduce(1, *))
        self.init(unchecked: Storage(byteCount: bytes), 0, element, shape)
    }

    public init(zeros shape: [Int]) {
        self.init(uninitialized: shape)
        storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    /// F32 numbers in row-major order; `values.count` is the product of the shape.
    public init(_ values: [Float], _ shape: [Int]) {
        precondition(values.count == shape.reduce(1, *))
        self.init(uninitialized: shape)
        values.withUnsafeBytes { UnsafeMutableRawBufferPointer(bytes).copyMemory(from: $0) }
    }

    init(unchecked storage: Storage, _ byteOffset: Int, _ element: ElementType, _ shape: [Int]) {
        self.storage = storage
        self.byteOffset = byteOffset
        self.element = element
        self.shape = shape
    }

    public var count: Int { shape.reduce(1, *) }

    /// The last axis.
    public var width: Int { shape.last ?? 1 }

    /// The product of all axes but the last.
    public var rowCount: Int { shape.dropLast().reduce(1, *) }

    public var rowBytes: Int { element.bytes(of: width) }

    public var byteCount: Int { rowBytes * rowCount }

    private static func byteCount(
        _ element: ElementType, _ shape: [Int]
    ) throws(TensorError) -> Int {
        var count = element.blockBytes
        for (axis, extent) in shape.enumerated() {
            let extent = axis == shape.count - 1 ? extent / element.blockSize : extent
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw .shape(of: "a tensor", found: shape, expected: "fewer elements")
            }
            count = product
        }
        return count
    }
}
