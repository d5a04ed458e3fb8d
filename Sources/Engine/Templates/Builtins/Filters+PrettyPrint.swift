extension Jinja.Interpreter {
    static let printingFilters: Filters = [
        "pprint": { interpreter, value, _ in
            var printer = PrettyPrinter(budget: interpreter.budget)
            try printer.write(try interpreter.sortedKeys(value), indent: 0, allowance: 0, level: 1)
            try interpreter.budget.spend(for: printer.output.text)
            return .string(printer.output.text)
        },
        "filesizeformat": { try $0.size($1, $2) },
    ]

    /// The value with the keys of its mappings in order, as Python's `pprint` shows them.
    private func sortedKeys(_ value: Value) throws -> Value {
        try budget.spend(1)
        switch value {
        case .sequence(let sequence):
            switch sequence.kind {
            case .list: return try .list(sequence.elements.map(sortedKeys))
            case .tuple, .group: return try .tuple(sequence.elements.map(sortedKeys))
            case .range, .view: return value
            }
        case .dictionary(let dictionary):
            let members = try dictionary.members.map {
                (key: $0.key, value: try sortedKeys($0.value))
            }
            return try .dictionary(
                members.sorted { left, right in
                    // Keys that cannot be compared are ordered by type.
                    (try? left.key.isLess(than: right.key, budget))
                        ?? (left.key.typeName < right.key.typeName)
                })
        default: return value
        }
    }

    /// `1.5 MB`
    private func size(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let isBinary = try arguments.bound("filesizeformat", "binary")[0]?.isTrue ?? false
        var parsed = value.number
        if case .string(let text) = value { parsed = text.string.pythonFloat }
        guard let bytes = parsed else {
            throw Failure("filesizeformat needs a number, found \(value.typeName)")
        }
        let base: Double = isBinary ? 1024 : 1000
        if bytes == 1 { return .string("1 Byte") }
        if bytes < base {
            guard let whole = Int(exactly: bytes.rounded(.towardZero)) else {
                throw Failure("filesizeformat needs a number of at most 64 bits")
            }
            return .string(Jinja.Text("\(whole) Bytes"))
        }
        var unit = base
        var prefix: Character = "k"
        for next in isBinary ? "KMGTPEZY" : "kMGTPEZY" {
            unit *= base
            prefix = next
            if bytes < unit { break }
        }
        let number = (base * bytes / unit).formatted("f", 1)
        return .string(Jinja.Text("\(number) \(prefix)\(isBinary ? "i" : "")B"))
    }
}

/// Python's `pprint.pformat`: lines of 80 characters, or one element per line if they do not fit.
private struct PrettyPrinter {
    let budget: Jinja.Budget
    private(set) var output = Jinja.TextBuilder()

    private static let width = 80

    init(budget: Jinja.Budget) {
        self.budget = budget
    }

    /// - Parameters:
    ///   - indent: where the value begins in its line.
    ///   - allowance: the width of what follows it in its last line.
    ///   - level: the nesting depth, from 1.
    mutating func write(
        _ value: Jinja.Value, indent: Int, allowance: Int, level: Int
    ) throws {
        let representation = try value.representation(budget)
        guard representation.unicodeScalars.count > Self.width - indent - allowance else {
            output.append(representation)
            return
        }
        switch value {
        case .dictionary(let dictionary) where !dictionary.members.isEmpty:
            let members = try dictionary.members.map { key, value in
                (label: try key.representation(budget) + ": ", value: value)
            }
            try write(members, "{", "}", indent, allowance, level)
        case .sequence(let sequence):
            let elements = sequence.elements.map { (label: Jinja.Text(""), value: $0) }
            switch sequence.kind {
            case .list: try write(elements, "[", "]", indent, allowance, level)
            case .tuple, .group:
                let isSingle = elements.count == 1
                try write(elements, "(", isSingle ? ",)" : ")", indent, allowance, level)
            case .range, .view: output.append(representation)
            }
        case .string(let text):
            write(text, indent: indent, allowance: allowance, level: level)
        default: output.append(representation)
        }
    }

    private mutating func breakLine(_ indent: Int) {
        output.append(Jinja.Text("\n" + String(repeating: " ", count: indent)))
    }

    /// - Parameter elements: each behind its label, for a mapping its key.
    private mutating func write(
        _ elements: [(label: Jinja.Text, value: Jinja.Value)], _ open: Jinja.Text,
        _ close: Jinja.Text, _ indent: Int, _ allowance: Int, _ level: Int
    ) throws {
        output.append(open)
        for (index, element) in elements.enumerated() {
            if index > 0 {
                output.append(",")
                breakLine(indent + 1)
            }
            output.append(element.label)
            let isLast = index == elements.count - 1
            try write(
                element.value, indent: indent + 1 + element.label.unicodeScalars.count,
                allowance: isLast ? allowance + close.utf8.count : 1, level: level + 1)
        }
        output.append(close)
    }

    /// A long text as several strings, one per line, cut after line ends and white space.
    private mutating func write(_ text: Jinja.Text, indent: Int, allowance: Int, level: Int) {
        let isOutermost = level == 1
        let indent = isOutermost ? indent + 1 : indent
        let allowance = isOutermost ? allowance + 1 : allowance
        let chunks = chunks(of: text, width: Self.width - indent, allowance: allowance)
        guard chunks.count > 1 else {
            output.append(represented(text))
            return
        }
        if isOutermost { output.append("(") }
        for (index, chunk) in chunks.enumerated() {
            if index > 0 { breakLine(indent) }
            output.append(chunk)
        }
        if isOutermost { output.append(")") }
    }

    private func represented(_ text: Jinja.Text) -> Jinja.Text {
        Jinja.Text(text.string.pythonRepresentation, text.derivedOrigin)
    }

    private func chunks(of text: Jinja.Text, width: Int, allowance: Int) -> [Jinja.Text] {
        var chunks: [Jinja.Text] = []
        let lines = text.lines(keepingEnds: true)
        for (index, line) in lines.enumerated() {
            let isLastLine = index == lines.count - 1
            let whole = represented(line)
            if whole.unicodeScalars.count <= width - (isLastLine ? allowance : 0) {
                chunks.append(whole)
                continue
            }
            let words = line.wordsWithBlanks
            var current: Jinja.Text = ""
            for (place, word) in words.enumerated() {
                let candidate = current + word
                let isLast = isLastLine && place == words.count - 1
                let room = width - (isLast ? allowance : 0)
                if represented(candidate).unicodeScalars.count > room {
                    if !current.isEmpty { chunks.append(represented(current)) }
                    current = word
                } else {
                    current = candidate
                }
            }
            if !current.isEmpty { chunks.append(represented(current)) }
        }
        return chunks
    }
}

extension Jinja.Text {
    /// The words, each with the following white space.
    fileprivate var wordsWithBlanks: [Jinja.Text] {
        let scalars = unicodeScalars
        var words: [Jinja.Text] = []
        var start = scalars.startIndex
        while start < scalars.endIndex {
            let blank = scalars[start...].firstIndex(where: \.isPythonSpace) ?? scalars.endIndex
            let end = scalars[blank...].firstIndex { !$0.isPythonSpace } ?? scalars.endIndex
            words.append(self[start..<end])
            start = end
        }
        return words
    }
}
