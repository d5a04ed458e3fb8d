import JSON

extension Jinja {
    /// How one value is laid out: `{:>8.2f}` or `%-8.2f`.
    struct FormatSpec {
        var fill: Unicode.Scalar = " "
        /// `<`, `>`, `^`, or `=` for zeros between sign and digits; nil for the type's default.
        var alignment: Unicode.Scalar?
        /// `+` or a blank: the sign of numbers that are not negative.
        var sign: Unicode.Scalar?
        var isAlternate = false
        var groups: Unicode.Scalar?
        var width = 0
        var precision: Int?
        var type: Unicode.Scalar?
        /// The origin of the specification, and so of its fill, signs and zeros.
        let origin: Text.Origin

        /// Widths beyond this are refused.
        private static let widest = 10_000

        /// Reads digits from the front; nil without any.
        static func digits(_ text: inout Substring.UnicodeScalarView) throws -> Int? {
            let digits = text.prefix { "0"..."9" ~= $0 }
            guard !digits.isEmpty else { return nil }
            text.removeFirst(digits.count)
            guard let number = Int(String(digits)), number <= widest else {
                throw Failure("a format is wider than \(widest) characters")
            }
            return number
        }
    }
}

extension Jinja.FormatSpec {
    /// Reads the specification of `str.format`: `[[fill]align][sign][#][0][width][,][.precision][type]`.
    init(_ text: String, _ origin: Jinja.Text.Origin) throws {
        self.origin = origin
        var rest = Substring(text).unicodeScalars
        let alignments: [Unicode.Scalar] = ["<", ">", "^", "="]
        if let second = rest.dropFirst().first, alignments.contains(second) {
            fill = rest.removeFirst()
            alignment = rest.removeFirst()
        } else if let first = rest.first, alignments.contains(first) {
            alignment = rest.removeFirst()
        }
        if let first = rest.first, ["+", "-", " "].contains(first) { sign = rest.removeFirst() }
        if sign == "-" { sign = nil }
        if rest.first == "#" { isAlternate = rest.popFirst() != nil }
        if rest.first == "0", alignment == nil { (fill, alignment) = ("0", "=") }
        width = try Self.digits(&rest) ?? 0
        if rest.first == "," || rest.first == "_" { groups = rest.removeFirst() }
        if rest.first == "." {
            rest.removeFirst()
            precision = try Self.digits(&rest)
        }
        type = rest.popFirst()
        guard rest.isEmpty else { throw Jinja.Failure("invalid format specifier '\(text)'") }
    }

    /// Reads the flags, width, precision and type after a `%`.
    init(
        percent rest: inout Substring.UnicodeScalarView, _ origin: Jinja.Text.Origin
    ) throws {
        self.origin = origin
        while let flag = rest.first, "-+ 0#".unicodeScalars.contains(flag) {
            rest.removeFirst()
            switch flag {
            case "-": alignment = "<"
            case "0": if alignment == nil { (fill, alignment) = ("0", "=") }
            case "#": isAlternate = true
            default: sign = flag
            }
        }
        if alignment == "<" { fill = " " }
        width = try Self.digits(&rest) ?? 0
        if rest.first == "." {
            rest.removeFirst()
            precision = try Self.digits(&rest) ?? 0
        }
        while let size = rest.first, "hlL".unicodeScalars.contains(size) { rest.removeFirst() }
        guard let type = rest.popFirst() else { throw Jinja.Failure("incomplete format") }
        self.type = type
    }

    // MARK: - Laying out

    func text(_ text: Jinja.Text) -> Jinja.Text {
        if width == 0, precision == nil { return text }
        let cut = precision.map { String(text.unicodeScalars.prefix($0)) } ?? text.string
        return Jinja.Text(
            padded("", cut, standard: "<"), Jinja.Text.derivedOrigin([text.origin, origin]))
    }

    func integer(_ value: Int) throws -> Jinja.Text {
        let magnitude = value.magnitude
        let (prefix, digits): (String, String) =
            switch type {
            case "x": ("0x", String(magnitude, radix: 16))
            case "X": ("0X", String(magnitude, radix: 16, uppercase: true))
            case "o": ("0o", String(magnitude, radix: 8))
            case "b": ("0b", String(magnitude, radix: 2))
            default: ("", String(magnitude))
            }
        let zeros = String(repeating: "0", count: max(0, (precision ?? 0) - digits.utf8.count))
        let written = padded(
            signText(value < 0) + (isAlternate ? prefix : ""), grouped(zeros + digits),
            standard: ">")
        return Jinja.Text(written, origin)
    }

    func float(_ value: Double) throws -> Jinja.Text {
        let magnitude = value.magnitude
        var digits: String
        switch type {
        case "f", "F": digits = magnitude.formatted("f", precision ?? 6)
        case "e", "E": digits = magnitude.formatted("e", precision ?? 6)
        case "g", "G": digits = magnitude.formatted("g", precision ?? 6)
        case "%": digits = (magnitude * 100).formatted("f", precision ?? 6) + "%"
        default:
            digits = precision.map { magnitude.formatted("g", $0) } ?? magnitude.pythonDescription
        }
        if type == "E" || type == "G" { digits = digits.uppercased() }
        let written = padded(signText(value.sign == .minus), grouped(digits), standard: ">")
        return Jinja.Text(written, origin)
    }

    private func signText(_ isNegative: Bool) -> String {
        isNegative ? "-" : sign.map { String($0) } ?? ""
    }

    /// Separators between each three digits of the whole part.
    private func grouped(_ digits: String) -> String {
        guard let groups else { return digits }
        let whole = digits.prefix { $0.isNumber }
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { result.unicodeScalars.append(groups) }
            result.append(digit)
        }
        return result + digits.dropFirst(whole.count)
    }

    private func padded(_ sign: String, _ body: String, standard: Unicode.Scalar) -> String {
        let missing = width - sign.unicodeScalars.count - body.unicodeScalars.count
        guard missing > 0 else { return sign + body }
        func filled(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        switch alignment ?? standard {
        case "<": return sign + body + filled(missing)
        case "^": return filled(missing / 2) + sign + body + filled(missing - missing / 2)
        case "=": return sign + filled(missing) + body
        default: return filled(missing) + sign + body
        }
    }
}
