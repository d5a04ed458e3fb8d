extension Jinja.Interpreter {
    static let searchMethods: [String: TextMethod] = [
        "startswith": { try $0.matches($1, $2, "startswith") { $0.starts(exactly: $1) } },
        "endswith": { try $0.matches($1, $2, "endswith") { $0.ends(exactly: $1) } },
        "find": { .int(try $0.place(in: $1, $2, "find", fromEnd: false) ?? -1) },
        "rfind": { .int(try $0.place(in: $1, $2, "rfind", fromEnd: true) ?? -1) },
        "index": { try $0.requiredPlace(in: $1, $2, "index", fromEnd: false) },
        "rindex": { try $0.requiredPlace(in: $1, $2, "rindex", fromEnd: true) },
        "count": { interpreter, text, arguments in
            let bound = try arguments.bound("count", "sub", "start", "end")
            let part = try interpreter.string(bound[0] ?? .null).string
            let (section, _) = try interpreter.section(of: text.string, bound[1], bound[2])
            if part.isEmpty { return .int(section.unicodeScalars.count + 1) }
            return .int(section.ranges(of: part).count)
        },
        "replace": { try $0.replaced($1, $2) },
    ]

    private func matches(
        _ text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String,
        _ matches: (String, String) -> Bool
    ) throws -> Value {
        let bound = try arguments.bound(name, "prefix", "start", "end")
        let (text, _) = try section(of: text.string, bound[1], bound[2])
        if case .sequence(let choices) = bound[0], choices.isTuple {
            return .bool(try choices.elements.contains { matches(text, try string($0).string) })
        }
        return .bool(matches(text, try string(bound[0] ?? .null).string))
    }

    /// `text[start:end]`, and the code points before it.
    private func section(
        of text: String, _ start: Value?, _ end: Value?
    ) throws -> (text: String, offset: Int) {
        guard start?.integer != nil || end?.integer != nil else { return (text, 0) }
        let scalars = Array(text.unicodeScalars)
        try budget.spend(bytes: scalars.count * 4)
        func clamped(_ bound: Int) -> Int {
            min(max(bound < 0 ? bound + scalars.count : bound, 0), scalars.count)
        }
        let first = clamped(start?.integer ?? 0)
        let last = max(first, clamped(end?.integer ?? scalars.count))
        return (String(scalars[first..<last]), first)
    }

    private func place(
        in text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String, fromEnd: Bool
    ) throws -> Int? {
        let bound = try arguments.bound(name, "sub", "start", "end")
        let part = try string(bound[0] ?? .null).string
        let (section, offset) = try section(of: text.string, bound[1], bound[2])
        if part.isEmpty { return offset + (fromEnd ? section.unicodeScalars.count : 0) }
        return section.place(of: part, fromEnd: fromEnd).map { range in
            offset + section.utf8Slice(0..<range.lowerBound).unicodeScalars.count
        }
    }

    private func requiredPlace(
        in text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String, fromEnd: Bool
    ) throws -> Value {
        guard let place = try place(in: text, arguments, name, fromEnd: fromEnd) else {
            throw Failure("substring not found")
        }
        return .int(place)
    }

    private func replaced(_ text: Jinja.Text, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("replace", "old", "new", "count")
        guard let old = bound[0], let new = bound[1] else {
            throw Failure("replace() needs what to replace and by what")
        }
        let (part, replacement) = (try self.text(of: old), try self.text(of: new))
        let given = bound[2]?.integer ?? -1
        let limit = given < 0 ? Int.max : given
        let ranges =
            part.isEmpty
            ? text.string.gaps(atMost: limit)
            : text.string.ranges(of: part.string, atMost: limit)
        try budget.spend(for: text)
        try budget.spend(
            bytes: replacement.utf8.count + 1 + 64 * replacement.runs, times: ranges.count)
        return .string(text.parts(between: ranges).joined(by: replacement))
    }

    // MARK: - Splitting

    static let splitMethods: [String: TextMethod] = [
        "split": { try $0.split($1, $2, "split", fromEnd: false) },
        "rsplit": { try $0.split($1, $2, "rsplit", fromEnd: true) },
        "splitlines": { interpreter, text, arguments in
            let keeps = try arguments.bound("splitlines", "keepends")[0]?.isTrue ?? false
            let lines = text.lines(keepingEnds: keeps)
            try interpreter.budget.spend(lines.count)
            return try .list(lines.map(Value.string))
        },
        "partition": { try $0.partitioned($1, $2, "partition", fromEnd: false) },
        "rpartition": { try $0.partitioned($1, $2, "rpartition", fromEnd: true) },
    ]

    private func partitioned(
        _ text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String, fromEnd: Bool
    ) throws -> Value {
        let separator = try string(arguments.exactly(1, for: name)[0]).string
        if separator.isEmpty { throw Failure("empty separator") }
        let parts: [Jinja.Text] =
            text.string.place(of: separator, fromEnd: fromEnd).map(text.around)
            ?? (fromEnd ? ["", "", text] : [text, "", ""])
        return try .tuple(parts.map(Value.string))
    }

    private func split(
        _ text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String, fromEnd: Bool
    ) throws -> Value {
        let bound = try arguments.bound(name, "sep", "maxsplit")
        let given = bound[1]?.integer ?? -1
        let limit = given < 0 ? Int.max : given
        var parts: [Jinja.Text]
        if let separator = bound[0], !separator.isNull {
            let separator = try string(separator).string
            if separator.isEmpty { throw Failure("empty separator") }
            parts = text.parts(
                between: fromEnd
                    ? text.string.rangesFromEnd(of: separator, atMost: limit)
                    : text.string.ranges(of: separator, atMost: limit))
        } else {
            parts = fromEnd ? text.wordsFromEnd(atMost: limit) : text.words(atMost: limit)
        }
        try budget.spend(parts.count)
        return try .list(parts.map(Value.string))
    }
}

extension String {
    /// The first occurrence, or the last.
    fileprivate func place(of part: String, fromEnd: Bool) -> Range<Int>? {
        (fromEnd ? rangesFromEnd(of: part, atMost: 1) : ranges(of: part, atMost: 1)).first
    }

    /// As `ranges(of:)`, but found from right to left; still in the order of the text.
    fileprivate func rangesFromEnd(of part: String, atMost limit: Int) -> [Range<Int>] {
        let count = utf8.count
        let ranges = Self.ranges(of: Array(part.utf8.reversed()), in: Array(utf8.reversed()), limit)
        return ranges.reversed().map { count - $0.upperBound..<count - $0.lowerBound }
    }

    /// The empty ranges before, between and after the characters.
    fileprivate func gaps(atMost limit: Int) -> [Range<Int>] {
        var gaps: [Range<Int>] = []
        var offset = 0
        for scalar in unicodeScalars where gaps.count < limit {
            gaps.append(offset..<offset)
            offset += UTF8.width(scalar)
        }
        if gaps.count < limit { gaps.append(utf8.count..<utf8.count) }
        return gaps
    }
}

extension Jinja.Text {
    /// The text before, in and after `range`.
    fileprivate func around(_ range: Range<Int>) -> [Jinja.Text] {
        [0..<range.lowerBound, range, range.upperBound..<utf8.count].map { self[$0] }
    }
}
