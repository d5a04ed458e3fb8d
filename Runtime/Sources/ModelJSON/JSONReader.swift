/// Reads JSON (RFC 8259) strictly, front to back and without a tree: a vocabulary of a hundred
/// thousand tokens goes straight into its tables.
///
/// Files come from strangers and say where tensors are; two readers that disagree about a file are
/// a security problem, so nothing is guessed.
public struct JSONReader {
    private let bytes: [UInt8]
    private let deepest: Int
    private let hasDistinctKeys: Bool
    private var position = 0
    private var depth = 0

    /// - Parameters:
    ///   - depth: how deep arrays and objects may nest, which bounds the stack.
    ///   - distinctKeys: whether an object that has a key twice is refused.
    /// - Throws: `JSONFault.notUTF8`
    public init(_ bytes: [UInt8], depth: Int = 64, distinctKeys: Bool = false) throws {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONFault.notUTF8(offset: error.byteOffsets.lowerBound)
        }
        self.bytes = bytes
        deepest = depth
        hasDistinctKeys = distinctKeys
    }

    /// The error that the text continues with something unexpected here.
    public func unexpected(_ expected: String) -> JSONFault {
        unexpected(expected, at: position)
    }

    private func unexpected(_ expected: String, at offset: Int) -> JSONFault {
        guard offset < bytes.count else {
            return .unexpected(offset: offset, found: "the end of the JSON", expected: expected)
        }
        let isPrintable = (0x20..<0x7F).contains(bytes[offset])
        let found = isPrintable ? "'\(Unicode.Scalar(bytes[offset]))'" : "byte \(bytes[offset])"
        return .unexpected(offset: offset, found: found, expected: expected)
    }
}

// MARK: - Structure

extension JSONReader {
    /// The next byte that is not white space, without consuming it; nil at the end.
    public mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    public mutating func expect(_ byte: UInt8) throws {
        guard take(byte) else { throw unexpected("'\(Unicode.Scalar(byte))'") }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Reads an object; `member` gets each key and must read the value.
    public mutating func object(
        _ member: (inout JSONReader, _ key: String) throws -> Void
    ) throws {
        var keys = Set<String>()
        try members { reader in
            _ = reader.peek()
            let start = reader.position
            let key = try reader.string()
            if reader.hasDistinctKeys, !keys.insert(key).inserted {
                throw JSONFault.duplicateKey(key, offset: start)
            }
            try reader.expect(UInt8(ascii: ":"))
            try member(&reader, key)
        }
    }

    /// Reads an object; `member` must read each key, the colon and the value.
    public mutating func members(_ member: (inout JSONReader) throws -> Void) throws {
        try list(from: "{", to: "}", "an object", member)
    }

    /// Reads an array; `element` must read each element.
    public mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try list(from: "[", to: "]", "an array", element)
    }

    private mutating func list(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, _ what: String,
        _ item: (inout JSONReader) throws -> Void
    ) throws {
        guard peek() == UInt8(ascii: opening) else { throw unexpected(what) }
        guard depth < deepest else { throw unexpected("less nesting") }
        position += 1
        depth += 1
        defer { depth -= 1 }
        if take(UInt8(ascii: closing)) { return }
        repeat { try item(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: closing)) else { throw unexpected("',' or '\(closing)'") }
    }

    /// Checks that nothing follows.
    public mutating func end() throws {
        if peek() != nil { throw unexpected("the end of the JSON") }
    }
}

// MARK: - Strings

extension JSONReader {
    public mutating func string() throws -> String {
        var whole: [UInt8] = []
        try string { whole += $0 }
        return String(decoding: whole, as: UTF8.self)
    }

    /// Reads a string; `part` gets its bytes, in one piece where nothing is escaped.
    public mutating func string(_ part: (ArraySlice<UInt8>) -> Void) throws {
        guard take(UInt8(ascii: "\"")) else { throw unexpected("a string") }
        var start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                part(bytes[start..<position])
                position += 1
                return
            case UInt8(ascii: "\\"):
                part(bytes[start..<position])
                part(Array(String(try escape()).utf8)[...])
                start = position
            case 0..<0x20: throw unexpected("no control character in a string")
            default: position += 1
            }
        }
        throw unexpected("the end of a string")
    }

    private mutating func escape() throws -> Unicode.Scalar {
        let start = position
        position += 2
        guard start + 1 < bytes.count else { throw unexpected("an escape", at: bytes.count) }
        switch Unicode.Scalar(bytes[start + 1]) {
        case "\"", "\\", "/": return Unicode.Scalar(bytes[start + 1])
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try unicodeEscape(at: start)
        default: throw unexpected("an escape", at: start + 1)
        }
    }

    /// Four hexadecimal digits, or two such escapes that make up a surrogate pair.
    private mutating func unicodeEscape(at start: Int) throws -> Unicode.Scalar {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let pair = unexpected("a surrogate pair", at: start)
        guard unit < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else { throw pair }
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw pair }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw unexpected("a hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

// MARK: - Numbers

extension JSONReader {
    /// Reads an integer.
    public mutating func integer() throws -> Int {
        _ = peek()
        let start = position
        guard case .integer(let value) = try number() else {
            throw unexpected("an integer", at: start)
        }
        return value
    }

    /// Reads an integer without a sign, as shapes and offsets have to be.
    public mutating func natural() throws -> Int {
        _ = peek()
        let start = position
        guard isDigit(start), case .integer(let value) = try number() else {
            throw unexpected("a whole number below 2^63", at: start)
        }
        return value
    }

    /// Reads a number.
    public mutating func double() throws -> Double {
        switch try number() {
        case .number(let value): return value
        case .integer(let value): return Double(value)
        default: throw unexpected("a number")
        }
    }

    private mutating func number() throws -> JSON {
        guard peek() != nil else { throw unexpected("a value") }
        let start = position
        var isWhole = true
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
            if isDigit(position) { throw unexpected("a number without leading zeros", at: start) }
        } else {
            try digits(orElse: "a value", at: start)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits(orElse: "a digit", at: position)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if position < bytes.count, "+-".utf8.contains(bytes[position]) { position += 1 }
            try digits(orElse: "a digit", at: position)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw unexpected("a number in the range of a double", at: start)
        }
        return .number(value)
    }

    private mutating func digits(orElse expected: String, at start: Int) throws {
        guard isDigit(position) else { throw unexpected(expected, at: start) }
        while isDigit(position) { position += 1 }
    }

    private func isDigit(_ position: Int) -> Bool {
        position < bytes.count && (0x30...0x39).contains(bytes[position])
    }
}

// MARK: - Values

extension JSONReader {
    /// Reads a value of any kind.
    public mutating func value() throws -> JSON {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [(key: String, value: JSON)] = []
            try object { members.append(($1, try $0.value())) }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { elements.append(try $0.value()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    /// Reads a value of any kind only for its syntax, and keeps nothing of it.
    public mutating func skip() throws {
        switch peek() {
        case UInt8(ascii: "{"): try object { reader, _ in try reader.skip() }
        case UInt8(ascii: "["): try array { try $0.skip() }
        case UInt8(ascii: "\""): try string { _ in }
        default: _ = try value()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw unexpected("a value") }
        position += word.utf8.count
        return value
    }
}
