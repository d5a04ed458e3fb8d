/// A view of the rows that a call wrote — logits, embeddings, labels — valid until the next one.
package struct FloatRows: @unchecked Sendable {
    private let base: UnsafePointer<Float>?
    private let stride: Int
    private let owner: AnyObject?
    /// The number of rows.
    package let count: Int
    /// Floats per row.
    package let width: Int

    /// - Parameters:
    ///   - base: the first row; may be nil without rows.
    ///   - stride: floats from one row to the next.
    ///   - owner: keeps the memory.
    package init(
        base: UnsafePointer<Float>?, count: Int, width: Int, stride: Int, owner: AnyObject? = nil
    ) {
        self.base = base
        self.count = count
        self.width = width
        self.stride = stride
        self.owner = owner
    }

    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        precondition(row >= 0 && row < count)
        return UnsafeBufferPointer(start: base.map { $0 + row * stride }, count: width)
    }

    /// Whether every float is a finite number.
    package var areFinite: Bool {
        (0..<count).allSatisfy { self[$0].allSatisfy(\.isFinite) }
    }
}
