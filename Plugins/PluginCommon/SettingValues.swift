public import TensorRuntime
public import Tokenizers

/// `cache_type` of a model's settings: how keys and values are stored.
public enum CacheType: String, NamedValue, Sendable {
    case f16
    case bf16
    /// Eight bits, and a scale for 32 numbers.
    case q8_0
    case f32

    public var element: ElementType {
        switch self {
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .f32: .f32
        }
    }
}

/// `precision` of a model's settings: what weights of F32, F16 and BF16 are rounded to.
public enum RoundedTo: String, NamedValue, Sendable {
    case f32
    case bf16
    case int8

    public var precision: Precision {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }
}

/// `pre_tokenizer` of a model's settings: how words are split, overriding what a GGUF file names.
public struct PreTokenizerName: Decodable, Sendable {
    public let name: String

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let known = GGUFVocabulary.preTokenizers
        guard let name = try? container.decode(String.self), known.contains(name) else {
            throw UnexpectedValue.error(
                expected: "one of \(known.joined(separator: ", "))", at: decoder)
        }
        self.name = name
    }
}

extension GGUFVocabulary {
    /// The metadata of the file at `path`, overridden by the model's settings.
    ///
    /// - Throws: `TokenizerError` with the path.
    public init(
        _ metadata: some GGUFKeys, of path: String, preTokenizer: PreTokenizerName?
    ) throws {
        try self = Self.naming(path) {
            var vocabulary = try Self(metadata)
            if let preTokenizer { vocabulary.pre = preTokenizer.name }
            if preTokenizer == nil { try Self.checkPreTokenizer(metadata) }
            return vocabulary
        }
    }

    /// Whether words are cut in a way that is known, without reading the vocabulary.
    ///
    /// - Throws: as `init`.
    public static func check(
        _ metadata: some GGUFKeys, of path: String, preTokenizer: PreTokenizerName?
    ) throws {
        guard preTokenizer == nil else { return }
        try naming(path) { try checkPreTokenizer(metadata) }
    }

    private static func naming<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as TokenizerError {
            throw TokenizerError.file(path, error)
        }
    }
}

/// The runtime reads a file's metadata, and the tokenizers ask for it: neither knows the other.
extension GGUFMetadata: @retroactive GGUFKeys {}
