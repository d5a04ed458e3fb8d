/// Quantities as people write them in a settings file.
enum Units {
    /// `"250ms"`, `"90s"`, `"10m"`, `"1.5h"`.
    static func duration(_ text: String) -> Duration? {
        let scales: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        guard let seconds = scaled(text, scales), seconds <= 1e9 else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// `"16MB"`, `"12GiB"`, or a number of bytes.
    static func bytes(_ text: String) -> UInt64? {
        let scales: [(String, Double)] = [
            ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40),
            ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
        ]
        guard let bytes = scaled(text, scales), bytes < 0x1p60 else { return nil }
        return UInt64(bytes)
    }

    private static func scaled(_ text: String, _ scales: [(unit: String, factor: Double)])
        -> Double?
    {
        for (unit, factor) in scales where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count).trimmed
            guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { continue }
            if let number = Double(digits) { return number * factor }
        }
        return nil
    }
}

extension StringProtocol {
    /// The text without blanks and line ends around it.
    var trimmed: String {
        let inner = drop(while: \.isWhitespace)
        guard let last = inner.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(inner[...last])
    }
}
