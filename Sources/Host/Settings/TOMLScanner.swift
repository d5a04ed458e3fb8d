/// Steps through the keys of a document that a parser has already found valid.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var at = 0
    private(set) var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func advance() {
        if bytes[at] == UInt8(ascii: "\n") { line += 1 }
        at += 1
    }

    private func starts(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard at + length <= bytes.count else { return false }
        return (0..<length).allSatisfy { bytes[at + $0] == text.utf8Start[$0] }
    }

    /// Moves past `text` if it is next.
    mutating func take(_ text: StaticString) -> Bool {
        guard starts(text) else { return false }
        for _ in 0..<text.utf8CodeUnitCount { advance() }
        return true
    }

    /// Moves to the next table header or key.
    /// - Returns: whether there is one.
    mutating func skipToStatement() -> Bool {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                skipLine()
            } else if byte > 0x20 {
                return true
            } else {
                advance()
            }
        }
        return false
    }

    mutating func skipLine() {
        while let byte = current, byte != UInt8(ascii: "\n") { advance() }
    }

    /// Reads `a."b c".d` and the following `=` or `]`.
    mutating func key() -> [String] {
        var parts: [String] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "="), UInt8(ascii: "]"):
                advance()
                return parts
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                parts.append(quoted(byte))
            case UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "\t"):
                advance()
            default:
                parts.append(bare())
            }
        }
        return parts
    }

    private mutating func bare() -> String {
        let start = at
        while let byte = current, !" \t.=]".utf8.contains(byte) { advance() }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func quoted(_ quote: UInt8) -> String {
        let start = at + 1
        skipString(quote)
        return String(decoding: bytes[start..<max(start, at - 1)], as: UTF8.self)
    }

    /// Moves past the value, however many lines it takes.
    mutating func skipValue() {
        var depth = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                skipString(byte)
                continue
            case UInt8(ascii: "#"):
                skipLine()
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
            case UInt8(ascii: "\n") where depth == 0:
                return
            default:
                break
            }
            advance()
        }
    }

    private mutating func skipString(_ quote: UInt8) {
        let long = quote == UInt8(ascii: "\"") ? take("\"\"\"") : take("'''")
        if !long { advance() }
        while let byte = current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                advance()
                if current != nil { advance() }
            } else if byte != quote {
                advance()
            } else if !long {
                return advance()
            } else if quote == UInt8(ascii: "\"") ? take("\"\"\"") : take("'''") {
                while current == quote { advance() }  // """a"""" ends with one quote of its own
                return
            } else {
                advance()
            }
        }
    }
}
