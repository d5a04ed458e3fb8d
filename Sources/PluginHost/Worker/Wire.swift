/// Writes the values of a message, little-endian and without padding.
package struct WireWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A number of things, which is never negative: 32 bits.
    package mutating func write(_ count: Int) {
        write(UInt32(clamping: count))
    }

    package mutating func write(_ value: Bool) {
        write(value ? 1 : 0 as UInt8)
    }

    package mutating func write(_ value: Float) {
        write(value.bitPattern)
    }

    package mutating func write(_ text: String) {
        write(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    /// Only machines whose own order is little-endian run workers of theirs.
    package mutating func write<Integer: FixedWidthInteger>(_ values: [Integer]) {
        write(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ texts: [String]) {
        write(texts.count)
        for text in texts { write(text) }
    }

    package mutating func write<Integer: FixedWidthInteger>(_ lists: [[Integer]]) {
        write(lists.count)
        for list in lists { write(list) }
    }

    package mutating func write(_ duration: Duration) {
        write(duration.components.seconds)
        write(duration.components.attoseconds)
    }

    package mutating func write(deadline: MonotonicTime?) {
        write(deadline?.nanoseconds ?? 0)
    }

    package mutating func write<Value>(
        optional value: Value?, _ body: (inout WireWriter, Value) -> Void
    ) {
        write(value != nil)
        if let value { body(&self, value) }
    }
}

/// Reads the values of a message; the other side is not trusted.
package struct WireReader {
    /// Texts, or lists, of one list: each takes much more memory than the four bytes it may have.
    package static let mostElements = 1 << 16
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else {
            throw WireError.truncated(needed: count, left: bytes.endIndex - position)
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    package mutating func read<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws -> Integer {
        let slice = try take(MemoryLayout<Integer>.size)
        return slice.withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(as: Integer.self)) }
    }

    /// A number of things: not negative, and below 2³².
    package mutating func read() throws -> Int {
        Int(try read(UInt32.self))
    }

    package mutating func read() throws -> Bool {
        let byte = try read(UInt8.self)
        guard byte <= 1 else { throw WireError.value("\(byte) is no truth value") }
        return byte == 1
    }

    package mutating func read() throws -> Float {
        Float(bitPattern: try read())
    }

    package mutating func read() throws -> String {
        String(decoding: try take(try read()), as: UTF8.self)
    }

    package mutating func read<Integer: FixedWidthInteger>() throws -> [Integer] {
        let count: Int = try read()
        let slice = try take(count * MemoryLayout<Integer>.size)
        return [Integer](unsafeUninitializedCapacity: count) { values, initialized in
            slice.withUnsafeBytes { UnsafeMutableRawBufferPointer(values).copyMemory(from: $0) }
            initialized = count
        }
    }

    package mutating func read() throws -> [String] {
        try readList { try $0.read() }
    }

    package mutating func read<Integer: FixedWidthInteger>() throws -> [[Integer]] {
        try readList { try $0.read() }
    }

    /// Memory grows only with what is really there.
    private mutating func readList<Element>(
        _ element: (inout WireReader) throws -> Element
    ) throws -> [Element] {
        let count: Int = try read()
        guard count <= Self.mostElements else {
            throw WireError.value("\(count) elements, expected at most \(Self.mostElements)")
        }
        return try (0..<count).reduce(into: []) { list, _ in list.append(try element(&self)) }
    }

    package mutating func read() throws -> Duration {
        let seconds = try read(Int64.self)
        let attoseconds = try read(Int64.self)
        guard seconds.magnitude < 1 << 40, attoseconds.magnitude < 1_000_000_000_000_000_000 else {
            throw WireError.value(
                "\(seconds) seconds and \(attoseconds) attoseconds are no duration")
        }
        return Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }

    package mutating func readDeadline() throws -> MonotonicTime? {
        let nanoseconds = try read(UInt64.self)
        return nanoseconds == 0 ? nil : MonotonicTime(nanoseconds: nanoseconds)
    }

    package mutating func readOptional<Value>(
        _ body: (inout WireReader) throws -> Value
    ) throws -> Value? {
        try read() ? try body(&self) : nil
    }

    /// Every message ends where its last value ends.
    package func finish() throws {
        guard position == bytes.endIndex else {
            throw WireError.value("\(bytes.endIndex - position) bytes after the end of a message")
        }
    }
}

/// What is wrong with bytes that came from the other process.
package enum WireError: Error, Equatable, CustomStringConvertible {
    case truncated(needed: Int, left: Int)
    case value(String)
    case frame(length: Int, limit: Int)
    case unknownKind(UInt16)
    case unknownCall(UInt16)
    case closed

    package var description: String {
        switch self {
        case .truncated(let needed, let left):
            "a message ends early: \(left) of \(needed) bytes are left"
        case .value(let problem): problem
        case .frame(let length, let limit): "a frame of \(length) bytes, expected at most \(limit)"
        case .unknownKind(let kind): "a frame of unknown kind \(kind)"
        case .unknownCall(let step): "a call of unknown number \(step)"
        case .closed: "the connection is closed"
        }
    }
}
