/// The bytes of a message, little-endian and without padding, as they are written or read.
///
/// A value passes its members one after the other, which writes or reads each: so both sides of a message
/// agree because they are the same lines. What is read is not trusted.
package struct Wire {
    /// Elements of a list that are not plain numbers: each takes much more memory than the bytes it may have.
    package static let mostElements = 1 << 16
    private var bytes: [UInt8]
    /// Where the next value is read; nil while a message is written.
    private var position: Int?

    package var isRead: Bool { position != nil }

    package mutating func pass<Value: WireMessage>(_ value: inout Value) throws {
        try value.pass(&self)
    }

    package mutating func pass<A: WireMessage, B: WireMessage>(
        _ first: inout A, _ second: inout B
    ) throws {
        try first.pass(&self)
        try second.pass(&self)
    }

    package mutating func pass<A: WireMessage, B: WireMessage, C: WireMessage>(
        _ first: inout A, _ second: inout B, _ third: inout C
    ) throws {
        try pass(&first, &second)
        try third.pass(&self)
    }

    fileprivate mutating func write(_ raw: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: raw)
    }

    fileprivate mutating func read(into raw: UnsafeMutableRawBufferPointer) throws {
        guard let start = position else { return }
        try requireLeft(raw.count)
        bytes.withUnsafeBytes {
            raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + raw.count]))
        }
        position = start + raw.count
    }

    /// Memory grows only with what is really there.
    fileprivate func requireLeft(_ count: Int) throws {
        guard let position, count > bytes.count - position else { return }
        throw WireError.truncated(needed: count, left: bytes.count - position)
    }

    /// The message that `body` writes.
    static func written(_ body: (inout Wire) throws -> Void) -> [UInt8] {
        var wire = Wire(bytes: [])
        // Only what is read can be wrong.
        try? body(&wire)
        return wire.bytes
    }

    /// Has `body` read a message, which ends where its last value ends.
    static func read(_ bytes: [UInt8], _ body: (inout Wire) throws -> Void) throws {
        var wire = Wire(bytes: bytes, position: 0)
        try body(&wire)
        guard let position = wire.position, position == bytes.count else {
            throw WireError.value(
                "\(bytes.count - (wire.position ?? 0)) bytes after the end of a message")
        }
    }
}

/// What is a message, or a part of one.
package protocol WireMessage {
    /// Writes the members, or replaces them by what is read.
    mutating func pass(_ wire: inout Wire) throws
}

/// A part of messages that may be missing, or there in numbers.
package protocol WireValue: WireMessage {
    /// What is replaced when a value is read.
    init()

    /// Passes the elements of an array.
    static func pass(_ elements: inout [Self], _ wire: inout Wire) throws
}

extension WireMessage {
    package var payload: [UInt8] {
        var message = self
        return Wire.written { try message.pass(&$0) }
    }

    /// What a payload says, in place of what this message does.
    package func read(_ payload: [UInt8]) throws -> Self {
        var message = self
        try Wire.read(payload) { try message.pass(&$0) }
        return message
    }
}

extension WireValue {
    package static func pass(_ elements: inout [Self], _ wire: inout Wire) throws {
        var count = elements.count
        try wire.pass(&count)
        guard wire.isRead else {
            for var element in elements { try wire.pass(&element) }
            return
        }
        guard count <= Wire.mostElements else {
            throw WireError.value("\(count) elements, expected at most \(Wire.mostElements)")
        }
        elements = []
        for _ in 0..<count {
            var element = Self()
            try wire.pass(&element)
            elements.append(element)
        }
    }
}

// MARK: - Values

/// Numbers, and arrays of them, are passed as they lie in memory: only machines whose own order is
/// little-endian run workers of theirs.
extension WireValue where Self: FixedWidthInteger {
    package mutating func pass(_ wire: inout Wire) throws {
        if wire.isRead {
            try withUnsafeMutableBytes(of: &self) { try wire.read(into: $0) }
        } else {
            withUnsafeBytes(of: self) { wire.write($0) }
        }
    }

    package static func pass(_ elements: inout [Self], _ wire: inout Wire) throws {
        var count = elements.count
        try wire.pass(&count)
        guard wire.isRead else { return elements.withUnsafeBytes { wire.write($0) } }
        try wire.requireLeft(count * MemoryLayout<Self>.size)
        elements = [Self](repeating: 0, count: count)
        try elements.withUnsafeMutableBytes { try wire.read(into: $0) }
    }
}

extension UInt8: WireValue {}
extension UInt16: WireValue {}
extension UInt32: WireValue {}
extension Int32: WireValue {}
extension Int64: WireValue {}
extension UInt64: WireValue {}

extension WireMessage where Self: OptionSet, RawValue: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        var bits = rawValue
        try wire.pass(&bits)
        self = Self(rawValue: bits)
    }
}

extension TokenizeFlags: WireMessage {}
extension DecodeFlags: WireMessage {}
extension EmbedFlags: WireMessage {}

/// A number of things, which is neither negative nor beyond 32 bits: what comes is so by its form.
extension Int: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        var count = UInt32(clamping: self)
        try wire.pass(&count)
        self = Int(count)
    }
}

extension Bool: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        var byte: UInt8 = self ? 1 : 0
        try wire.pass(&byte)
        guard byte <= 1 else { throw WireError.value("\(byte) is no truth value") }
        self = byte == 1
    }
}

extension Float: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        var bits = bitPattern
        try wire.pass(&bits)
        self = Float(bitPattern: bits)
    }
}

extension String: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        var bytes = wire.isRead ? [] : Array(utf8)
        try wire.pass(&bytes)
        if wire.isRead { self = String(decoding: bytes, as: UTF8.self) }
    }
}

extension Array: WireMessage, WireValue where Element: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        try Element.pass(&self, &wire)
    }
}

extension Optional: WireMessage, WireValue where Wrapped: WireValue {
    package init() { self = nil }

    package mutating func pass(_ wire: inout Wire) throws {
        var isThere = self != nil
        try wire.pass(&isThere)
        guard isThere else { return self = nil }
        var value = self ?? Wrapped()
        try wire.pass(&value)
        self = value
    }
}

extension Duration: WireValue {
    package init() { self = .zero }

    package mutating func pass(_ wire: inout Wire) throws {
        var (seconds, attoseconds) = components
        try wire.pass(&seconds)
        try wire.pass(&attoseconds)
        guard seconds.magnitude < 1 << 40, attoseconds.magnitude < 1_000_000_000_000_000_000 else {
            throw WireError.value(
                "\(seconds) seconds and \(attoseconds) attoseconds are no duration")
        }
        self = Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }
}

extension MonotonicTime: WireValue {
    package init() { self.init(nanoseconds: 0) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&nanoseconds)
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
