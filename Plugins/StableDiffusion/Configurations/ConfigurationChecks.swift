/// Checks that the configurations of all networks share.
enum ConfigurationChecks {
    /// Larger than any published model; products of sizes stay far from overflow.
    static let largest = 1 << 20

    static func size(_ key: String, _ size: Int) throws {
        guard (1...largest).contains(size) else {
            throw StableDiffusionError.range(
                key, found: "\(size)", expected: "1 to \(largest)")
        }
    }

    static func sizes(_ sizes: KeyValuePairs<String, Int>) throws {
        for (key, size) in sizes { try self.size(key, size) }
    }

    static func divides(
        _ divisor: Int, _ divisorKey: String, _ number: Int, _ key: String
    ) throws {
        guard number.isMultiple(of: divisor) else {
            throw StableDiffusionError.range(
                key, found: "\(number)", expected: "a multiple of \(divisor), the \(divisorKey)")
        }
    }

    static func positive(_ numbers: KeyValuePairs<String, Float>) throws {
        for (key, number) in numbers where !(number > 0 && number.isFinite) {
            throw StableDiffusionError.range(
                key, found: "\(number)", expected: "a positive number")
        }
    }

    /// - Parameter value: nil where the file does not say, which is as expected.
    static func expect(_ key: String, _ value: String?, _ expected: String) throws {
        if let value, value != expected {
            throw StableDiffusionError.unsupported(key, found: value, expected: expected)
        }
    }
}
