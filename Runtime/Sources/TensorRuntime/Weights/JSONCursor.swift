/// Reads the JSON of checkpoints strictly: no duplicate members, no invalid escapes, bounded depth.
///
/// The headers come from strangers and say where tensors are; two readers that disagree about one
/// are a security problem, so nothing is guessed.
struct JSONCursor {
    private let file: MappedFile
    private(set) var offset: Int
    private let end: Int

    init(_ file: MappedFile, _ range: Range<Int>) {
        self.file = file
        offset = range.lowerBound
        end = range.upperBound
    }

    private static let mostNested = 32

    /// Calls `member` with each key; it must read the value.
    mutating func object(_ member: (inout JSONCursor, String) throws -> Void) throws {
        try expect("{", "an object")
        var keys = Set<String>()
        if consume("}") { return }
        repeat {
            let key = try string()
            guard keys.insert(key).inserted else {
                throw CheckpointError.duplicate(what: "key", name: key)
            }
            try expect(":", "':'")
            try member(&self, key)
        } while consume(",")
        try expect("}", "',' or '}'")
    }

    /// Calls `element` before each element; it must read it.
    mutating func array(_ element: (inout JSONCursor) throws -> Void) throws {
        try expect("[", "an array")
        if consume("]") { return }
        repeat { try element(&self) } while consume(",")
        try expect("]", "',' or ']'")
    }

    /// A whole number without a sign, as shapes and offsets have to be.
    mutating func natural() throws -> Int {
        skipBlanks()
        let start = offset
        var value = 0
        while let digit = peek, (0x30...0x39).contains(digit) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
            if overflow || carry { throw unexpected("a number below 2^63", at: start) }
            value = sum
            offset += 1
        }
        let isNumber = offset > start && (file[start] != 0x30 || offset == start + 1)
        let isWhole = peek.map { !".eE".utf8.contains($0) } ?? true
        guard isNumber, isWhole else { throw unexpected("a whole number", at: start) }
        return value
    }

    /// Reads a value of any kind for its syntax alone.
    mutating func skipValue(depth: Int = 0) throws {
        skipBlanks()
        guard depth < Self.mostNested else { throw unexpected("less nesting", at: offset) }
        switch peek {
        case UInt8(ascii: "{"): try object { cursor, _ in try cursor.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try skipNumber()
        }
    }

    /// Only blanks are left.
    mutating func finish() throws {
        skipBlanks()
        if offset < end { throw unexpected("the end of the JSON", at: offset) }
    }
}

// MARK: - Characters

extension JSONCursor {
    private var peek: UInt8? { offset < end ? file[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard peek == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws {
        guard consume(character) else { throw unexpected(what, at: offset) }
    }

    private mutating func word(_ word: String) throws {
        for byte in word.utf8 {
            guard peek == byte else { throw unexpected("'\(word)'", at: offset) }
            offset += 1
        }
    }

    private mutating func skipNumber() throws {
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        try skipDigits(from: start)
        if peek == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(from: start)
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") { offset += 1 }
            try skipDigits(from: start)
        }
    }

    private mutating func skipDigits(from start: Int) throws {
        guard let first = peek, (0x30...0x39).contains(first) else {
            throw unexpected("a value", at: start)
        }
        while let digit = peek, (0x30...0x39).contains(digit) { offset += 1 }
    }

    private func unexpected(_ expected: String, at offset: Int) -> CheckpointError {
        guard offset < end else {
            return .json(offset: offset, found: "the end of the JSON", expected: expected)
        }
        let byte = file[offset]
        let isPrintable = (0x20..<0x7F).contains(byte)
        let found = isPrintable ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
        return .json(offset: offset, found: found, expected: expected)
    }
}

// MARK: - Strings

extension JSONCursor {
    mutating func string() throws -> String {
        try expect("\"", "a string")
        let start = offset
        var bytes: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw unexpected("no control byte", at: offset) }
            offset += 1
            if byte == UInt8(ascii: "\\") {
                try bytes.append(contentsOf: String(escape()).utf8)
            } else {
                bytes.append(byte)
            }
        }
        try expect("\"", "the end of a string")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CheckpointError.notUTF8(what: "a string", offset: start)
        }
        return text
    }

    /// What follows a backslash.
    private mutating func escape() throws -> Unicode.Scalar {
        let start = offset
        guard let byte = peek else { throw unexpected("an escape", at: start) }
        offset += 1
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": return Unicode.Scalar(byte)
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try unicodeEscape(at: start)
        default: throw unexpected("an escape", at: start)
        }
    }

    /// Four hexadecimal digits, or two such escapes that make up a surrogate pair.
    private mutating func unicodeEscape(at start: Int) throws -> Unicode.Scalar {
        var value = try hexadecimal()
        if (0xD800..<0xDC00).contains(value) {
            try word("\\u")
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else {
                throw unexpected("a surrogate pair", at: start)
            }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw unexpected("a surrogate pair", at: start)
        }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw unexpected("a hexadecimal digit", at: offset)
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
