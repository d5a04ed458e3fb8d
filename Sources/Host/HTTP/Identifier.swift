/// Random names of requests and completions.
enum Identifier {
    /// `prefix` and 24 hexadecimal digits.
    static func random(prefix: String) -> String {
        let digits = (0..<2).map { _ in
            let part = String(UInt64.random(in: 0..<1 << 48), radix: 16)
            return String(repeating: "0", count: 12 - part.count) + part
        }
        return prefix + digits.joined()
    }
}
