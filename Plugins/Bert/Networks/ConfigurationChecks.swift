import TensorRuntime

/// Checks that the configurations of all families share.
enum ConfigurationChecks {
    /// Larger than any published model; products of sizes stay far from overflow.
    static let largest = 1 << 24

    static func sizes(_ sizes: KeyValuePairs<String, Int>, from least: Int = 1) throws {
        for (key, size) in sizes where size < least || size > largest {
            throw BertError.range(key, found: "\(size)", expected: "\(least) to \(largest)")
        }
    }

    static func heads(_ heads: Int, divide width: Int) throws {
        guard width.isMultiple(of: heads) else {
            throw BertError.range(
                "hidden_size", found: "\(width)", expected: "a multiple of \(heads)")
        }
    }

    /// Heads of rotated pairs.
    static func rotaryHeads(_ heads: Int, of width: Int) throws {
        try self.heads(heads, divide: width)
        guard (width / heads).isMultiple(of: 2) else {
            throw BertError.range(
                "num_attention_heads", found: "\(heads)",
                expected: "a number that leaves an even part of \(width)")
        }
    }

    static func positive(_ numbers: KeyValuePairs<String, Float>) throws {
        for (key, number) in numbers where !(number > 0 && number.isFinite) {
            throw BertError.range(key, found: "\(number)", expected: "a positive number")
        }
    }

    /// - Parameter value: nil where the file does not say, which is as expected.
    static func expect<T: Equatable & CustomStringConvertible>(
        _ key: String, _ value: T?, _ expected: T
    ) throws {
        if let value, value != expected {
            throw BertError.unsupported(
                key, found: value.description, expected: expected.description)
        }
    }

    /// The function that a configuration names.
    static func activation(_ key: String, _ name: String) throws -> Activation {
        switch name {
        case "gelu": return .gelu
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh": return .geluTanh
        case "relu": return .relu
        case "silu", "swish": return .silu
        default:
            throw BertError.unsupported(
                key, found: name, expected: "gelu, gelu_new, gelu_pytorch_tanh, relu, silu")
        }
    }
}
