import TensorRuntime
import Tokenizers

extension HeadConfiguration {
    /// What a GGUF file says about the head: a file that ranks has a classifier, and so has one that
    /// names labels. Older ones have nothing but its tensors.
    ///
    /// - Throws: `BertError.unsupported` for a decoder.
    init(_ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]) throws {
        let architecture = try metadata.string("general.architecture")
        if try metadata.bool(ifPresent: "\(architecture).attention.causal") == true {
            throw BertError.unsupported(
                "\(architecture).attention.causal", found: "true", expected: "false")
        }
        let labels = try metadata.strings(ifPresent: "\(architecture).classifier.output_labels")
        modelType = architecture
        let outputs = tensors["cls.output.weight"]?.shape.first
        guard try PoolingType(metadata) == .rank || labels != nil || outputs != nil else { return }
        architectures = ["ForSequenceClassification"]
        numLabels = outputs ?? 1
        id2label = labels.map { labels in
            Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", $1) })
        }
    }
}

extension SentenceLayout {
    init(_ metadata: GGUFMetadata) throws {
        self.init()
        pooling = try PoolingType(metadata)?.pooling
    }
}

/// `*.pooling_type` of GGUF files.
private enum PoolingType: Int {
    case none = 0
    case mean = 1
    case cls = 2
    case last = 3
    /// A classifier on top.
    case rank = 4

    /// - Returns: nil where the file does not say.
    init?(_ metadata: GGUFMetadata) throws {
        let key = "\(try metadata.string("general.architecture")).pooling_type"
        guard let number = try metadata.int(ifPresent: key) else { return nil }
        guard let type = Self(rawValue: number) else {
            throw BertError.unsupported(
                key, found: "\(number)", expected: "0 (none) to 4 (rank)")
        }
        self = type
    }

    var pooling: Pooling? {
        switch self {
        case .none, .rank: nil
        case .mean: .mean
        case .cls: .cls
        case .last: .last
        }
    }
}

extension GGUFMetadata {
    /// The vocabulary as the tokenizer wants it.
    var vocabulary: GGUFVocabulary {
        get throws {
            var vocabulary = GGUFVocabulary(
                model: try string("tokenizer.ggml.model"),
                tokens: ByteStrings(try byteStrings("tokenizer.ggml.tokens")))
            vocabulary.pre = try string(ifPresent: "tokenizer.ggml.pre")
            vocabulary.scores = try floats(ifPresent: "tokenizer.ggml.scores")
            vocabulary.types = try ints(ifPresent: "tokenizer.ggml.token_type")?
                .map { Int32(truncatingIfNeeded: $0) }
            vocabulary.merges = try byteStrings(ifPresent: "tokenizer.ggml.merges")
                .map { ByteStrings($0) }
            vocabulary.bos = try id("bos")
            vocabulary.eos = try id("eos")
            vocabulary.unknown = try id("unknown")
            vocabulary.pad = try id("padding")
            vocabulary.cls = try id("cls")
            vocabulary.separator = try id("seperator")
            vocabulary.mask = try id("mask")
            vocabulary.addBOS = try bool(ifPresent: "tokenizer.ggml.add_bos_token")
            vocabulary.addEOS = try bool(ifPresent: "tokenizer.ggml.add_eos_token")
            vocabulary.addSeparator = try bool(ifPresent: "tokenizer.ggml.add_sep_token")
            vocabulary.addSpacePrefix = try bool(ifPresent: "tokenizer.ggml.add_space_prefix")
            try readNormalizer(&vocabulary)
            return vocabulary
        }
    }

    private func readNormalizer(_ vocabulary: inout GGUFVocabulary) throws {
        vocabulary.removeExtraSpaces = try bool(
            ifPresent: "tokenizer.ggml.remove_extra_whitespaces")
        vocabulary.lowercases = try bool(ifPresent: "tokenizer.ggml.normalizer.lowercase")
        vocabulary.stripsAccents = try bool(ifPresent: "tokenizer.ggml.normalizer.strip_accents")
        vocabulary.characterMap = try ints(ifPresent: "tokenizer.ggml.precompiled_charsmap")?
            .map { UInt8(truncatingIfNeeded: $0) }
    }

    private func id(_ name: String) throws -> Int? {
        try int(ifPresent: "tokenizer.ggml.\(name)_token_id")
    }
}
