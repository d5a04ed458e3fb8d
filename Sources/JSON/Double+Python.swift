extension Double {
    /// The number as Python's `repr` writes it: the shortest digits that read back as the same
    /// number, with an exponent below 1e-4 and from 1e16 on.
    package var pythonDescription: String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        let (digits, exponent) = shortestDigits
        let sign = self.sign == .minus ? "-" : ""
        guard -4..<16 ~= exponent else {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = abs(exponent)
            return sign + digits.prefix(1) + fraction
                + (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") + String(power)
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        let whole = exponent + 1
        if digits.count <= whole {
            return sign + digits + String(repeating: "0", count: whole - digits.count) + ".0"
        }
        return sign + digits.prefix(whole) + "." + digits.dropFirst(whole)
    }

    /// Significant digits without zeros at either end, and the power of ten of the first.
    private var shortestDigits: (digits: String, exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var exponent = mantissa[0].count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        var digits = Substring(mantissa[0] + fraction)
        while digits.count > 1, digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return digits == "0" ? ("0", 0) : (String(digits), exponent)
    }
}
