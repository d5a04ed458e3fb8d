extension Jinja.Interpreter {
    static let textMethods: [String: TextMethod] =
        caseMethods.merging(searchMethods) { $1 }.merging(splitMethods) { $1 }
        .merging(paddingMethods) { $1 }.merging(kindMethods) { $1 }

    private static let caseMethods: [String: TextMethod] = [
        "upper": { _, text, _ in .string(text.rewritten { $0.uppercased() }) },
        "lower": { _, text, _ in .string(text.rewritten { $0.lowercased() }) },
        "casefold": { _, text, _ in .string(text.rewritten { $0.lowercased() }) },
        "capitalize": { _, text, _ in .string(text.rewritten(\.pythonCapitalized)) },
        "title": { _, text, _ in .string(text.rewritten(\.pythonTitle)) },
        "swapcase": { _, text, _ in .string(text.rewritten(\.caseSwapped)) },
        "strip": { .string($1.stripped(try $0.stripped($2, "strip"))) },
        "lstrip": { .string($1.stripped(right: false, try $0.stripped($2, "lstrip"))) },
        "rstrip": { .string($1.stripped(left: false, try $0.stripped($2, "rstrip"))) },
        "removeprefix": { interpreter, text, arguments in
            let prefix = try interpreter.string(arguments.exactly(1, for: "removeprefix")[0])
            return .string(
                text.string.starts(exactly: prefix.string)
                    ? text.dropping(prefix.utf8.count, 0) : text)
        },
        "removesuffix": { interpreter, text, arguments in
            let suffix = try interpreter.string(arguments.exactly(1, for: "removesuffix")[0])
            return .string(
                text.string.ends(exactly: suffix.string)
                    ? text.dropping(0, suffix.utf8.count) : text)
        },
        "format": { .string(try $0.formatted($1, braces: $2)) },
        "join": { interpreter, text, arguments in
            let elements = try arguments.exactly(1, for: "join")[0].elements(interpreter.budget)
            let parts = try elements.map { try interpreter.string($0) }
            let length = parts.reduce(0) { $0 + $1.utf8.count + text.utf8.count }
            try interpreter.budget.spend(bytes: length)
            try interpreter.budget.spend(text.runs * parts.count)
            return .string(parts.joined(by: text))
        },
    ]

    /// What `strip` takes from an end: the given characters, or white space.
    private func stripped(
        _ arguments: Jinja.Arguments, _ name: String
    ) throws -> (Unicode.Scalar) -> Bool {
        switch try arguments.bound(name, "chars")[0] {
        case nil, .null: return \.isPythonSpace
        case let characters?:
            let set = Set(try string(characters).unicodeScalars)
            return set.contains
        }
    }

    /// The text of a value that has to be one.
    func string(_ value: Value) throws -> Jinja.Text {
        switch value {
        case .string(let text): return text
        case .undefined(let problem): throw Failure(problem)
        default: throw Failure("a text was expected, found \(value.typeName)")
        }
    }

    // MARK: - Padding

    private static let paddingMethods: [String: TextMethod] = [
        "center": {
            try $0.padded($1, $2, "center") { missing, width in
                missing / 2 + (missing & width & 1)
            }
        },
        "ljust": { try $0.padded($1, $2, "ljust") { _, _ in 0 } },
        "rjust": { try $0.padded($1, $2, "rjust") { missing, _ in missing } },
        "zfill": { interpreter, text, arguments in
            let width = try arguments.exactly(1, for: "zfill")[0]
            let isSigned = text.utf8.first == .minus || text.utf8.first == .plus
            let padded = try interpreter.padded(
                text, .init([width, .string("0")]), "zfill", left: { missing, _ in missing })
            guard isSigned, case .string(let zeros) = padded, zeros.utf8.first != text.utf8.first
            else { return padded }
            return .string(
                text[0..<1] + zeros.dropping(0, text.utf8.count) + text.dropping(1, 0))
        },
        "expandtabs": { interpreter, text, arguments in
            let size = try arguments.bound("expandtabs", "tabsize")[0]?.integer ?? 8
            try interpreter.budget.spend(bytes: text.utf8.count, times: max(1, size))
            return .string(Jinja.Text(text.string.expandingTabs(to: size), text.derivedOrigin))
        },
    ]

    /// The text filled up to a width; `left` says how many of the missing characters go before it.
    private func padded(
        _ text: Jinja.Text, _ arguments: Jinja.Arguments, _ name: String,
        left: (_ missing: Int, _ width: Int) -> Int
    ) throws -> Value {
        let bound = try arguments.bound(name, "width", "fillchar")
        guard let width = bound[0]?.integer else { throw Failure("\(name)() needs a width") }
        let fill = try bound[1].map(string) ?? " "
        guard fill.unicodeScalars.count == 1 else {
            throw Failure("the fill character must be exactly one character long")
        }
        let missing = width - min(width, text.unicodeScalars.count)
        guard missing > 0 else { return .string(text) }
        try budget.spend(bytes: fill.utf8.count, times: missing)
        let before = left(missing, width)
        func filled(_ count: Int) -> Jinja.Text {
            Jinja.Text(String(repeating: fill.string, count: count), fill.origin)
        }
        return .string(filled(before) + text + filled(missing - before))
    }

    // MARK: - Kinds

    private static let kindMethods: [String: TextMethod] = [
        "isalpha": consists { $0.properties.generalCategory.isLetter },
        "isdigit": consists { [.decimal, .digit].contains($0.properties.numericType) },
        "isdecimal": consists { $0.properties.numericType == .decimal },
        "isnumeric": consists { $0.properties.numericType != nil },
        "isalnum": consists {
            $0.properties.generalCategory.isLetter || $0.properties.numericType != nil
        },
        "isspace": consists(of: \.isPythonSpace),
        "isascii": { _, text, _ in .bool(text.utf8.allSatisfy { $0 < 0x80 }) },
        "islower": { _, text, _ in .bool(text.string.hasOnlyCase(\.isLowercase)) },
        "isupper": { _, text, _ in .bool(text.string.hasOnlyCase(\.isUppercase)) },
        "istitle": { _, text, _ in
            .bool(
                text.unicodeScalars.contains(where: \.properties.isCased)
                    && text.string.pythonTitle.utf8.elementsEqual(text.utf8))
        },
    ]

    /// Whether there are characters and all are of this kind.
    private static func consists(
        of isMember: @escaping @Sendable (Unicode.Scalar) -> Bool
    ) -> TextMethod {
        { _, text, _ in .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(isMember)) }
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isLetter: Bool {
        switch self {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }
}

extension String {
    fileprivate func hasOnlyCase(_ hasCase: KeyPath<Unicode.Scalar.Properties, Bool>) -> Bool {
        let cased = unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy { $0.properties[keyPath: hasCase] }
    }

    fileprivate var caseSwapped: String {
        unicodeScalars.map {
            $0.properties.isUppercase
                ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
        }.joined()
    }

    fileprivate func expandingTabs(to size: Int) -> String {
        var result = String.UnicodeScalarView()
        var column = 0
        for scalar in unicodeScalars {
            switch scalar {
            case "\t":
                let blanks = size > 0 ? size - column % size : 0
                result.append(contentsOf: repeatElement(" ", count: blanks))
                column += blanks
            case "\n", "\r":
                result.append(scalar)
                column = 0
            default:
                result.append(scalar)
                column += 1
            }
        }
        return String(result)
    }
}
