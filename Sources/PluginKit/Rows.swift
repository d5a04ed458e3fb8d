import PluginABI

/// The host's buffer for rows of floats, lent for the call.
public struct Rows {
    public let count: Int
    /// Floats per row.
    public let width: Int
    private let base: UnsafeMutableRawPointer?
    private let stride: Int

    /// - Parameter stride: bytes from one row to the next.
    public init(base: UnsafeMutableRawPointer?, count: Int, width: Int, stride: Int) {
        self.base = base
        self.count = count
        self.width = width
        self.stride = stride
    }

    /// - Precondition: `row` is in 0 ..< `count`.
    public subscript(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
        let start = base?.advanced(by: row * stride).assumingMemoryBound(to: Float.self)
        return UnsafeMutableBufferPointer(start: start, count: width)
    }
}

// MARK: - Checks

extension Rows {
    /// The host's buffer, large enough for the requested rows.
    init(
        checking pointer: UnsafePointer<roost_rows>?, for batch: Batch,
        _ capabilities: DecodeCapabilities
    ) throws {
        guard !batch.wanted.isEmpty else {
            self.init(base: nil, count: 0, width: 0, stride: 0)
            return
        }
        try self.init(
            checking: pointer, count: batch.wanted.count, width: capabilities.vocabularySize)
    }

    /// The host's buffer, large enough for `count` rows of `width` floats.
    init(checking pointer: UnsafePointer<roost_rows>?, count: Int, width: Int) throws {
        let rows = try checked(pointer, "roost_rows", size: \.struct_size)
        let bytes = width * MemoryLayout<Float>.size
        guard rows.n_rows >= count, let stride = Int(exactly: rows.row_stride),
            stride >= bytes, stride % MemoryLayout<Float>.alignment == 0
        else {
            throw PluginError(
                .argument,
                "the buffer has \(rows.n_rows) rows \(rows.row_stride) bytes apart, "
                    + "expected \(count) rows of \(bytes) bytes")
        }
        guard let data = rows.data, UInt(bitPattern: data) % 4 == 0 else {
            throw PluginError(.argument, "the buffer is null or not aligned to 4 bytes")
        }
        self.init(base: data, count: count, width: width, stride: stride)
    }
}
