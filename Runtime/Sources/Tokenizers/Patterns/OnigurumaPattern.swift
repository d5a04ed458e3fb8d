/// A regular expression in the syntax of Oniguruma, for which tokenizer.json is written, translated
/// for PCRE2.
///
/// Many constructs mean something else there: `^` and `$` are ends of lines, `\h` is a hexadecimal
/// digit, `(?m)` lets a dot match line feeds, `a{2}+` is not possessive, `[a[bc]&&[^b]]` is set
/// algebra, `\p{Han}` is the script alone, and `\w` and `[:alpha:]` are other sets of characters.
/// Each is translated so that it means the same to PCRE2, whatever line ends it was built for; what
/// PCRE2 cannot express is refused by name.
struct OnigurumaPattern {
    let source: [Unicode.Scalar]
    var position = 0
    var options = Options()
    /// How deep groups and classes are nested.
    var depth = 0
    /// The preceding literal, when letters match either case.
    private var foldedBefore: Unicode.Scalar?
    /// Plain groups capture nothing in a pattern with named ones.
    private let namesGroups: Bool
    private var captures = 0
    private var largestReference = 0

    struct Options {
        var ignoresCase = false
        var isExtended = false
        var dotMatchesAll = false
    }

    /// - Throws: ``TokenizerError/pattern(pattern:offset:reason:)``
    static func respelled(_ source: String) throws -> String {
        var pattern = OnigurumaPattern(source)
        let result = try pattern.alternatives()
        guard pattern.isAtEnd else { throw pattern.error("')' closes no group") }
        guard pattern.largestReference <= pattern.captures else {
            throw pattern.error(
                "\\\(pattern.largestReference) refers to no group; there are \(pattern.captures)")
        }
        return result
    }

    private init(_ source: String) {
        self.source = Array(source.unicodeScalars)
        namesGroups = Self.namesGroups(self.source)
    }

    private static func namesGroups(_ source: [Unicode.Scalar]) -> Bool {
        var index = 0
        while index + 3 < source.count {
            if source[index] == "\\" {
                index += 2
                continue
            }
            if source[index] == "(", source[index + 1] == "?",
                source[index + 2] == "'"
                    || source[index + 2] == "<" && !["=", "!"].contains(source[index + 3])
            {
                return true
            }
            index += 1
        }
        return false
    }
}

// MARK: - Reading

extension OnigurumaPattern {
    var isAtEnd: Bool { position == source.count }

    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        position + distance < source.count ? source[position + distance] : nil
    }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek() else { return nil }
        position += 1
        return scalar
    }

    mutating func consume(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard source[position...].starts(with: scalars) else { return false }
        position += scalars.count
        return true
    }

    /// The text up to `end`, which is consumed too; nil if it never comes.
    mutating func text(upTo end: Unicode.Scalar) -> String? {
        guard let last = source[position...].firstIndex(of: end) else { return nil }
        defer { position = last + 1 }
        var text = ""
        text.unicodeScalars.append(contentsOf: source[position..<last])
        return text
    }

    /// - Parameter start: where the error begins; the current position by default.
    func error(_ reason: String, at start: Int? = nil) -> TokenizerError {
        var text = ""
        text.unicodeScalars.append(contentsOf: source)
        return .pattern(pattern: text, offset: start ?? position, reason: reason)
    }

    /// The nesting depth of a file is not to be trusted.
    private static let deepest = 100

    mutating func nested<T>(_ body: (inout OnigurumaPattern) throws -> T) throws -> T {
        guard depth < Self.deepest else {
            throw error("groups and classes nest more than \(Self.deepest) deep")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }
}

// MARK: - Expressions

extension OnigurumaPattern {
    /// The content of a group, or the whole pattern.
    private mutating func alternatives() throws -> String {
        var result = ""
        foldedBefore = nil
        while true {
            skipIgnored()
            guard let scalar = peek(), scalar != ")" else { return result }
            if scalar == "|" {
                position += 1
                foldedBefore = nil
                result += "|"
            } else {
                result += try piece()
            }
        }
    }

    /// Comments, and blanks of the extended form.
    private mutating func skipIgnored() {
        while let scalar = peek() {
            if scalar == "(", peek(1) == "?", peek(2) == "#" {
                guard text(upTo: ")") != nil else { return }
            } else if options.isExtended, scalar.properties.isWhitespace {
                position += 1
            } else if options.isExtended, scalar == "#" {
                if text(upTo: "\n") == nil { position = source.count }
            } else {
                return
            }
        }
    }

    /// What a part of an expression means for a quantifier.
    struct Atom {
        var spelling: String
        var isAssertion = false
        /// The character, if it is a single one.
        var literal: Unicode.Scalar?
    }

    private mutating func piece() throws -> String {
        let atom = try atom()
        try checkFolding(atom.literal)
        var result = atom.spelling
        var isQuantified = false
        while true {
            skipIgnored()
            let start = position
            guard let quantifier = try quantifier() else { break }
            guard !atom.isAssertion else {
                throw error("a quantifier has nothing to repeat", at: start)
            }
            foldedBefore = nil
            if isQuantified { result = "(?:\(result))" }
            result += quantifier.spelling
            if quantifier.isOptional { result = "(?:\(result))?" }
            isQuantified = true
        }
        return result
    }

    private mutating func atom() throws -> Atom {
        let start = position
        switch next() {
        case "(": return try nested { try $0.group(from: start) }
        case "[": return Atom(spelling: try nested { try $0.characterClass() }.spelling)
        case ".": return Atom(spelling: options.dotMatchesAll ? Self.any : Self.notLineFeed)
        case "^": return Atom(spelling: #"(?:\A|(?<=\x{a})(?!\z))"#, isAssertion: true)
        case "$": return Atom(spelling: #"(?=\x{a}|\z)"#, isAssertion: true)
        case "\\": return try escape(from: start)
        case "*", "+", "?": throw error("a quantifier has nothing to repeat", at: start)
        case "{":
            position = start
            guard try interval() == nil else {
                throw error("a quantifier has nothing to repeat", at: start)
            }
            position = start + 1
            return Self.literal("{")
        case let scalar?: return Self.literal(scalar)
        case nil: throw error("the pattern ends too early")
        }
    }

    static let any = #"\p{Any}"#
    static let notLineFeed = #"[^\x{a}]"#

    static func literal(_ scalar: Unicode.Scalar) -> Atom {
        Atom(spelling: spelled(scalar), literal: scalar)
    }

    /// A character in a form that is valid inside and outside of classes.
    static func spelled(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": String(scalar)
        default: #"\x{\#(String(scalar.value, radix: 16))}"#
        }
    }

    /// - Throws: if case does not matter and a character has several forms in the other case.
    func checkCase(of range: ClosedRange<Unicode.Scalar>) throws {
        guard options.ignoresCase else { return }
        let isLong = { (text: String) in text.unicodeScalars.count > 1 }
        let long = (range.lowerBound.value...range.upperBound.value).lazy
            .compactMap(Unicode.Scalar.init)
            .first {
                isLong($0.properties.lowercaseMapping) || isLong($0.properties.uppercaseMapping)
            }
        if let long { throw error("'\(long)' in either case is not supported") }
    }

    /// Oniguruma takes `ss` for `ß` where case does not matter, PCRE2 one character for one.
    private mutating func checkFolding(_ literal: Unicode.Scalar?) throws {
        guard options.ignoresCase, let literal else { return foldedBefore = nil }
        try checkCase(of: literal...literal)
        let lower = literal.properties.lowercaseMapping
        let pair = (foldedBefore?.properties.lowercaseMapping ?? "") + lower
        if ["ss", "ff", "fi", "fl", "st"].contains(pair) {
            throw error("'\(pair)' in either case, which has a ligature, is not supported")
        }
        foldedBefore = literal
    }
}

// MARK: - Quantifiers

extension OnigurumaPattern {
    private struct Quantifier {
        var spelling: String
        /// Whether it may match the empty text.
        var isOptional = false
    }

    private mutating func quantifier() throws -> Quantifier? {
        switch peek() {
        case "*", "+", "?":
            var spelling = String(source[position])
            position += 1
            if let suffix = peek(), suffix == "?" || suffix == "+" {
                position += 1
                spelling.unicodeScalars.append(suffix)
            }
            return Quantifier(spelling: spelling)
        case "{":
            guard let (least, most) = try interval() else { return nil }
            let spelling = Self.spelled(least, most)
            // A plus after an interval is a quantifier of its own, and only ranges can be
            // reluctant.
            guard peek() == "?" else { return Quantifier(spelling: spelling) }
            position += 1
            return least == most
                ? Quantifier(spelling: spelling, isOptional: true)
                : Quantifier(spelling: spelling + "?")
        default: return nil
        }
    }

    /// `{2}`, `{2,}`, `{2,4}`, `{,4}`; nil, and nothing consumed, where a brace is a character.
    private mutating func interval() throws -> (least: Int, most: Int?)? {
        let start = position
        position += 1
        let least = number()
        var most = least
        if peek() == "," {
            position += 1
            most = number()
        }
        guard next() == "}", least != nil || most != nil else {
            position = start
            return nil
        }
        if let least, let most, least > most {
            throw error("a quantifier from \(least) to \(most) is not supported", at: start)
        }
        return (least ?? 0, most)
    }

    /// Digits, as a number.
    mutating func number() -> Int? {
        var digits = ""
        while let digit = peek(), ("0"..."9").contains(digit), digits.count < 6 {
            digits.unicodeScalars.append(digit)
            position += 1
        }
        return Int(digits)
    }

    private static func spelled(_ least: Int, _ most: Int?) -> String {
        if least == most { return "{\(least)}" }
        return "{\(least),\(most.map(String.init) ?? "")}"
    }
}

// MARK: - Groups

extension OnigurumaPattern {
    /// What follows a parenthesis.
    private mutating func group(from start: Int) throws -> Atom {
        for (opening, isAssertion) in Self.openings where consume(opening) {
            return Atom(
                spelling: "(\(opening)\(try body(from: start)))", isAssertion: isAssertion)
        }
        for (opening, name) in Self.unsupported where consume(opening) {
            throw error("\(name) (\(opening)…) is not supported", at: start)
        }
        if consume("?<") || consume("?'") { return try namedGroup(from: start) }
        if consume("?") { return try optionGroup(from: start) }
        if namesGroups { return Atom(spelling: "(?:\(try body(from: start)))") }
        captures += 1
        return Atom(spelling: "(\(try body(from: start)))")
    }

    private static let openings = [
        ("?:", false), ("?>", false), ("?=", true), ("?!", true), ("?<=", true), ("?<!", true),
    ]

    private static let unsupported = [
        ("*", "the callout"), ("?~", "the absent operator"), ("?(", "the condition"),
        ("?{", "the callout"), ("?@", "the capture history"),
    ]

    private mutating func body(from start: Int) throws -> String {
        let outer = options
        defer { options = outer }
        let body = try alternatives()
        guard next() == ")" else { throw error("a group has no end", at: start) }
        foldedBefore = nil
        return body
    }

    private mutating func namedGroup(from start: Int) throws -> Atom {
        let end: Unicode.Scalar = source[position - 1] == "<" ? ">" : "'"
        guard let name = text(upTo: end), Self.isName(name) else {
            throw error("a group has no name of letters, digits and _", at: start)
        }
        captures += 1
        return Atom(spelling: "(?<\(name)>\(try body(from: start)))")
    }

    static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,31}/) != nil
    }

    /// `(?i)`, which counts to the end of the group around it, alternatives included, or `(?i:…)`.
    private mutating func optionGroup(from start: Int) throws -> Atom {
        let outer = options
        defer { options = outer }
        var changed = options
        var isOn = true
        while let letter = next() {
            switch letter {
            case "-": isOn = false
            case "i": changed.ignoresCase = isOn
            case "x": changed.isExtended = isOn
            case "m": changed.dotMatchesAll = isOn
            case ":", ")":
                options = changed
                let inner = letter == ":" ? try body(from: start) : try alternatives()
                return Atom(spelling: (changed.ignoresCase ? "(?i:" : "(?-i:") + "\(inner))")
            default: throw error("the option (?\(letter)) is not supported", at: start)
            }
        }
        throw error("a group has no end", at: start)
    }

    /// `\k<name>`, `\k<1>`, `\1`.
    mutating func reference(to group: String, from start: Int) throws -> Atom {
        if Self.isName(group) { return Atom(spelling: "\\k<\(group)>") }
        guard let number = Int(group), number > 0, !namesGroups else {
            throw error("the reference to '\(group)' is not supported", at: start)
        }
        largestReference = max(largestReference, number)
        return Atom(spelling: "\\g{\(number)}")
    }

    /// Whether `number` after a backslash is a group and not a character in octal.
    func isReference(_ number: Int) -> Bool { number < 10 || number <= captures }
}
