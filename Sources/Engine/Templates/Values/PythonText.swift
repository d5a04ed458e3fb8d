extension Unicode.Scalar {
    /// The white space of `str.isspace` and `str.strip`.
    var isPythonSpace: Bool { properties.isWhitespace || 0x1C...0x1F ~= value }

    /// Whether `repr` prints the character itself.
    fileprivate var isPrintable: Bool {
        if self == " " { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            return false
        default: return true
        }
    }

    fileprivate var escaped: String {
        let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(value, radix: 16)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }
}

/// Python's view of a text: code points, compared by value.
extension String {
    /// Python's `repr`: in single quotes, unless only those occur within.
    var pythonRepresentation: String {
        let quote: Unicode.Scalar =
            unicodeScalars.contains("'") && !unicodeScalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView([quote])
        for scalar in unicodeScalars {
            switch scalar {
            case quote, "\\": result.append(contentsOf: ["\\", scalar])
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isPrintable: result.append(scalar)
            default: result.append(contentsOf: scalar.escaped.unicodeScalars)
            }
        }
        result.append(quote)
        return String(result)
    }

    init(_ scalars: some Collection<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    // MARK: - Ends

    var leadingPythonSpace: Int {
        unicodeScalars.prefix(while: \.isPythonSpace).reduce(0) { $0 + UTF8.width($1) }
    }

    func strippedLeft(_ isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace) -> String {
        String(unicodeScalars.drop(while: isStripped))
    }

    func strippedRight(_ isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace) -> String {
        let scalars = unicodeScalars
        let kept = scalars.lastIndex { !isStripped($0) }.map { scalars.index(after: $0) }
        return String(scalars[..<(kept ?? scalars.startIndex)])
    }

    func starts(exactly prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    func ends(exactly suffix: String) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    // MARK: - Search

    func contains(exactly part: String) -> Bool { !ranges(of: part, atMost: 1).isEmpty }

    /// The occurrences of `part` in the UTF-8 of this text, from left to right without overlap, in
    /// linear time. An empty `part` occurs at the start.
    func ranges(of part: String, atMost limit: Int = .max) -> [Range<Int>] {
        if part.isEmpty { return limit > 0 ? [0..<0] : [] }
        return Self.ranges(of: Array(part.utf8), in: Array(utf8), limit)
    }

    /// The search of Knuth, Morris and Pratt.
    static func ranges(of part: [UInt8], in text: [UInt8], _ limit: Int) -> [Range<Int>] {
        let borders = borders(of: part)
        var result: [Range<Int>] = []
        var matched = 0
        for (offset, byte) in text.enumerated() {
            guard result.count < limit else { break }
            while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
            if part[matched] == byte { matched += 1 }
            if matched == part.count {
                result.append(offset + 1 - matched..<offset + 1)
                matched = 0
            }
        }
        return result
    }

    /// For each prefix the length of the longest proper prefix that also ends it.
    private static func borders(of part: [UInt8]) -> [Int] {
        var borders = [Int](repeating: 0, count: part.count)
        var length = 0
        for index in part.indices.dropFirst() {
            while length > 0, part[index] != part[length] { length = borders[length - 1] }
            if part[index] == part[length] { length += 1 }
            borders[index] = length
        }
        return borders
    }

    /// The text between these positions of its UTF-8, which are code point boundaries.
    func utf8Slice(_ range: Range<Int>) -> String {
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        let end = utf8.index(start, offsetBy: range.count)
        return String(self[start..<end])
    }

    // MARK: - Case

    var pythonCapitalized: String {
        guard let first = unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).lowercased()
    }

    /// Python's `str.title`: each run of cased letters starts with a capital.
    var pythonTitle: String {
        var result = ""
        var insideWord = false
        for scalar in unicodeScalars {
            result +=
                insideWord
                ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            insideWord = scalar.properties.isCased
        }
        return result
    }
}

extension Unicode.Scalar {
    var endsLine: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
