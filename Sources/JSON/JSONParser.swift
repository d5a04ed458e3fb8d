/// Why a text is not the expected JSON, and where.
package enum JSONError: Error, Hashable, CustomStringConvertible {
    case unexpected(byte: UInt8, at: Int, expected: String)
    case ended(expected: String)
    case invalidUTF8(at: Int)
    case invalidEscape(at: Int)
    case controlCharacter(at: Int)
    case numberOutOfRange(at: Int)
    case tooDeep(limit: Int, at: Int)
    case tooMany(at: Int)

    package var description: String {
        switch self {
        case .unexpected(let byte, let offset, let expected):
            "invalid JSON at byte \(offset): found \(Self.name(byte)), expected \(expected)"
        case .ended(let expected): "invalid JSON: the text ends, expected \(expected)"
        case .invalidUTF8(let offset): "invalid JSON at byte \(offset): a string is not UTF-8"
        case .invalidEscape(let offset):
            "invalid JSON at byte \(offset): unknown escape in a string"
        case .controlCharacter(let offset):
            "invalid JSON at byte \(offset): a control character in a string must be escaped"
        case .numberOutOfRange(let offset): "invalid JSON at byte \(offset): number out of range"
        case .tooDeep(let limit, let offset):
            "invalid JSON at byte \(offset): nested deeper than \(limit) levels"
        case .tooMany(let offset):
            "the JSON has too many values up to byte \(offset); send it in several requests"
        }
    }

    private static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
        default: "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}

extension JSONValue {
    /// Parses one JSON text as RFC 8259 defines it, without extensions.
    ///
    /// Of repeated keys the last wins. Half of a surrogate pair, which browsers can send, becomes
    /// U+FFFD. `depth` bounds the nesting of arrays and objects, and with it the stack used;
    /// `values` bounds their number, and with it the memory: an array or object counts as eight
    /// values, since it takes as much memory.
    package init(
        parsing text: some Sequence<UInt8>, depth: Int = 128, values: Int = .max
    ) throws(JSONError) {
        let result = text.withContiguousStorageIfAvailable {
            Result.parsing($0, depth: depth, values: values)
        }
        let value =
            result
            ?? Array(text).withUnsafeBufferPointer {
                .parsing($0, depth: depth, values: values)
            }
        self = try value.get()
    }

    package init(parsing text: String, depth: Int = 128) throws(JSONError) {
        try self.init(parsing: text.utf8, depth: depth)
    }
}

extension Result<JSONValue, JSONError> {
    fileprivate static func parsing(
        _ bytes: UnsafeBufferPointer<UInt8>, depth: Int, values: Int
    ) -> Self {
        var parser = JSONParser(bytes: bytes, limit: depth, values: values)
        do throws(JSONError) {
            return .success(try parser.document())
        } catch {
            return .failure(error)
        }
    }
}

private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let limit: Int
    /// How many more values may come.
    var values: Int
    var offset = 0
    var depth = 0

    /// How many values' memory an array or object takes, apart from its content.
    static let container = 8
    /// Up to this many members of an object, a member counts as one value in addition to its own;
    /// beyond that, as much as the index needs for it.
    static let usualMembers = 1000
    static let indexedMember = 16

    init(bytes: UnsafeBufferPointer<UInt8>, limit: Int, values: Int) {
        self.bytes = bytes
        self.limit = limit
        self.values = values
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        skipSpace()
        if let byte = next { throw .unexpected(byte: byte, at: offset, expected: "the end") }
        return value
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    private mutating func expect(_ byte: UInt8, _ expected: String) throws(JSONError) {
        guard try take(byte) else { throw unexpected(expected) }
    }

    private mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard let byte = next else { return .ended(expected: expected) }
        return .unexpected(byte: byte, at: offset, expected: expected)
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        try count(1)
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func count(_ more: Int) throws(JSONError) {
        guard values >= more else { throw .tooMany(at: offset) }
        values -= more
    }

    /// Moves past an opening bracket.
    private mutating func open() throws(JSONError) {
        try count(Self.container - 1)
        guard depth < limit else { throw .tooDeep(limit: limit, at: offset) }
        depth += 1
        offset += 1
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try open()
        defer { depth -= 1 }
        var object = JSONObject()
        if try take(UInt8(ascii: "}")) { return .object(object) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
            let key = try string()
            try count(object.count < Self.usualMembers ? 1 : Self.indexedMember)
            try expect(UInt8(ascii: ":"), "':'")
            object[key] = try value()
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
        return .object(object)
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try open()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if try take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value()) } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
        return .array(elements)
    }

    private mutating func word(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw unexpected("'\(word)'") }
            offset += 1
        }
        return value
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        var whole = true
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if next == UInt8(ascii: ".") {
            whole = false
            offset += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            whole = false
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if whole, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw .numberOutOfRange(at: start) }
        return .number(number)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
        if offset == start { throw unexpected("a digit") }
    }
}

// MARK: - Strings

extension JSONParser {
    /// Reads a string from its opening quote to the end of its closing one.
    private mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        scanPlain()
        if next == UInt8(ascii: "\"") {
            defer { offset += 1 }
            return try text(bytes[start..<offset], at: start)
        }
        var buffer = Array(bytes[start..<offset])
        while next != UInt8(ascii: "\"") {
            try escape(into: &buffer)
            let plain = offset
            scanPlain()
            buffer += bytes[plain..<offset]
        }
        offset += 1
        return try text(buffer[...], at: start)
    }

    private mutating func scanPlain() {
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\")
        {
            offset += 1
        }
    }

    private func text(
        _ slice: some Collection<UInt8>, at start: Int
    ) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw .invalidUTF8(at: start)
        }
        return text
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw .ended(expected: "'\"'") }
        guard byte == UInt8(ascii: "\\") else { throw .controlCharacter(at: offset) }
        offset += 1
        guard let kind = next else { throw .ended(expected: "an escape") }
        offset += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(kind)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"): buffer += Array(String(Character(try escapedScalar())).utf8)
        default: throw .invalidEscape(at: offset - 2)
        }
    }

    /// The scalar of `\uXXXX`, joined with the low half that follows a high one.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let restart = offset
        guard unit < 0xDC00, next == UInt8(ascii: "\\") else { return "\u{FFFD}" }
        offset += 1
        guard next == UInt8(ascii: "u") else {
            offset = restart
            return "\u{FFFD}"
        }
        offset += 1
        let low = try hexUnit()
        guard 0xDC00...0xDFFF ~= low else {
            offset = restart
            return "\u{FFFD}"
        }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(low) - 0xDC00
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        guard bytes.count - offset >= 4 else { throw .ended(expected: "four hexadecimal digits") }
        var unit: UInt16 = 0
        for byte in bytes[offset..<offset + 4] {
            let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            guard let digit, byte < 0x80 else { throw .invalidEscape(at: offset - 2) }
            unit = unit << 4 | UInt16(digit)
        }
        offset += 4
        return unit
    }
}
