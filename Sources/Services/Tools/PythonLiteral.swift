import JSON

/// Reads values as Python writes them: `True`, `None`, `'text'`, `[1, 2]`, `{'a': (1,)}`.
struct PythonLiteral {
    private let bytes: [UInt8]
    private var offset = 0

    private static let depth = 64

    /// - Returns: nil for what is not a literal.
    static func value(_ text: [UInt8]) -> JSONValue? {
        var reader = PythonLiteral(bytes: text)
        guard let value = reader.value(Self.depth) else { return nil }
        reader.skipSpace()
        return reader.offset == text.count ? value : nil
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte.isSpace { offset += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard next == byte.asciiValue else { return false }
        offset += 1
        return true
    }

    private mutating func value(_ depth: Int) -> JSONValue? {
        skipSpace()
        guard depth > 0, let byte = next else { return nil }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "["): return list("]", depth).map { .array($0) }
        case UInt8(ascii: "("): return list(")", depth).map { .array($0) }
        case UInt8(ascii: "{"): return dictionary(depth).map { .object($0) }
        default: return word()
        }
    }

    private mutating func list(_ end: Character, _ depth: Int) -> [JSONValue]? {
        offset += 1
        var elements: [JSONValue] = []
        while !take(end) {
            guard elements.isEmpty || take(",") else { return nil }
            if take(end) { break }
            guard let element = value(depth - 1) else { return nil }
            elements.append(element)
        }
        return elements
    }

    private mutating func dictionary(_ depth: Int) -> JSONObject? {
        offset += 1
        var members = JSONObject()
        while !take("}") {
            guard members.isEmpty || take(",") else { return nil }
            if take("}") { break }
            skipSpace()
            guard let key = string(), take(":"), let value = value(depth - 1) else { return nil }
            members[key] = value
        }
        return members
    }

    private mutating func word() -> JSONValue? {
        let start = offset
        while let byte = next, !byte.isSpace, !",)]}:".utf8.contains(byte) { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch word {
        case "True", "true": return true
        case "False", "false": return false
        case "None", "null": return .null
        default:
            guard let value = try? JSONValue(parsing: word), value.number != nil else { return nil }
            return value
        }
    }

    private mutating func string() -> String? {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            return nil
        }
        let triple = [quote, quote, quote]
        let isLong = bytes[offset...].starts(with: triple)
        let end = isLong ? triple : [quote]
        offset += end.count
        var text: [UInt8] = []
        while offset < bytes.count {
            if bytes[offset...].starts(with: end) {
                offset += end.count
                return String(decoding: text, as: UTF8.self)
            }
            if bytes[offset] == UInt8(ascii: "\\") {
                guard let escape = escape() else { return nil }
                text += escape
            } else {
                text.append(bytes[offset])
                offset += 1
            }
        }
        return nil
    }

    /// The bytes of an escape; of one that Python does not know, itself.
    private mutating func escape() -> [UInt8]? {
        guard offset + 1 < bytes.count else { return nil }
        let letter = bytes[offset + 1]
        offset += 2
        switch letter {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "0"): return [0]
        case UInt8(ascii: "\n"): return []
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [letter]
        case UInt8(ascii: "x"): return scalar(digits: 2)
        case UInt8(ascii: "u"): return scalar(digits: 4)
        case UInt8(ascii: "U"): return scalar(digits: 8)
        default: return [UInt8(ascii: "\\"), letter]
        }
    }

    private mutating func scalar(digits: Int) -> [UInt8]? {
        guard offset + digits <= bytes.count else { return nil }
        let text = String(decoding: bytes[offset..<offset + digits], as: UTF8.self)
        offset += digits
        return UInt32(text, radix: 16).flatMap(Unicode.Scalar.init).map { Array(String($0).utf8) }
    }
}
