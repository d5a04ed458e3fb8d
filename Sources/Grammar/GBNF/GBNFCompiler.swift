/// Reads grammars in GBNF, llama.cpp's notation, into rules of a network.
///
///     root ::= "answer: " number ("," number)*
///     number ::= [0-9]{1,3}  # a comment
struct GBNFCompiler {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var depth = 0
    private var names: [String: Int32] = [:]
    /// Where a rule was first mentioned.
    private var mentioned: [String: Int] = [:]
    private var defined: Set<String> = []

    private static let longest = 256 << 10
    private static let deepest = 100
    private static let mostRepeats = 100_000
    /// Adds the grammar's rules.
    ///
    /// - Returns: the rule `root`.
    static func rule(
        of text: String, in builder: inout NetworkBuilder
    ) throws(GrammarError) -> Int32 {
        guard text.utf8.count <= longest else {
            throw GrammarError(
                "the grammar has \(text.utf8.count) bytes, expected at most \(longest)")
        }
        var compiler = GBNFCompiler(scalars: Array(text.unicodeScalars))
        try compiler.readRules(&builder)
        if let (name, place) = compiler.mentioned.filter({ !compiler.defined.contains($0.key) })
            .min(by: { $0.value < $1.value })
        {
            throw compiler.wrong("the rule '\(name.shortened)' is not defined", at: place)
        }
        guard compiler.defined.contains("root"), let root = compiler.names["root"] else {
            throw GrammarError(
                "the grammar has no rule 'root', from which GBNF begins: root ::= …")
        }
        return root
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    // MARK: - Input

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private func wrong(_ reason: String, at place: Int? = nil) -> GrammarError {
        let before = scalars[..<min(place ?? self.place, scalars.count)]
        let line = before.count { $0 == "\n" } + 1
        let column = before.count - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
        return GrammarError(reason, at: .line(line, column: column))
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    /// - Parameter acrossLines: whether a rule goes on in the next line, as within parentheses.
    private mutating func skipSpace(acrossLines: Bool) {
        while let scalar = next {
            if scalar == "#" {
                while let other = next, other != "\n", other != "\r" { place += 1 }
            } else if scalar == " " || scalar == "\t"
                || acrossLines && (scalar == "\n" || scalar == "\r")
            {
                place += 1
            } else {
                return
            }
        }
    }

    private mutating func name() -> String? {
        let start = place
        while let scalar = next, scalar.isASCII,
            scalar.properties.isAlphabetic || "0123456789-_".unicodeScalars.contains(scalar)
        {
            place += 1
        }
        return start == place ? nil : String(String.UnicodeScalarView(scalars[start..<place]))
    }

    // MARK: - Rules

    private mutating func readRules(_ builder: inout NetworkBuilder) throws(GrammarError) {
        skipSpace(acrossLines: true)
        while next != nil {
            let start = place
            guard let name = name() else { throw wrong("expected the name of a rule") }
            skipSpace(acrossLines: false)
            guard take("::=") else { throw wrong("expected '::=' after the rule's name") }
            guard defined.insert(name).inserted else {
                throw wrong("the rule '\(name.shortened)' is defined twice", at: start)
            }
            skipSpace(acrossLines: true)
            let rule = try rule(named: name, &builder)
            let bounds = builder.rules[Int(rule)]
            try readChoice(from: bounds.start, to: bounds.end, isNested: false, &builder)
            guard next == nil || next == "\n" || next == "\r" else {
                throw wrong("expected the end of the rule, '|' or another part of it")
            }
            skipSpace(acrossLines: true)
        }
    }

    private mutating func rule(
        named name: String, _ builder: inout NetworkBuilder
    ) throws(GrammarError) -> Int32 {
        if let known = names[name] { return known }
        let rule = try builder.addRule(name)
        names[name] = rule
        return rule
    }

    private mutating func readChoice(
        from: Int32, to: Int32, isNested: Bool, _ builder: inout NetworkBuilder
    ) throws(GrammarError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw wrong("nested deeper than \(Self.deepest) parentheses")
        }
        repeat {
            skipSpace(acrossLines: true)
            try readSequence(from: from, to: to, isNested: isNested, &builder)
        } while take("|")
    }

    private mutating func readSequence(
        from: Int32, to: Int32, isNested: Bool, _ builder: inout NetworkBuilder
    ) throws(GrammarError) {
        var node = from
        while let scalar = next, scalar != "|", scalar != ")", scalar != "\n", scalar != "\r" {
            let start = place
            let (first, last) = (try builder.addNode(), try builder.addNode())
            try readPart(from: first, to: last, &builder)
            let after = try builder.addNode()
            if let count = try count(at: start) {
                let body = builder.addRule(from: first, to: last)
                try builder.addRepeat(node, body, count, after)
            } else {
                try builder.addJump(node, first)
                try builder.addJump(last, after)
            }
            node = after
            skipSpace(acrossLines: isNested)
        }
        try builder.addJump(node, to)
    }

    private mutating func count(at start: Int) throws(GrammarError) -> ClosedRange<Int>? {
        if take("*") { return 0...Int.max }
        if take("+") { return 1...Int.max }
        if take("?") { return 0...1 }
        guard take("{") else { return nil }
        skipSpace(acrossLines: false)
        guard let least = try number() else { throw wrong("expected a number after '{'") }
        var most = least
        skipSpace(acrossLines: false)
        if take(",") {
            skipSpace(acrossLines: false)
            most = try number() ?? Int.max
        }
        skipSpace(acrossLines: false)
        guard take("}") else { throw wrong("expected '}'") }
        guard least <= most else {
            throw wrong("a repeat of at least \(least) and at most \(most)", at: start)
        }
        return least...most
    }

    private mutating func number() throws(GrammarError) -> Int? {
        var value: Int?
        while let scalar = next, (0x30...0x39).contains(scalar.value) {
            value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            guard value! <= Self.mostRepeats else {
                throw wrong("a repeat of more than \(Self.mostRepeats)")
            }
            place += 1
        }
        return value
    }

    private mutating func readPart(
        from: Int32, to: Int32, _ builder: inout NetworkBuilder
    ) throws(GrammarError) {
        let start = place
        if take("\"") {
            var bytes: [UInt8] = []
            while next != "\"" {
                guard next != nil, next != "\n" else {
                    throw wrong("a text without its closing '\"'", at: start)
                }
                bytes += Array(String(Character(try scalar())).utf8)
            }
            place += 1
            return try builder.add(bytes, from: from, to: to)
        }
        if take("[") {
            return try builder.add(try readSet(start), as: .plain, from: from, to: to)
        }
        if take(".") { return try builder.add(.all, as: .plain, from: from, to: to) }
        if take("(") {
            try readChoice(from: from, to: to, isNested: true, &builder)
            guard take(")") else { throw wrong("'(' without ')'", at: start) }
            return
        }
        if take("<[") {
            guard let token = try number(), take("]>") else {
                throw wrong("expected a token's number: <[1000]>", at: start)
            }
            return try builder.addToken(from, Int32(token), to)
        }
        guard let name = name() else {
            throw wrong("expected a text, a set of characters, '(' or the name of a rule")
        }
        if mentioned[name] == nil { mentioned[name] = start }
        try builder.addCall(from, try rule(named: name, &builder), to)
    }

    private mutating func readSet(_ start: Int) throws(GrammarError) -> ScalarSet {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while next != "]" {
            guard next != nil, next != "\n" else { throw wrong("'[' without ']'", at: start) }
            let low = try scalar().value
            var high = low
            if next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
                place += 1
                high = try scalar().value
            }
            guard low <= high else { throw wrong("a range that ends before it begins") }
            ranges.append(low...high)
        }
        place += 1
        return isNegated ? ScalarSet(ranges).complement : ScalarSet(ranges)
    }

    /// A character of a text or a set.
    private mutating func scalar() throws(GrammarError) -> Unicode.Scalar {
        guard let scalar = next else { throw wrong("the grammar ends in a text or a set") }
        place += 1
        guard scalar == "\\" else { return scalar }
        guard let letter = next else { throw wrong("the grammar ends with '\\'") }
        place += 1
        switch letter {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "x": return try hex(2)
        case "u": return try hex(4)
        case "U": return try hex(8)
        case "\\", "\"", "[", "]", "-", "^", "/": return letter
        default: throw wrong("the escape '\\\(letter)' is not known", at: place - 2)
        }
    }

    private mutating func hex(_ count: Int) throws(GrammarError) -> Unicode.Scalar {
        let digits = scalars[place...].prefix(count)
        guard digits.count == count,
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw wrong("expected \(count) hexadecimal digits of a character") }
        place += count
        return scalar
    }
}
