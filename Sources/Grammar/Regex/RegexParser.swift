/// Reads regular expressions: what ECMA-262 and Python's `re` have in common, without references to
/// groups, lookbehinds and word boundaries.
struct RegexParser {
    private let scalars: [Unicode.Scalar]
    private let budget: Budget
    private var place = 0
    private var depth = 0
    private var ignoresCase = false
    private var dotIsAll = false

    private static let longest = 64 << 10
    private static let deepest = 100
    /// Higher counts are refused.
    private static let mostRepeats = 100_000

    static func parse(_ pattern: String, _ budget: Budget) throws(GrammarError) -> RegexSyntax {
        guard pattern.utf8.count <= longest else {
            throw GrammarError(
                "the regular expression has \(pattern.utf8.count) bytes, expected at most \(longest)"
            )
        }
        var parser = RegexParser(pattern, budget)
        try parser.readFlags()
        let syntax = try parser.choice()
        guard parser.place == parser.scalars.count else {
            throw parser.wrong("unmatched ')'")
        }
        return syntax
    }

    private init(_ pattern: String, _ budget: Budget) {
        scalars = Array(pattern.unicodeScalars)
        self.budget = budget
    }

    // MARK: - Input

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    private func wrong(_ reason: String, at place: Int? = nil) -> GrammarError {
        let before = scalars[..<min(place ?? self.place, scalars.count)]
        return GrammarError(
            "in the regular expression: " + reason,
            at: .offset(before.reduce(0) { $0 + UTF8.width($1) }))
    }

    // MARK: - Structure

    /// `(?i)` and `(?s)` at the beginning.
    private mutating func readFlags() throws(GrammarError) {
        guard take("(?"), let letter = next, "aimsux".unicodeScalars.contains(letter) else {
            place = 0
            return
        }
        while let letter = next, letter != ")" {
            switch letter {
            case "i": ignoresCase = true
            case "s": dotIsAll = true
            case "u": break
            default: throw wrong("the flag '\(letter)' is not supported")
            }
            place += 1
        }
        guard take(")") else { throw wrong("expected ')' after flags") }
    }

    private mutating func choice() throws(GrammarError) -> RegexSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw wrong("nested deeper than \(Self.deepest) groups")
        }
        var options = [try sequence()]
        while take("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .choice(options)
    }

    private mutating func sequence() throws(GrammarError) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            try budget.spend(1)
            parts.append(try quantified())
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quantified() throws(GrammarError) -> RegexSyntax {
        let start = place
        let syntax = try atom()
        guard let count = try quantifier() else { return syntax }
        switch syntax {
        case .start, .end, .ahead: throw wrong("nothing to repeat", at: start)
        default: break
        }
        if let most = count.most, most < count.least {
            throw wrong("a repeat of at least \(count.least) and at most \(most)", at: start)
        }
        if next == "+" { throw wrong("possessive quantifiers are not supported") }
        // How eagerly something is repeated does not matter for whole matches.
        if !take("?"), try quantifier() != nil { throw wrong("multiple repeat", at: start) }
        return .repeated(syntax, least: count.least, most: count.most)
    }

    private mutating func quantifier() throws(GrammarError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = place
        place += 1
        let least = try number()
        var most = least
        if take(",") { most = try number() }
        // Braces that are no quantifier stand for themselves.
        guard take("}"), least != nil || most != nil else {
            place = start
            return nil
        }
        return (least ?? 0, most)
    }

    private mutating func number() throws(GrammarError) -> Int? {
        var value: Int?
        while let digit = next?.properties.numericType == .decimal ? next?.value : nil,
            (0x30...0x39).contains(digit)
        {
            value = (value ?? 0) * 10 + Int(digit - 0x30)
            guard value! <= Self.mostRepeats else {
                throw wrong("a repeat of more than \(Self.mostRepeats)")
            }
            place += 1
        }
        return value
    }

    private mutating func atom() throws(GrammarError) -> RegexSyntax {
        guard let scalar = next else { throw wrong("ends where something is expected") }
        place += 1
        switch scalar {
        case ".": return .set(dotIsAll ? .all : CharacterClass.lineEnds.complement)
        case "^": return .start
        case "$": return .end
        case "(": return try group()
        case "[": return .set(try bracket())
        case "\\": return try escape()
        case "*", "+", "?": throw wrong("nothing to repeat", at: place - 1)
        default: return .set(folded(ScalarSet(scalar.value...scalar.value)))
        }
    }

    private mutating func group() throws(GrammarError) -> RegexSyntax {
        let start = place - 1
        var ahead: Bool?
        if take("?") {
            if take(":") {
            } else if take("=") {
                ahead = false
            } else if take("!") {
                ahead = true
            } else if take("<=") || take("<!") {
                throw wrong("lookbehinds are not supported", at: start)
            } else if take("P<") || take("<") {
                while let scalar = next, scalar != ">" {
                    place += scalar == ")" ? scalars.count : 1
                }
                guard take(">") else { throw wrong("a group's name without '>'", at: start) }
            } else {
                throw wrong("this kind of group is not supported", at: start)
            }
        }
        let content = try choice()
        guard take(")") else { throw wrong("'(' without ')'", at: start) }
        return ahead.map { .ahead(content, isNegative: $0) } ?? content
    }
}

// MARK: - Characters

extension RegexParser {
    private func folded(_ set: ScalarSet) -> ScalarSet {
        guard ignoresCase else { return set }
        var others: [ClosedRange<UInt32>] = []
        for range in set.ranges where range.count <= 2000 {
            for value in range {
                guard let properties = Unicode.Scalar(value)?.properties else { continue }
                for mapping in [properties.lowercaseMapping, properties.uppercaseMapping]
                where mapping.unicodeScalars.count == 1 {
                    let other = mapping.unicodeScalars.first!.value
                    others.append(other...other)
                }
            }
        }
        return set.union(ScalarSet(others))
    }

    private mutating func escape() throws(GrammarError) -> RegexSyntax {
        let start = place - 1
        guard let scalar = next else { throw wrong("ends with '\\'", at: start) }
        switch scalar {
        case "A":
            place += 1
            return .start
        case "Z", "z":
            place += 1
            return .end
        case "b", "B": throw wrong("word boundaries are not supported", at: start)
        case "1"..."9": throw wrong("references to groups are not supported", at: start)
        case "k": throw wrong("references to groups are not supported", at: start)
        default: break
        }
        if let bounds = try characterClass() { return .set(bounds.certain) }
        let value = try escapedScalar()
        return .set(folded(ScalarSet(value...value)))
    }

    /// `\d` and the like, after the backslash.
    private mutating func characterClass() throws(GrammarError) -> CharacterClass.Bounds? {
        guard let scalar = next else { return nil }
        place += 1
        switch scalar {
        case "d": return CharacterClass.digit
        case "D": return CharacterClass.digit.complement
        case "w": return CharacterClass.word
        case "W": return CharacterClass.word.complement
        case "s": return CharacterClass.space
        case "S": return CharacterClass.space.complement
        case "p", "P":
            let set = try property()
            let chosen = scalar == "P" ? set.complement : set
            return CharacterClass.Bounds(certain: chosen, possible: chosen)
        default:
            place -= 1
            return nil
        }
    }

    private mutating func property() throws(GrammarError) -> ScalarSet {
        let start = place - 2
        guard take("{") else { throw wrong("'\\p' without '{'", at: start) }
        var name = ""
        while let scalar = next, scalar != "}", name.utf8.count < 64 {
            name.unicodeScalars.append(scalar)
            place += 1
        }
        guard take("}"), let set = UnicodeProperty.set(named: name) else {
            throw wrong(
                "the property '\(name)' is not known, expected a general category", at: start)
        }
        return set
    }

    /// One scalar, after the backslash.
    private mutating func escapedScalar() throws(GrammarError) -> UInt32 {
        guard let scalar = next else { throw wrong("ends with '\\'") }
        place += 1
        switch scalar {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "f": return 0x0C
        case "v": return 0x0B
        case "a": return 0x07
        case "0": return 0
        case "x": return try hex(2)
        case "u":
            if take("{") {
                var digits = 0
                while let digit = next, digit != "}", digits < 6 {
                    place += 1
                    digits += 1
                    _ = digit
                }
                let end = place
                place -= digits
                let value = try hex(digits)
                place = end
                guard take("}") else { throw wrong("'\\u{' without '}'") }
                return value
            }
            let unit = try hex(4)
            guard (0xD800...0xDBFF).contains(unit), take("\\u") else { return unit }
            return 0x10000 + (unit - 0xD800) << 10 + (try hex(4) & 0x3FF)
        case "U": return try hex(8)
        case "c":
            guard let letter = next, letter.properties.isAlphabetic, letter.isASCII else {
                throw wrong("'\\c' without a letter")
            }
            place += 1
            return letter.value & 31
        default:
            guard !scalar.properties.isAlphabetic else {
                throw wrong("the escape '\\\(scalar)' is not known", at: place - 2)
            }
            return scalar.value
        }
    }

    private mutating func hex(_ count: Int) throws(GrammarError) -> UInt32 {
        let digits = scalars[place...].prefix(count)
        guard count > 0, digits.count == count,
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
            value <= 0x10FFFF
        else { throw wrong("expected \(count) hexadecimal digits of a character") }
        place += count
        return value
    }

    /// The characters of `[…]`, after the bracket.
    private mutating func bracket() throws(GrammarError) -> ScalarSet {
        let start = place - 1
        let isNegated = take("^")
        var certain: [ClosedRange<UInt32>] = []
        var possible: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = next, scalar != "]" || (isFirst && hasClosing) {
            isFirst = false
            try budget.spend(1)
            if scalar == "\\" {
                place += 1
                if let bounds = try characterClass() {
                    certain += bounds.certain.ranges
                    possible += bounds.possible.ranges
                    continue
                }
                place -= 1
            }
            let low = try member()
            var high = low
            if next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
                let dash = place
                place += 1
                if next == "\\", place + 1 < scalars.count,
                    "dDwWsSpP".unicodeScalars.contains(scalars[place + 1])
                {
                    place = dash
                } else {
                    high = try member()
                }
            }
            guard low <= high else { throw wrong("a range that ends before it begins") }
            let range = folded(ScalarSet(low...high)).ranges
            certain += range
            possible += range
        }
        guard take("]") else { throw wrong("'[' without ']'", at: start) }
        return isNegated ? ScalarSet(possible).complement : ScalarSet(certain)
    }

    /// In Python a bracket that comes first stands for itself; in ECMA-262 it ends an empty class.
    private var hasClosing: Bool { scalars[(place + 1)...].contains("]") }

    private mutating func member() throws(GrammarError) -> UInt32 {
        guard let scalar = next else { throw wrong("'[' without ']'") }
        place += 1
        guard scalar == "\\" else { return scalar.value }
        if take("b") { return 8 }
        return try escapedScalar()
    }
}
