import TensorRuntime

/// Checks that the configurations of all families share.
enum ConfigurationChecks {
    /// Larger than any published model; products of sizes stay far from overflow.
    static let largest = 1 << 24

    static func sizes(_ sizes: KeyValuePairs<String, Int>, to most: Int = largest) throws {
        for (key, size) in sizes where size < 1 || size > most {
            throw SummarizerError.range(key, found: "\(size)", expected: "1 to \(most)")
        }
    }

    static func positive(_ key: String, _ number: Float) throws {
        guard number > 0, number.isFinite else {
            throw SummarizerError.range(key, found: "\(number)", expected: "a positive number")
        }
    }

    static func heads(_ heads: Int, _ key: String, divide width: Int) throws {
        guard width.isMultiple(of: heads) else {
            throw SummarizerError.range(key, found: "\(heads)", expected: "a divisor of \(width)")
        }
    }

    /// - Parameter value: nil where the file does not say, which is as expected.
    static func expect(_ key: String, _ value: Bool?, _ expected: Bool) throws {
        if let value, value != expected {
            throw SummarizerError.unsupported(key, found: "\(value)", expected: "\(expected)")
        }
    }

    /// The function that a configuration names.
    static func activation(_ key: String, _ name: String) throws -> Activation {
        switch name {
        case "relu": return .relu
        case "gelu": return .gelu
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh": return .geluTanh
        case "silu", "swish": return .silu
        default:
            throw SummarizerError.unsupported(
                key, found: name, expected: "relu, gelu, gelu_new, gelu_pytorch_tanh, silu")
        }
    }
}
