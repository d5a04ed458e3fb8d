public import TensorRuntime

/// Checks shared by the configurations of all networks.
public enum ConfigurationChecks {
    /// Larger than any published model; products of sizes stay far from overflow.
    public static let largest = 1 << 24

    public static func size(
        _ key: String, _ size: Int, from least: Int = 1, to most: Int = largest
    ) throws {
        guard size >= least, size <= most else {
            throw ConfigurationError.range(
                key, found: "\(size)", expected: "\(least) to \(most)")
        }
    }

    public static func sizes(
        _ sizes: KeyValuePairs<String, Int>, from least: Int = 1, to most: Int = largest
    ) throws {
        for (key, size) in sizes { try self.size(key, size, from: least, to: most) }
    }

    /// - Parameter divisorKey: where the divisor stands; nil for one that stands in no file.
    public static func divides(
        _ divisor: Int, _ divisorKey: String?, _ number: Int, _ key: String
    ) throws {
        guard divisor > 0, number.isMultiple(of: divisor) else {
            let place = divisorKey.map { ", the '\($0)'" } ?? ""
            throw ConfigurationError.range(
                key, found: "\(number)", expected: "a multiple of \(divisor)\(place)")
        }
    }

    /// Heads of rotated pairs.
    public static func rotaryHeads(_ heads: Int, of width: Int) throws {
        try divides(heads, "num_attention_heads", width, "hidden_size")
        guard (width / heads).isMultiple(of: 2) else {
            throw ConfigurationError.range(
                "num_attention_heads", found: "\(heads)",
                expected: "a number that leaves an even part of \(width)")
        }
    }

    public static func positive(_ numbers: KeyValuePairs<String, Float>) throws {
        for (key, number) in numbers where !(number > 0 && number.isFinite) {
            throw ConfigurationError.range(
                key, found: "\(number)", expected: "a positive number")
        }
    }

    /// - Parameter value: nil if the file does not say, which is as expected.
    public static func expect<T: Equatable & CustomStringConvertible>(
        _ key: String, _ value: T?, _ expected: T
    ) throws {
        if let value, value != expected {
            throw ConfigurationError.unsupported(
                key, found: value.description, expected: expected.description)
        }
    }

    /// The activation function that a configuration names.
    public static func activation(_ key: String, _ name: String) throws -> Activation {
        switch name {
        case "relu": return .relu
        case "gelu": return .gelu
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh": return .geluTanh
        case "silu", "swish": return .silu
        default:
            throw ConfigurationError.unsupported(
                key, found: name, expected: "relu, gelu, gelu_new, gelu_pytorch_tanh, silu")
        }
    }
}
