import Glibc

extension Double {
    /// The number as C's `printf` writes it with that conversion (`f`, `e`, `g`).
    func formatted(_ conversion: String, _ precision: Int) -> String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        let arguments: [any CVarArg] = [Int32(clamping: precision), self]
        return withVaList(arguments) { list in
            var buffer = [CChar](repeating: 0, count: 512 + precision)
            let count = vsnprintf(&buffer, buffer.count, "%.*" + conversion, list)
            return String(
                decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }

    /// Python's `round(number, decimals)`: correctly rounded, halves to the even neighbour.
    func rounded(toDecimals decimals: Int) -> Double {
        if decimals == 0 { return rounded(.toNearestOrEven) }
        if decimals > 0 { return Double(formatted("f", decimals)) ?? self }
        let unit = Double("1e\(-decimals)") ?? 1
        return (self / unit).rounded(.toNearestOrEven) * unit
    }
}

extension String {
    /// Python's `int(text, base)`: blanks around and underscores between digits are allowed.
    func pythonInteger(base: Int) -> Int? {
        var digits = strippedLeft().strippedRight().lowercased()
        guard !digits.hasPrefix("_"), !digits.hasSuffix("_") else { return nil }
        digits.removeAll { $0 == "_" }
        let prefixes = [16: "0x", 8: "0o", 2: "0b"]
        if let prefix = prefixes[base], digits.hasPrefix(prefix) { digits.removeFirst(2) }
        guard 2...36 ~= base else { return nil }
        return Int(digits, radix: base)
    }

    /// Python's `float(text)`.
    var pythonFloat: Double? {
        let text = strippedLeft().strippedRight().lowercased()
        let isHexadecimal = text.utf8.contains(UInt8(ascii: "x"))
        return isHexadecimal || text.hasPrefix("nan(") ? nil : Double(text)
    }
}
