/// Reads JSON from front to back, without a tree: a vocabulary of a hundred thousand tokens goes
/// straight into its tables.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    /// - Parameter bytes: UTF-8.
    /// - Throws: ``TokenizerError/malformed(offset:reason:)`` when they are not.
    init(_ bytes: [UInt8]) throws {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw TokenizerError.malformed(
                offset: error.byteOffsets.lowerBound, reason: "a byte that is not UTF-8")
        }
        self.bytes = bytes
    }

    func malformed(_ reason: String) -> TokenizerError {
        .malformed(offset: position, reason: reason)
    }
}

// MARK: - Structure

extension JSONReader {
    /// The next byte that is not white space, which stays unread; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    mutating func expect(_ byte: UInt8) throws {
        guard peek() == byte else {
            throw malformed("expected '\(Character(Unicode.Scalar(byte)))'")
        }
        position += 1
    }

    /// Reads an object; `member` gets each key and must read the value.
    mutating func object(_ member: (inout JSONReader, _ key: String) throws -> Void) throws {
        var key = ByteStrings()
        try members { reader in
            key.removeAll()
            try reader.key(into: &key)
            try member(&reader, key.text(0))
        }
    }

    /// Reads an object; `member` must read each key, by ``key(into:)``, and each value.
    mutating func members(_ member: (inout JSONReader) throws -> Void) throws {
        try list(from: UInt8(ascii: "{"), to: UInt8(ascii: "}"), member)
    }

    /// Reads an array; `element` must read each element.
    mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try list(from: UInt8(ascii: "["), to: UInt8(ascii: "]"), element)
    }

    private mutating func list(
        from opening: UInt8, to closing: UInt8, _ item: (inout JSONReader) throws -> Void
    ) throws {
        try expect(opening)
        if peek() == closing {
            position += 1
            return
        }
        while true {
            try item(&self)
            if peek() == closing { break }
            try expect(UInt8(ascii: ","))
        }
        position += 1
    }

    /// Appends a key to `strings`.
    mutating func key(into strings: inout ByteStrings) throws {
        try string(into: &strings)
        try expect(UInt8(ascii: ":"))
    }

    /// Makes sure that nothing follows.
    mutating func end() throws {
        if peek() != nil { throw malformed("expected the end") }
    }
}

// MARK: - Values

extension JSONReader {
    mutating func string() throws -> String {
        var strings = ByteStrings()
        try string(into: &strings)
        return strings.text(0)
    }

    /// Appends a string to `strings`.
    mutating func string(into strings: inout ByteStrings) throws {
        try expect(UInt8(ascii: "\""))
        var start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                strings.appendPart(bytes[start..<position])
                strings.endString()
                position += 1
                return
            case UInt8(ascii: "\\"):
                strings.appendPart(bytes[start..<position])
                position += 1
                strings.appendPart(try escape().utf8)
                start = position
            case 0..<0x20: throw malformed("a control character in a string")
            default: position += 1
            }
        }
        throw malformed("a string without end")
    }

    private mutating func escape() throws -> String {
        guard position < bytes.count else { throw malformed("a string without end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return String(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(try unicodeEscape())
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(unit)), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw malformed("half a surrogate pair") }
        position += 2
        let trail = try hexadecimal()
        guard UTF16.isTrailSurrogate(UInt16(trail)),
            let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + trail & 0x3FF)
        else { throw malformed("half a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw malformed("expected four digits") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("expected four digits")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    /// Reads an integer.
    mutating func integer() throws -> Int {
        guard case .integer(let value) = try number() else {
            throw malformed("expected an integer")
        }
        return value
    }

    /// Reads a number.
    mutating func double() throws -> Double {
        switch try number() {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: throw malformed("expected a number")
        }
    }

    private mutating func number() throws -> JSON {
        guard let first = peek(), first == UInt8(ascii: "-") || isDigit(first) else {
            throw malformed("expected a value")
        }
        let start = position
        while position < bytes.count, isNumberPart(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw malformed("a number out of range")
        }
        return .number(value)
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func isNumberPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || "+-.eE".utf8.contains(byte)
    }

    /// Reads any value as a tree.
    mutating func value(depth: Int = 0) throws -> JSON {
        guard depth < 64 else { throw malformed("nested too deeply") }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [(key: String, value: JSON)] = []
            try object { members.append(($1, try $0.value(depth: depth + 1))) }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { elements.append(try $0.value(depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws -> JSON {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes[position..<end].elementsEqual(word.description.utf8) else {
            throw malformed("expected a value")
        }
        position = end
        return value
    }
}
