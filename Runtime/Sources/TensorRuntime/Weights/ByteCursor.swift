/// Reads little-endian values from a mapped file one after the other and never beyond its end.
struct ByteCursor {
    let file: MappedFile
    private(set) var offset: Int

    init(_ file: MappedFile, at offset: Int = 0) {
        self.file = file
        self.offset = offset
    }

    var remaining: Int { file.count - offset }

    /// - Parameter what: names the value in the error if the file ends inside it.
    mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self, _ what: String) throws -> T {
        let range = try take(UInt64(MemoryLayout<T>.size), what)
        return file.load(range.lowerBound)
    }

    /// The bytes of a GGUF string: a 64-bit length, then that many bytes.
    mutating func stringBytes(_ what: String) throws -> Range<Int> {
        let length = try integer(UInt64.self, what)
        return try take(length, what)
    }

    /// A GGUF string that must be UTF-8 and have at most `most` bytes.
    mutating func string(_ what: String, most: Int = 1 << 16) throws -> String {
        let range = try stringBytes(what)
        guard range.count <= most else {
            throw CheckpointError.nameTooLong(what: what, found: range.count, most: most)
        }
        guard let text = file.text(range) else {
            throw CheckpointError.notUTF8(what: what, offset: range.lowerBound)
        }
        return text
    }

    /// Skips `count` bytes and returns their position.
    @discardableResult
    mutating func take(_ count: UInt64, _ what: String) throws -> Range<Int> {
        guard count <= UInt64(remaining) else {
            throw CheckpointError.truncated(
                what: what, offset: offset, needed: count, left: remaining)
        }
        defer { offset += Int(count) }
        return offset..<offset + Int(count)
    }

    /// A count of things that follow, each of at least `smallest` bytes: never more than can fit.
    mutating func count(_ what: String, smallest: Int) throws -> Int {
        let count = try integer(UInt64.self, what)
        let most = remaining / smallest
        guard count <= UInt64(most) else {
            throw CheckpointError.countTooLarge(what: what, found: count, most: most)
        }
        return Int(count)
    }
}
