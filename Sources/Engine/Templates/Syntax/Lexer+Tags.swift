extension Jinja.Lexer {
    /// The words between the delimiters of one tag.
    mutating func tag(
        _ begin: Jinja.Token.Kind, _ closing: UInt8, _ end: Jinja.Token.Kind
    ) throws(TemplateError) {
        add(begin)
        let beginLine = line
        open = []
        while true {
            skipSpace()
            guard let byte = source.at(offset) else {
                throw .syntax("a tag is never closed", line: beginLine)
            }
            if open.isEmpty, let sign = endSign(closing) {
                add(end)
                offset += sign == 0 ? 2 : 3
                skipAfter(sign: sign, newline: closing == .percent)
                return
            }
            try word(startingWith: byte)
        }
    }

    /// The sign of the closing delimiter that stands here, 0 without one; nil if none stands here.
    private func endSign(_ closing: UInt8) -> UInt8? {
        func closes(at position: Int) -> Bool {
            source.at(position) == closing && source.at(position + 1) == .closeBrace
        }
        if closes(at: offset) { return 0 }
        guard let sign = source.at(offset), closes(at: offset + 1) else { return nil }
        return sign == .minus || (sign == .plus && closing == .percent) ? sign : nil
    }

    private mutating func skipSpace() {
        var end = offset
        while let byte = source.at(end), byte.isASCIISpace { end += 1 }
        move(to: end)
    }

    private mutating func word(startingWith byte: UInt8) throws(TemplateError) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "'"), UInt8(ascii: "\""): try string(quote: byte)
        case _ where byte.isNameByte: name()
        default: try symbol()
        }
    }

    private mutating func name() {
        let text = source[offset...].prefix { $0.isNameByte }
        add(.name(String(decoding: text, as: UTF8.self)))
        offset = text.endIndex
    }

    private mutating func symbol() throws(TemplateError) {
        let pair = String(decoding: source[offset...].prefix(2), as: UTF8.self)
        if ["//", "**", "==", "!=", ">=", "<="].contains(pair) {
            add(.symbol(pair))
            offset += 2
            return
        }
        let byte = source[offset]
        guard "+-/*%~[](){}><=.:|,;".utf8.contains(byte) else {
            throw .syntax("unexpected character '\(pair.first ?? "?")'", line: line)
        }
        try balance(byte)
        add(.symbol(String(Character(Unicode.Scalar(byte)))))
        offset += 1
    }

    private mutating func balance(_ byte: UInt8) throws(TemplateError) {
        switch byte {
        case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
        case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
        case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            guard open.popLast() == byte else {
                throw .syntax("unexpected '\(Character(Unicode.Scalar(byte)))'", line: line)
            }
        default: break
        }
    }

    // MARK: - Numbers

    private mutating func number() throws(TemplateError) {
        if source[offset] == UInt8(ascii: "0"), let next = source.at(offset + 1),
            let radix = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2][
                next | 0x20]
        {
            return try integer(from: offset + 2, radix: radix)
        }
        var end = digits(from: offset)
        var isFloat = false
        if source.at(end) == UInt8(ascii: "."), source.at(end + 1)?.isDigit == true {
            isFloat = true
            end = digits(from: end + 1)
        }
        if let exponent = exponentEnd(from: end) {
            isFloat = true
            end = exponent
        }
        guard isFloat else { return try integer(from: offset, radix: 10) }
        let text = String(
            decoding: source[offset..<end].filter { $0 != .underscore }, as: UTF8.self)
        add(.float(Double(text) ?? .nan))
        offset = end
    }

    private func digits(from start: Int) -> Int {
        var end = start
        while let byte = source.at(end), byte.isDigit || byte == .underscore { end += 1 }
        return end
    }

    private func exponentEnd(from start: Int) -> Int? {
        guard let letter = source.at(start), letter | 0x20 == UInt8(ascii: "e") else { return nil }
        let sign = source.at(start + 1)
        let first = start + (sign == .plus || sign == .minus ? 2 : 1)
        return source.at(first)?.isDigit == true ? digits(from: first) : nil
    }

    private mutating func integer(from start: Int, radix: Int) throws(TemplateError) {
        let text = source[start...].prefix {
            $0 == .underscore || (radix == 16 ? $0.isHexDigit : $0.isDigit)
        }
        let digits = String(decoding: text.filter { $0 != .underscore }, as: UTF8.self)
        guard let value = Int(digits, radix: radix) else {
            throw .syntax("'\(digits)' is not a number of 64 bits", line: line)
        }
        add(.integer(value))
        offset = text.endIndex
    }

    // MARK: - Strings

    private mutating func string(quote: UInt8) throws(TemplateError) {
        let begin = offset
        var end = offset + 1
        while let byte = source.at(end), byte != quote { end += byte == .backslash ? 2 : 1 }
        guard end < source.count else {
            throw .syntax("a string is never closed", line: line)
        }
        let text = String(decoding: source[begin + 1..<end], as: UTF8.self)
        add(.string(text.utf8.contains(.backslash) ? Self.unescaped(text) : text))
        move(to: end + 1)
    }

    /// The text with the escapes of a Python string replaced; unknown ones stay as they are.
    private static func unescaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let kind = rest.popFirst() else {
                result.append(scalar)
                continue
            }
            if let plain = simpleEscapes[kind] {
                result.append(plain)
            } else if let value = numericEscape(kind, &rest) {
                result.append(Unicode.Scalar(value) ?? "\u{FFFD}")
            } else if kind != "\n" {
                result.append("\\")
                result.append(kind)
            }
        }
        return String(result)
    }

    private static let simpleEscapes: [Unicode.Scalar: Unicode.Scalar] = [
        "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}",
        "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
    ]

    /// The value of `\xhh`, `\uhhhh`, `\Uhhhhhhhh` or up to three octal digits.
    private static func numericEscape(
        _ kind: Unicode.Scalar, _ rest: inout Substring.UnicodeScalarView
    ) -> UInt32? {
        let lengths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        if let length = lengths[kind] {
            let digits = String(rest.prefix(length))
            guard digits.utf8.count == length, let value = UInt32(digits, radix: 16) else {
                return nil
            }
            rest.removeFirst(length)
            return value
        }
        guard "0"..."7" ~= kind else { return nil }
        let digits = String(kind) + String(rest.prefix { "0"..."7" ~= $0 }.prefix(2))
        rest.removeFirst(digits.utf8.count - 1)
        return UInt32(digits, radix: 8)
    }
}
