import JSON

/// A number as its decimal digits.
struct Decimal: Hashable {
    enum Order: Hashable {
        case less, equal, greater
    }

    var isNegative = false
    /// Without leading zeros, except for a single one.
    var whole: [UInt8]
    /// Without zeros at the end.
    var fraction: [UInt8]

    var isInteger: Bool { fraction.isEmpty }
    var isZero: Bool { whole == [0] && fraction.isEmpty }

    /// - Returns: nil for what is no number, and for one with more than 400 digits.
    init?(_ value: JSONValue) {
        let text: String
        switch value {
        case .integer(let number): text = "\(number)"
        case .number(let number) where number.isFinite: text = number.pythonDescription
        default: return nil
        }
        self.init(text)
    }

    private init?(_ text: String) {
        let parts = text.split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        guard abs(exponent) <= 400 else { return nil }
        let digits = parts[0].drop { $0 == "-" }.split(separator: ".")
        whole = digits[0].utf8.map { $0 - 0x30 }
        fraction = digits.count > 1 ? digits[1].utf8.map { $0 - 0x30 } : []
        isNegative = text.hasPrefix("-")
        for _ in 0..<max(exponent, 0) {
            whole.append(fraction.isEmpty ? 0 : fraction.removeFirst())
        }
        for _ in 0..<max(-exponent, 0) {
            fraction.insert(whole.isEmpty ? 0 : whole.removeLast(), at: 0)
        }
        while whole.count > 1, whole[0] == 0 { whole.removeFirst() }
        if whole.isEmpty { whole = [0] }
        while fraction.last == 0 { fraction.removeLast() }
        if isZero { isNegative = false }
    }

    var text: String {
        (isNegative ? "-" : "") + whole.map(String.init).joined()
            + (fraction.isEmpty ? "" : "." + fraction.map(String.init).joined())
    }
}
