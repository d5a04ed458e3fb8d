extension Jinja.Interpreter {
    static let textMethods: [String: TextMethod] =
        caseMethods.merging(searchMethods) { $1 }.merging(splitMethods) { $1 }
        .merging(paddingMethods) { $1 }.merging(kindMethods) { $1 }

    private static let caseMethods: [String: TextMethod] = [
        "upper": { _, text, _ in .string(text.uppercased()) },
        "lower": { _, text, _ in .string(text.lowercased()) },
        "casefold": { _, text, _ in .string(text.lowercased()) },
        "capitalize": { _, text, _ in .string(text.pythonCapitalized) },
        "title": { _, text, _ in .string(text.pythonTitle) },
        "swapcase": { _, text, _ in
            .string(
                text.unicodeScalars.map {
                    $0.properties.isUppercase
                        ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
                }.joined())
        },
        "strip": { interpreter, text, arguments in
            let strips = try interpreter.stripped(arguments, "strip")
            return .string(text.strippedLeft(strips).strippedRight(strips))
        },
        "lstrip": { interpreter, text, arguments in
            .string(text.strippedLeft(try interpreter.stripped(arguments, "lstrip")))
        },
        "rstrip": { interpreter, text, arguments in
            .string(text.strippedRight(try interpreter.stripped(arguments, "rstrip")))
        },
        "removeprefix": { interpreter, text, arguments in
            let prefix = try interpreter.string(arguments.exactly(1, for: "removeprefix")[0])
            return .string(
                text.starts(exactly: prefix) ? text.dropping(prefix.utf8.count, 0) : text)
        },
        "removesuffix": { interpreter, text, arguments in
            let suffix = try interpreter.string(arguments.exactly(1, for: "removesuffix")[0])
            return .string(text.ends(exactly: suffix) ? text.dropping(0, suffix.utf8.count) : text)
        },
        "format": { interpreter, text, arguments in
            .string(try interpreter.formatted(text, braces: arguments))
        },
        "join": { interpreter, text, arguments in
            let elements = try arguments.exactly(1, for: "join")[0].elements(interpreter.budget)
            let parts = try elements.map { try interpreter.string($0) }
            let length = parts.reduce(0) { $0 + $1.utf8.count + text.utf8.count }
            try interpreter.budget.spend(bytes: length)
            return .string(parts.joined(separator: text))
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
    func string(_ value: Value) throws -> String {
        switch value {
        case .string(let text): return text
        case .undefined(let problem): throw Failure(problem)
        default: throw Failure("a text was expected, found \(value.typeName)")
        }
    }

    // MARK: - Padding

    private static let paddingMethods: [String: TextMethod] = [
        "center": { interpreter, text, arguments in
            try interpreter.padded(text, arguments, "center") { missing, width in
                missing / 2 + (missing & width & 1)
            }
        },
        "ljust": { interpreter, text, arguments in
            try interpreter.padded(text, arguments, "ljust") { _, _ in 0 }
        },
        "rjust": { interpreter, text, arguments in
            try interpreter.padded(text, arguments, "rjust") { missing, _ in missing }
        },
        "zfill": { interpreter, text, arguments in
            let width = try arguments.exactly(1, for: "zfill")[0]
            let sign = text.utf8.first == .minus || text.utf8.first == .plus ? text.prefix(1) : ""
            let padded = try interpreter.padded(
                text, .init([width, .string("0")]), "zfill", left: { missing, _ in missing })
            guard !sign.isEmpty, case .string(let zeros) = padded,
                zeros.utf8.first != sign.utf8.first
            else { return padded }
            return .string(sign + zeros.dropping(0, text.utf8.count) + text.dropFirst())
        },
        "expandtabs": { interpreter, text, arguments in
            let size = try arguments.bound("expandtabs", "tabsize")[0]?.integer ?? 8
            try interpreter.budget.spend(bytes: text.utf8.count, times: max(1, size))
            return .string(text.expandingTabs(to: size))
        },
    ]

    /// The text filled up to a width; `left` says how many of the missing characters go before it.
    private func padded(
        _ text: String, _ arguments: Jinja.Arguments, _ name: String,
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
        return .string(
            String(repeating: fill, count: before) + text
                + String(repeating: fill, count: missing - before))
    }

    // MARK: - Kinds

    private static let kindMethods: [String: TextMethod] = [
        "isalpha": { _, text, _ in .bool(text.consists { $0.properties.generalCategory.isLetter })
        },
        "isdigit": { _, text, _ in
            .bool(
                text.consists {
                    $0.properties.numericType == .decimal || $0.properties.numericType == .digit
                })
        },
        "isdecimal": { _, text, _ in .bool(text.consists { $0.properties.numericType == .decimal })
        },
        "isnumeric": { _, text, _ in .bool(text.consists { $0.properties.numericType != nil }) },
        "isalnum": { _, text, _ in
            .bool(
                text.consists {
                    $0.properties.generalCategory.isLetter || $0.properties.numericType != nil
                })
        },
        "isspace": { _, text, _ in .bool(text.consists(of: \.isPythonSpace)) },
        "isascii": { _, text, _ in .bool(text.utf8.allSatisfy { $0 < 0x80 }) },
        "islower": { _, text, _ in .bool(text.hasOnlyCase(\.isLowercase)) },
        "isupper": { _, text, _ in .bool(text.hasOnlyCase(\.isUppercase)) },
        "istitle": { _, text, _ in
            .bool(
                text.unicodeScalars.contains(where: \.properties.isCased)
                    && text.pythonTitle.utf8.elementsEqual(text.utf8))
        },
    ]
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
    /// Whether there are characters and all are of this kind.
    fileprivate func consists(of isMember: (Unicode.Scalar) -> Bool) -> Bool {
        !isEmpty && unicodeScalars.allSatisfy(isMember)
    }

    fileprivate func hasOnlyCase(_ hasCase: KeyPath<Unicode.Scalar.Properties, Bool>) -> Bool {
        let cased = unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy { $0.properties[keyPath: hasCase] }
    }

    /// The text without so many bytes at its start and end.
    func dropping(_ start: Int, _ end: Int) -> String {
        utf8Slice(start..<utf8.count - end)
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
