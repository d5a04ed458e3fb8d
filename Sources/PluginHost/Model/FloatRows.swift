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

/// The host's memory for the rows that a call writes.
struct RowBuffer {
    let base: UnsafeMutablePointer<Float>
    /// Floats per row.
    let width: Int

    /// Bytes from one row to the next.
    var stride: Int { Self.stride(width: width) }

    /// Rows begin on cache lines.
    static func stride(width: Int) -> Int {
        (width * MemoryLayout<Float>.stride + 63) & ~63
    }

    /// The first `count` rows as they were written.
    func rows(_ count: Int, owner: AnyObject) -> FloatRows {
        FloatRows(
            base: base, count: count, width: width, stride: stride / MemoryLayout<Float>.stride,
            owner: owner)
    }

    /// A NaN that no computation gives: stands at the beginning of a row until the plugin writes it.
    private static let unwritten = Float(bitPattern: 0x7fd2_6f73)

    /// Marks rows as not written: a store each.
    func mark(_ count: Int) {
        for row in 0..<count { first(of: row).pointee = Self.unwritten }
    }

    /// The first of `count` rows that nobody has written since `mark`.
    func firstUnwritten(of count: Int) -> Int? {
        (0..<count).first { first(of: $0).pointee.bitPattern == Self.unwritten.bitPattern }
    }

    private func first(of row: Int) -> UnsafeMutablePointer<Float> {
        (UnsafeMutableRawPointer(base) + row * stride).assumingMemoryBound(to: Float.self)
    }

    /// Makes rows that the plugin leaves out show as what they are: no numbers, and nobody else's.
    func clear(_ count: Int) {
        for row in 0..<count {
            first(of: row).update(repeating: .nan, count: width)
        }
    }
}
