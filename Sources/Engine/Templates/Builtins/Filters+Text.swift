extension Jinja.Interpreter {
    static let textFilters: Filters = [
        "upper": rewriting { $0.uppercased() },
        "lower": rewriting { $0.lowercased() },
        "capitalize": rewriting { $0.pythonCapitalized },
        "title": rewriting { $0.titleWords },
        "trim": { try $0.call(method: "strip", of: .string($0.text(of: $1)), $2) },
        "replace": { try $0.call(method: "replace", of: .string($0.text(of: $1)), $2) },
        "center": { interpreter, value, arguments in
            let width = try arguments.bound("center", "width")[0] ?? .int(80)
            return try interpreter.call(
                method: "center", of: .string(interpreter.text(of: value)), .init([width]))
        },
        "indent": { try $0.indented($1, $2) },
        "truncate": { try $0.truncated($1, $2) },
        "wordcount": { interpreter, value, _ in
            .int(try interpreter.text(of: value).string.words.count)
        },
        "wordwrap": { try $0.wrapped($1, $2) },
        "format": { interpreter, value, arguments in
            let format = try interpreter.text(of: value)
            let values =
                arguments.named.isEmpty
                ? try Value.tuple(arguments.positional)
                : try .dictionary(
                    arguments.named.map { (key: .string($0.name), value: $0.value) })
            return .string(try interpreter.formatted(format, percent: values))
        },
        "escape": rewriting { $0.escapedHTML },
        "e": rewriting { $0.escapedHTML },
        "forceescape": rewriting { $0.escapedHTML },
        // Nothing is escaped unless asked for, so there is nothing to protect from it.
        "safe": { interpreter, value, _ in .string(try interpreter.text(of: value)) },
        "urlencode": { try $0.percentEncoded($1, $2) },
    ]

    private static func rewriting(
        _ transform: @escaping @Sendable (String) -> String
    ) -> Filter {
        { interpreter, value, _ in try interpreter.mapText(value, transform) }
    }

    private func mapText(_ value: Value, _ transform: (String) -> String) throws -> Value {
        let text = try text(of: value)
        try budget.spend(bytes: text.utf8.count * 2)
        return .string(text.rewritten(transform))
    }

    private func indented(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("indent", "width", "first", "blank")
        let text = try text(of: value)
        var indent: Jinja.Text = "    "
        if case .string(let given) = bound[0] {
            indent = given
        } else if let width = bound[0]?.integer {
            try budget.spend(bytes: 1, times: width)
            indent = Jinja.Text(String(repeating: " ", count: max(0, width)))
        }
        let lines = (text + "\n").lines()
        try budget.spend(bytes: text.utf8.count)
        try budget.spend(bytes: indent.utf8.count + 1 + 64 * indent.runs, times: lines.count)
        let indentsBlank = bound[2]?.isTrue ?? false
        let rest = lines.dropFirst().map { $0.isEmpty && !indentsBlank ? $0 : indent + $0 }
        let first = (bound[1]?.isTrue ?? false ? indent : "") + (lines.first ?? "")
        return .string(([first] + rest).joined(by: "\n"))
    }

    private func truncated(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound("truncate", "length", "killwords", "end", "leeway")
        let text = try text(of: value)
        let end = try bound[2].map(self.text(of:)) ?? "..."
        let length = bound[0]?.integer ?? 255
        let leeway = bound[3]?.integer ?? 5
        let kept = length - end.unicodeScalars.count
        guard kept >= 0, 0...1_000_000 ~= leeway, length <= 1 << 40 else {
            throw Failure("truncate needs a length of at least that of its end")
        }
        let scalars = text.unicodeScalars
        try budget.spend(bytes: text.utf8.count * 4)
        if scalars.count <= length + leeway { return .string(text) }
        var start = scalars.prefix(kept)
        if bound[1]?.isTrue != true, let blank = start.lastIndex(of: " ") {
            start = start[..<blank]
        }
        return .string(text[start.startIndex..<start.endIndex] + end)
    }

    private func wrapped(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        let bound = try arguments.bound(
            "wordwrap", "width", "break_long_words", "wrapstring", "break_on_hyphens")
        let width = bound[0]?.integer ?? 79
        guard width > 0 else { throw Failure("wordwrap needs a width above 0") }
        let text = try text(of: value)
        try budget.spend(text.utf8.count)
        let separator = try bound[2].map(self.text(of:)) ?? "\n"
        let lines = text.lines().map { line in
            line.wrapped(to: width, breakingWords: bound[1]?.isTrue ?? true)
                .joined(by: separator)
        }
        return .string(lines.joined(by: separator))
    }

    private func percentEncoded(_ value: Value, _ arguments: Jinja.Arguments) throws -> Value {
        switch value {
        case .dictionary(let dictionary):
            return try percentEncoded(pairs: pairs(of: dictionary))
        case .sequence: return try percentEncoded(pairs: value.elements(budget))
        default: return try mapText(value) { $0.percentEncoded(keeping: "/") }
        }
    }

    private func percentEncoded(pairs: [Value]) throws -> Value {
        let parts = try pairs.map { pair in
            try pair.elements(budget)
                .map { try text(of: $0).rewritten { $0.percentEncoded(keeping: "", blank: "+") } }
                .joined(by: "=")
        }
        return .string(parts.joined(by: "&"))
    }
}

extension String {
    /// Each word in lower case with a capital; words also begin after `-`, `(`, `{`, `[`, `<`.
    fileprivate var titleWords: String {
        var result = ""
        var startsWord = true
        for scalar in unicodeScalars {
            result +=
                startsWord
                ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
            startsWord = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
        }
        return result
    }

    fileprivate var words: [String] {
        unicodeScalars.split {
            !($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_")
        }
        .map { String($0) }
    }

    var escapedHTML: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&#34;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    fileprivate func percentEncoded(keeping kept: String, blank: String = "%20") -> String {
        var result = ""
        for byte in utf8 {
            let isPlain = byte.isNameByte && byte < 0x80 || "-.~".utf8.contains(byte)
            if isPlain || kept.utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else if byte == 0x20 {
                result += blank
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

extension Jinja.Text {
    /// One line cut at blanks into lines of at most `width` code points.
    fileprivate func wrapped(to width: Int, breakingWords: Bool) -> [Jinja.Text] {
        var lines: [Jinja.Text] = []
        var line = Jinja.TextBuilder()
        var length = 0
        for word in blankWords {
            var word = word
            var count = word.unicodeScalars.count
            if length > 0, length + 1 + count <= width {
                line.append(" ")
                line.append(word)
                length += 1 + count
                continue
            }
            if length > 0 { lines.append(line.text) }
            while breakingWords, count > width {
                let scalars = word.unicodeScalars
                let cut = scalars.index(scalars.startIndex, offsetBy: width)
                lines.append(word[scalars.startIndex..<cut])
                word = word[cut..<scalars.endIndex]
                count -= width
            }
            line = Jinja.TextBuilder()
            line.append(word)
            length = count
        }
        return length == 0 ? lines : lines + [line.text]
    }

    private var blankWords: [Jinja.Text] {
        unicodeScalars.split(separator: " ").map { self[$0.startIndex..<$0.endIndex] }
    }
}
