/// A list of byte strings in one buffer: string i is `bytes[offsets[i] ..< offsets[i + 1]]`.
///
/// A vocabulary of 128 thousand tokens is two allocations instead of 128 thousand.
public struct ByteStrings: Sendable {
    public private(set) var bytes: [UInt8] = []
    public private(set) var offsets: [UInt32] = [0]

    public init() {}

    public init(_ strings: some Sequence<some Sequence<UInt8>>) {
        for string in strings { append(string) }
    }

    public init(_ strings: some Sequence<String>) {
        for string in strings { append(string.utf8) }
    }

    public var count: Int { offsets.count - 1 }

    public var isEmpty: Bool { count == 0 }

    public mutating func reserveCapacity(_ count: Int, bytes byteCount: Int) {
        offsets.reserveCapacity(count + 1)
        bytes.reserveCapacity(byteCount)
    }

    /// Appends one string.
    ///
    /// - Precondition: all strings together are shorter than 4 GiB.
    @inlinable
    public mutating func append(_ string: some Sequence<UInt8>) {
        appendPart(string)
        endString()
    }

    mutating func append(_ string: Span<UInt8>) {
        appendPart(string)
        endString()
    }

    mutating func appendPart(_ part: Span<UInt8>) {
        part.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    @usableFromInline
    mutating func appendPart(_ part: some Sequence<UInt8>) { bytes.append(contentsOf: part) }

    @usableFromInline
    mutating func endString() { offsets.append(UInt32(bytes.count)) }

    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeSubrange(1...)
    }

    public func range(_ index: Int) -> Range<Int> {
        Int(offsets[index])..<Int(offsets[index + 1])
    }

    public subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

    /// String `index` for a message: invalid UTF-8 is shown as U+FFFD.
    public func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}

extension ByteStrings {
    /// The first `count` strings, followed by empty ones where there are fewer.
    func resized(to count: Int) -> ByteStrings {
        var copy = self
        let kept = min(count, self.count)
        copy.offsets.removeSubrange((kept + 1)...)
        copy.bytes.removeSubrange(Int(copy.offsets[kept])...)
        copy.offsets += [UInt32](repeating: copy.offsets[kept], count: count - kept)
        return copy
    }

    /// Calls `body` with string `index`.
    func withSpan<T>(_ index: Int, _ body: (Span<UInt8>) throws -> T) rethrows -> T {
        try body(bytes.span.extracting(range(index)))
    }
}
