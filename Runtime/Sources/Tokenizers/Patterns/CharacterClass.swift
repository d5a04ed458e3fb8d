/// A set of characters in Oniguruma's syntax, `[a-z[àé]&&[^aeiou]]`: intersections of unions, and
/// nested classes.
struct CharacterClass {
    /// The operands between two `&&`.
    struct Union {
        /// In PCRE2's syntax, without the brackets.
        var items = ""
        var nested: [CharacterClass] = []

        var isEmpty: Bool { items.isEmpty && nested.isEmpty }
    }

    var operands: [Union]
    var isNegated: Bool

    init(_ operands: [Union], isNegated: Bool) {
        self.operands = operands
        self.isNegated = isNegated
    }

    init(items: String, isNegated: Bool) {
        self.init([Union(items: items)], isNegated: isNegated)
    }
}

extension CharacterClass {
    /// A pattern of PCRE2 that matches one character of the set.
    var spelling: String {
        let parts = operands.map { Self.flattened($0) }
        if parts.count == 1, parts[0].nested.isEmpty {
            return "[\(isNegated ? "^" : "")\(parts[0].items)]"
        }
        // The others look at the character that the first one consumes.
        let others = parts.dropFirst().map { "(?=\(Self.spelling($0)))" }.joined()
        let positive = "(?:\(others)\(Self.spelling(parts[0])))"
        return isNegated ? "(?:(?!\(positive))\(OnigurumaPattern.any))" : positive
    }

    private static func spelling(_ union: Union) -> String {
        if union.nested.isEmpty { return "[\(union.items)]" }
        let own = union.items.isEmpty ? [] : ["[\(union.items)]"]
        return "(?:\((own + union.nested.map(\.spelling)).joined(separator: "|")))"
    }

    /// The union, with nested classes that only add to it merged in.
    private static func flattened(_ union: Union) -> Union {
        var flat = Union(items: union.items)
        for inner in union.nested {
            let own = inner.operands.count == 1 ? flattened(inner.operands[0]) : nil
            if let own, !inner.isNegated {
                flat.items += own.items
                flat.nested += own.nested
            } else {
                flat.nested.append(inner)
            }
        }
        return flat
    }

    /// Whether it is a plain list of characters, without set operations.
    var isList: Bool { operands.count == 1 && operands[0].nested.isEmpty }
}

// MARK: - Reading

extension OnigurumaPattern {
    /// What follows an opening bracket, up to the closing one.
    mutating func characterClass() throws -> CharacterClass {
        let start = position - 1
        let isNegated = consume("^")
        let first = position
        var operands: [CharacterClass.Union] = []
        var union = CharacterClass.Union()
        while let scalar = next() {
            switch scalar {
            case "]" where position - 1 > first || !source[position...].contains("]"):
                operands.append(union)
                return try checked(CharacterClass(operands, isNegated: isNegated), from: start)
            case "[":
                if let set = try posixBracket() {
                    union.add(set)
                } else {
                    union.nested.append(try nested { try $0.characterClass() })
                }
            case "&" where consume("&"):
                operands.append(union)
                union = CharacterClass.Union()
            case "\\": try add(escapeAt: position - 1, to: &union)
            default: try add(scalar, to: &union)
            }
        }
        throw error("a class has no end", at: start)
    }

    private func checked(_ set: CharacterClass, from start: Int) throws -> CharacterClass {
        guard !set.operands.contains(where: \.isEmpty) else {
            throw error("an empty class is not supported", at: start)
        }
        // Oniguruma adds the other case to the result, PCRE2 to each part.
        guard !options.ignoresCase || set.isList else {
            throw error("classes in classes in either case are not supported", at: start)
        }
        return set
    }

    private mutating func add(escapeAt start: Int, to union: inout CharacterClass.Union) throws {
        guard escapesSet, let letter = next() else {
            return try add(try character(inClass: true, from: start), to: &union)
        }
        if let set = Self.set(letter, inClass: true) {
            union.add(set)
        } else {
            union.add(try property(isNegated: letter == "P", inClass: true, from: start))
        }
        if options.ignoresCase, UnicodeSet.isOfOneCase(union.items) {
            throw error("a property of one case in either case is not supported", at: start)
        }
        if peek() == "-", peek(1) != "]" {
            throw error("a range from a set of characters is not supported", at: start)
        }
    }

    /// Whether what follows a backslash in a class is a set, not a character.
    private var escapesSet: Bool {
        guard let letter = peek() else { return false }
        let isProperty = (letter == "p" || letter == "P") && peek(1) == "{"
        return isProperty || Self.set(letter, inClass: true) != nil
    }

    /// Adds a character, or the range that it begins.
    private mutating func add(
        _ low: Unicode.Scalar, to union: inout CharacterClass.Union
    ) throws {
        try checkCase(of: low...low)
        union.items += Self.spelled(low)
        let start = position
        guard peek() == "-", let after = peek(1), after != "]",
            !(after == "&" && peek(2) == "&")
        else { return }
        position += 2
        guard after != "[", after != "\\" || !escapesSet else {
            throw error("a range up to a set of characters is not supported", at: start)
        }
        let high = after == "\\" ? try character(inClass: true, from: start + 1) : after
        guard low <= high else { throw error("a range ends before it begins", at: start) }
        try checkCase(of: low...high)
        union.items += "-\(Self.spelled(high))"
        // What follows a range does not begin a range.
        if peek() == "-", peek(1) != "-" {
            position += 1
            union.items += Self.spelled("-")
        }
    }

    /// `[:alpha:]`, `[:^alpha:]`; nil for the beginning of a class.
    private mutating func posixBracket() throws -> CharacterClass? {
        let start = position - 1
        guard peek() == ":" else { return nil }
        position += 1
        let isNegated = consume("^")
        var name = ""
        while let letter = peek(), ("a"..."z").contains(letter) {
            position += 1
            name.unicodeScalars.append(letter)
        }
        guard consume(":]") else {
            position = start + 1
            return nil
        }
        guard let items = UnicodeSet.posix[name] else {
            throw error("the POSIX bracket [:\(name):] is not known", at: start)
        }
        if options.ignoresCase, UnicodeSet.isOfOneCase(items) {
            throw error("a property of one case in either case is not supported", at: start)
        }
        return CharacterClass(items: items, isNegated: isNegated)
    }
}

extension CharacterClass.Union {
    fileprivate mutating func add(_ set: CharacterClass) {
        if set.isNegated {
            nested.append(set)
        } else {
            items += set.operands[0].items
        }
    }
}
