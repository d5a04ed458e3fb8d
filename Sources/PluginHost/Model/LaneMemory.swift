import PluginABI

/// The memory in which the calls of a lane leave rows or an image, each overwriting the previous
/// one.
package protocol LaneMemory: AnyObject {
    /// At least this many bytes, aligned to a cache line.
    func room(_ bytes: Int) throws -> UnsafeMutableRawPointer
}

extension LaneMemory {
    func rows(_ count: Int, width: Int) throws -> RowBuffer {
        let base = try room(count * RowBuffer.stride(width: width))
        return RowBuffer(
            base: base.assumingMemoryBound(to: Float.self), count: count, width: width,
            owner: self)
    }

    func image(_ bytes: Int) throws -> ImageBuffer {
        ImageBuffer(base: try room(bytes).assumingMemoryBound(to: UInt8.self))
    }
}

/// Memory of this process, as much as the largest answer so far.
final class GrowingMemory: LaneMemory {
    private var memory: UnsafeMutableRawBufferPointer?

    deinit {
        memory?.deallocate()
    }

    func room(_ bytes: Int) -> UnsafeMutableRawPointer {
        if let start = memory?.baseAddress, memory?.count ?? 0 >= bytes { return start }
        memory?.deallocate()
        let count = max(1, bytes)
        let start = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        memory = UnsafeMutableRawBufferPointer(start: start, count: count)
        return start
    }
}

/// The host's memory for the rows that a call writes.
package struct RowBuffer {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    /// Floats per row.
    let width: Int
    /// Keeps the memory.
    let owner: AnyObject

    /// Bytes from one row to the next.
    var stride: Int { Self.stride(width: width) }

    /// Rows begin on cache lines.
    static func stride(width: Int) -> Int {
        (width * MemoryLayout<Float>.stride + 63) & ~63
    }

    /// The rows as they were written.
    var written: FloatRows {
        FloatRows(
            base: base, count: count, width: width, stride: stride / MemoryLayout<Float>.stride,
            owner: owner)
    }

    /// What a plugin is given to fill.
    var pluginRows: roost_rows {
        roost_rows(
            struct_size: UInt32(MemoryLayout<roost_rows>.size), n_rows: UInt32(count), data: base,
            row_stride: UInt64(stride))
    }

    /// - Throws: `.broken` for rows that are not those that the plugin was given.
    func check(_ rows: roost_rows, _ step: CallStep) throws {
        guard rows.n_rows == UInt32(count), rows.data == base else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "\(rows.n_rows) rows, expected \(count) in the host's buffer")
        }
    }

    /// A NaN that no computation produces: it marks the beginning of a row until the plugin writes
    /// it.
    private static let unwritten = Float(bitPattern: 0x7fd2_6f73)

    /// Marks rows as not written: a store each.
    func mark() {
        for row in 0..<count { first(of: row).pointee = Self.unwritten }
    }

    /// The first row that nobody has written since `mark`.
    var firstUnwritten: Int? {
        (0..<count).first { first(of: $0).pointee.bitPattern == Self.unwritten.bitPattern }
    }

    private func first(of row: Int) -> UnsafeMutablePointer<Float> {
        (UnsafeMutableRawPointer(base) + row * stride).assumingMemoryBound(to: Float.self)
    }

    /// Makes rows that the plugin leaves out recognizable: they hold no numbers, and none of an
    /// earlier call.
    func clear() {
        for row in 0..<count {
            first(of: row).update(repeating: .nan, count: width)
        }
    }
}
