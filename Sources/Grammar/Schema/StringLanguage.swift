import Synchronization

/// The contents of the JSON strings that a schema allows, each character spelled in only one way.
enum StringLanguage {
    static func automaton(
        _ rules: [SchemaShape.Placed<SchemaShape.StringRule>], _ budget: Budget
    ) throws(GrammarError) -> DFA {
        var language: DFA?
        // Lengths last: they are counted only along what else is left.
        for placed in rules {
            do throws(GrammarError) {
                language = try apply(placed.rule, to: language, budget)
            } catch {
                throw GrammarError(error.reason, at: .pointer(placed.pointer))
            }
        }
        for case .length(let range) in rules.map(\.rule) {
            language = try existing(language, budget).limited(to: range, budget)
        }
        return try existing(language, budget)
    }

    /// - Parameter language: nil for any text.
    private static func existing(_ language: DFA?, _ budget: Budget) throws(GrammarError) -> DFA {
        if let language { return language }
        return try anything(budget)
    }

    private static func apply(
        _ rule: SchemaShape.StringRule, to language: DFA?, _ budget: Budget
    ) throws(GrammarError) -> DFA? {
        let (texts, isExcluded): (DFA, Bool)
        switch rule {
        case .length: return language
        case .pattern(let pattern, let flag):
            texts = try RegexCompiler.contents(matching: pattern, budget)
            isExcluded = !flag
        case .format(let name):
            guard let format = try StringFormat.automaton(named: name) else {
                throw GrammarError(
                    "the format '\(name.shortened)' cannot be enforced, expected "
                        + StringFormat.names.joined(separator: ", "))
            }
            (texts, isExcluded) = (format, false)
        case .oneOf(let values, let flag):
            texts = try literals(values, budget)
            isExcluded = !flag
        }
        if isExcluded { return try existing(language, budget).subtracting(texts, budget) }
        guard let language else { return texts }
        return try language.intersection(texts, budget)
    }

    static func anything(_ budget: Budget) throws(GrammarError) -> DFA {
        var graph = NFA(budget)
        let node = try graph.addNode()
        try graph.add(.all, as: .json, from: node, to: node)
        return try graph.determinized(from: node, to: node)
    }

    static func literals(_ texts: [String], _ budget: Budget) throws(GrammarError) -> DFA {
        var graph = NFA(budget)
        let (start, end) = (try graph.addNode(), try graph.addNode())
        let contents = texts.map { JSONSpelling.content(of: $0) }
        for found in try graph.add(oneOf: contents, from: start) {
            try graph.addJump(found.node, end)
        }
        return try graph.determinized(from: start, to: end)
    }
}

extension DFA {
    private struct Counted: Hashable {
        var state: Int32
        var characters = 0
        /// Bytes of an escape that are still to come.
        var escape = 0
    }

    /// The texts with a certain number of characters, as JSON strings spell them.
    func limited(to range: ClosedRange<Int>, _ budget: Budget) throws(GrammarError) -> DFA {
        var ranges = [UInt8](0...255).map { $0...$0 }
        if classCount < 256 {
            // Bytes with the same class and the same meaning for counting.
            func kind(_ byte: UInt8) -> Int {
                byte >= 0x80 && byte < 0xC0 ? 1 : byte == 0x5C ? 2 : byte == 0x75 ? 3 : 0
            }
            ranges = []
            for byte in UInt8.min...UInt8.max {
                if let last = ranges.last, byte > 0,
                    classOf[Int(byte)] == classOf[Int(byte) - 1], kind(byte) == kind(byte - 1)
                {
                    ranges[ranges.count - 1] = last.lowerBound...byte
                } else {
                    ranges.append(byte...byte)
                }
            }
        }
        let most = range.upperBound
        return try DFA.exploring(
            Counted(state: 0), over: ranges, budget,
            accepts: { accepts[Int($0.state)] && $0.characters >= range.lowerBound },
            next: { place, byte in
                var next = place
                next.state = self.next(place.state, byte)
                guard next.state != Self.none else { return nil }
                if place.escape > 0 {
                    next.escape = place.escape == 5 ? (byte == 0x75 ? 4 : 0) : place.escape - 1
                } else if byte < 0x80 || byte >= 0xC0 {
                    next.characters += 1
                    if byte == 0x5C { next.escape = 5 }
                    if next.characters > most { return nil }
                    if most == .max { next.characters = min(next.characters, range.lowerBound) }
                }
                return next
            })
    }
}

/// The formats of strings, as regular expressions.
enum StringFormat {
    static let names = patterns.keys.sorted()

    private static let known = Mutex<[String: DFA]>([:])

    /// - Returns: nil for a format that is not known.
    static func automaton(named name: String) throws(GrammarError) -> DFA? {
        guard let pattern = patterns[name] else { return nil }
        if let found = known.withLock({ $0[name] }) { return found }
        let automaton = try RegexCompiler.contents(matching: "^(?:\(pattern))$", Budget(5_000_000))
        known.withLock { $0[name] = automaton }
        return automaton
    }

    private static let year = "(?:\\d{3}[1-9]|\\d{2}[1-9]\\d|\\d[1-9]\\d{2}|[1-9]\\d{3})"
    private static let leapYear =
        "(?:\\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
    private static let date =
        "(?:\(year)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
        + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|\(leapYear)-02-29)"
    private static let time =
        "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?"
        + "(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)"
    private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    /// Host names within other formats, whose length is not limited.
    private static let host =
        "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    /// Up to three labels, so that a name stays below 253 characters.
    private static let hostname = "\(label)(?:\\.\(label)){0,2}"
    private static let octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
    private static let ipv4 = "\(octet)(?:\\.\(octet)){3}"
    private static let hex = "[0-9A-Fa-f]{1,4}"
    private static let ipv6 =
        "(?:(?:\(hex):){7}\(hex)|(?:\(hex):){1,7}:|(?:\(hex):){1,6}:\(hex)"
        + "|(?:\(hex):){1,5}(?::\(hex)){1,2}|(?:\(hex):){1,4}(?::\(hex)){1,3}"
        + "|(?:\(hex):){1,3}(?::\(hex)){1,4}|(?:\(hex):){1,2}(?::\(hex)){1,5}"
        + "|\(hex):(?::\(hex)){1,6}|:(?::\(hex)){1,7}|::|::(?:[Ff]{4}:)?\(ipv4))"
    private static let uriCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
    private static let uriEnd =
        "(?:\\?(?:\(uriCharacter)|[/?])*)?(?:#(?:\(uriCharacter)|[/?])*)?"
    private static let uri =
        "[A-Za-z][A-Za-z0-9+.-]*:(?://\(host)(?::\\d{1,4})?(?:/\(uriCharacter)*)*"
        + "|\(uriCharacter)+(?:/\(uriCharacter)*)*)\(uriEnd)"
    private static let segment = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})"
    private static let reference =
        "(?:\(uri)|(?:/?\(segment)+(?:/\(uriCharacter)*)*)?\(uriEnd))"
    private static let email =
        "[A-Za-z0-9_+-]+(?:\\.[A-Za-z0-9_+-]+)*@\(host)"
    private static let duration =
        "P(?:\\d+W|(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)"
        + "(?:T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S))?"
        + "|T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S))"
    private static let pointer = "(?:/(?:[^~/]|~[01])*)*"

    private static let patterns: [String: String] = [
        "date": date, "time": time, "date-time": "\(date)T\(time)", "email": email,
        "idn-email": email, "hostname": hostname, "idn-hostname": hostname, "ipv4": ipv4,
        "ipv6": ipv6, "uri": uri, "iri": uri, "uri-reference": reference,
        "iri-reference": reference, "duration": duration, "json-pointer": pointer,
        "relative-json-pointer": "(?:0|[1-9]\\d{0,8})(?:#|\(pointer))",
        "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        "password": "[^\\u0000]*",
    ]
}
