/// Escapes: what follows a backslash.
extension OnigurumaPattern {
    private static let lineEnd = #"(?>\x{d}\x{a}|[\x{a}-\x{d}\x{85}\x{2028}\x{2029}])"#

    mutating func escape(from start: Int) throws -> Atom {
        guard let letter = next() else { throw error("nothing follows a backslash", at: start) }
        if let set = Self.set(letter, inClass: false) { return Atom(spelling: set.spelling) }
        switch letter {
        case "N": return Atom(spelling: Self.notLineFeed)
        case "O": return Atom(spelling: Self.any)
        case "R": return Atom(spelling: Self.lineEnd)
        case "X": return Atom(spelling: #"\X"#)
        case "A", "z", "G", "K": return Atom(spelling: "\\\(letter)", isAssertion: true)
        case "Z": return Atom(spelling: #"(?=\x{a}?\z)"#, isAssertion: true)
        case "b", "B": return Self.wordBorder(isOne: letter == "b")
        case "y", "Y":
            throw error("the border of text segments \\\(letter) is not supported", at: start)
        case "p" where peek() == "{", "P" where peek() == "{":
            // Outside a class, a property ignores the other case.
            let spelling = try property(isNegated: letter == "P", inClass: false, from: start)
                .spelling
            return Atom(spelling: options.ignoresCase ? "(?-i:\(spelling))" : spelling)
        case "k", "g":
            guard let name = try groupName(from: start) else { return Self.literal(letter) }
            guard letter == "k" else {
                throw error("the call of a group \\g<\(name)> is not supported", at: start)
            }
            return try reference(to: name, from: start)
        case "1"..."9":
            position -= 1
            if let number = number(), isReference(number) {
                return try reference(to: "\(number)", from: start)
            }
            position = start + 1
            return Self.literal(try character(inClass: false, from: start))
        default:
            position = start + 1
            return Self.literal(try character(inClass: false, from: start))
        }
    }

    /// A word character in Oniguruma's sense, which is not PCRE2's.
    private static func wordBorder(isOne: Bool) -> Atom {
        let word = "[\(UnicodeSet.word + UnicodeSet.superscripts)]"
        let (same, other) = isOne ? ("!", "=") : ("=", "!")
        return Atom(
            spelling: "(?:(?<=\(word))(?\(same)\(word))|(?<!\(word))(?\(other)\(word)))",
            isAssertion: true)
    }

    /// `<name>` or `'name'`
    private mutating func groupName(from start: Int) throws -> String? {
        guard peek() == "<" || peek() == "'" else { return nil }
        guard let name = text(upTo: next() == "<" ? ">" : "'") else {
            throw error("a name has no end", at: start)
        }
        return name
    }
}

// MARK: - Sets

extension OnigurumaPattern {
    /// The set of characters that one letter stands for.
    static func set(_ letter: Unicode.Scalar, inClass: Bool) -> CharacterClass? {
        let items: String
        switch letter {
        case "d", "D": items = UnicodeSet.digit
        case "s", "S": items = UnicodeSet.space
        case "h", "H": items = UnicodeSet.hexDigit
        // In a class ², ³, ¹ and the fractions of Latin-1 are not word characters.
        case "w", "W": items = UnicodeSet.word + (inClass ? "" : UnicodeSet.superscripts)
        default: return nil
        }
        return CharacterClass(items: items, isNegated: letter.properties.isUppercase)
    }

    /// `{Lu}`, `{^Han}`, after `\p` or `\P`.
    mutating func property(
        isNegated: Bool, inClass: Bool, from start: Int
    ) throws -> CharacterClass {
        position += 1
        guard var name = text(upTo: "}") else { throw error("a property has no end", at: start) }
        let isInverted = name.hasPrefix("^")
        if isInverted { name.removeFirst() }
        guard let items = UnicodeSet.property(name, inClass: inClass) else {
            throw error("the property \\p{\(name)} is not known", at: start)
        }
        return CharacterClass(items: items, isNegated: isNegated != isInverted)
    }
}

// MARK: - Characters

extension OnigurumaPattern {
    /// The character that an escape stands for; its letter comes next.
    mutating func character(inClass: Bool, from start: Int) throws -> Unicode.Scalar {
        guard let letter = next() else { throw error("nothing follows a backslash", at: start) }
        switch letter {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{c}"
        case "v": return "\u{b}"
        case "a": return "\u{7}"
        case "e": return "\u{1b}"
        case "b" where inClass: return "\u{8}"
        case "x" where peek() == "{", "o" where peek() == "{":
            position += 1
            let digits = text(upTo: "}") ?? ""
            return try scalar(digits, radix: letter == "x" ? 16 : 8, from: start)
        case "x":
            let code = try scalar(digits(radix: 16, most: 2), radix: 16, from: start)
            guard code.isASCII else {
                throw error("\\x is a byte and no character; write \\x{…}", at: start)
            }
            return code
        case "u":
            let digits = digits(radix: 16, most: 4)
            guard digits.count == 4 else {
                throw error("\\u has \(digits.count) digits, expected 4", at: start)
            }
            return try scalar(digits, radix: 16, from: start)
        case "0"..."7":
            position -= 1
            return try scalar(digits(radix: 8, most: 3), radix: 8, from: start)
        case "c", "C", "M": return try control(letter, from: start)
        default: return letter
        }
    }

    /// `\cA`, `\C-A`
    private mutating func control(
        _ letter: Unicode.Scalar, from start: Int
    ) throws -> Unicode.Scalar {
        guard letter == "c" || letter == "C" && consume("-"), let key = next(), key.isASCII,
            key != "\\", let code = Unicode.Scalar(key == "?" ? 0x7F : key.value & 0x1F)
        else { throw error("the control character is not supported", at: start) }
        return code
    }

    private mutating func digits(radix: Int, most: Int) -> String {
        var digits = ""
        while digits.count < most, let digit = peek(), Int(String(digit), radix: radix) != nil {
            digits.unicodeScalars.append(digit)
            position += 1
        }
        return digits
    }

    private func scalar(_ digits: String, radix: Int, from start: Int) throws -> Unicode.Scalar {
        guard let code = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(code) else {
            throw error("'\(digits)' is the number of no character", at: start)
        }
        return scalar
    }
}
