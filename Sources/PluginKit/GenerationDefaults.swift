/// The author's recommended generation parameters, with the names of transformers'
/// `GenerationConfig`. Lengths are in tokens of the decoder.
public struct GenerationDefaults: Sendable, Equatable {
    /// When a beam search ends.
    public enum EarlyStopping: Sendable, Equatable {
        /// As soon as there are as many finished beams as requested.
        case yes
        /// When a better one is unlikely.
        case no
        /// When no better one is possible.
        case never
    }

    /// The decoder's start token included.
    public var maxLength: Int?
    /// The decoder's start token included.
    public var minLength: Int?
    public var maxNewTokens: Int?
    public var minNewTokens: Int?
    public var numBeams: Int?
    /// The power of its length that a beam's score is divided by.
    public var lengthPenalty: Double?
    public var earlyStopping: EarlyStopping?
    /// Runs of this many tokens occur only once.
    public var noRepeatNgramSize: Int?
    public var repetitionPenalty: Double?
    /// The token after the decoder's start token.
    public var forcedBOSTokenID: Int32?
    /// The token at the last place that the length allows.
    public var forcedEOSTokenID: Int32?

    public init() {}

    public var isEmpty: Bool { self == GenerationDefaults() }

    /// These parameters, with `weaker` ones for those that are missing.
    public func merging(_ weaker: GenerationDefaults) -> GenerationDefaults {
        var merged = self
        merged.maxLength = maxLength ?? weaker.maxLength
        merged.minLength = minLength ?? weaker.minLength
        merged.maxNewTokens = maxNewTokens ?? weaker.maxNewTokens
        merged.minNewTokens = minNewTokens ?? weaker.minNewTokens
        merged.numBeams = numBeams ?? weaker.numBeams
        merged.lengthPenalty = lengthPenalty ?? weaker.lengthPenalty
        merged.earlyStopping = earlyStopping ?? weaker.earlyStopping
        merged.noRepeatNgramSize = noRepeatNgramSize ?? weaker.noRepeatNgramSize
        merged.repetitionPenalty = repetitionPenalty ?? weaker.repetitionPenalty
        merged.forcedBOSTokenID = forcedBOSTokenID ?? weaker.forcedBOSTokenID
        merged.forcedEOSTokenID = forcedEOSTokenID ?? weaker.forcedEOSTokenID
        return merged
    }
}

// MARK: - Reading

extension GenerationDefaults: Decodable {
    private enum CodingKeys: String, CodingKey {
        case maxLength = "max_length"
        case minLength = "min_length"
        case maxNewTokens = "max_new_tokens"
        case minNewTokens = "min_new_tokens"
        case numBeams = "num_beams"
        case lengthPenalty = "length_penalty"
        case earlyStopping = "early_stopping"
        case noRepeatNgramSize = "no_repeat_ngram_size"
        case repetitionPenalty = "repetition_penalty"
        case forcedBOSTokenID = "forced_bos_token_id"
        case forcedEOSTokenID = "forced_eos_token_id"
    }

    /// Reads transformers' names, ignoring other keys.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        maxLength = try values.decodeIfPresent(Int.self, forKey: .maxLength)
        minLength = try values.decodeIfPresent(Int.self, forKey: .minLength)
        maxNewTokens = try values.decodeIfPresent(Int.self, forKey: .maxNewTokens)
        minNewTokens = try values.decodeIfPresent(Int.self, forKey: .minNewTokens)
        numBeams = try values.decodeIfPresent(Int.self, forKey: .numBeams)
        lengthPenalty = try values.decodeIfPresent(Double.self, forKey: .lengthPenalty)
        earlyStopping = try values.decodeIfPresent(EarlyStopping.self, forKey: .earlyStopping)
        noRepeatNgramSize = try values.decodeIfPresent(Int.self, forKey: .noRepeatNgramSize)
        repetitionPenalty = try values.decodeIfPresent(Double.self, forKey: .repetitionPenalty)
        forcedBOSTokenID = try values.decodeIfPresent(Int32.self, forKey: .forcedBOSTokenID)
        forcedEOSTokenID = try Self.firstToken(values, .forcedEOSTokenID)
    }

    /// A token, or the first of a list: forced, all of a list are as likely, and the first is taken.
    private static func firstToken(
        _ values: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys
    ) throws -> Int32? {
        if let tokens = try? values.decodeIfPresent([Int32].self, forKey: key) {
            return tokens.first
        }
        return try values.decodeIfPresent(Int32.self, forKey: key)
    }
}

extension GenerationDefaults.EarlyStopping: Decodable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let stops = try? value.decode(Bool.self) {
            self = stops ? .yes : .no
        } else if try value.decode(String.self) == "never" {
            self = .never
        } else {
            throw DecodingError.dataCorruptedError(
                in: value, debugDescription: "expected true, false or \"never\"")
        }
    }
}

// MARK: - Writing

extension GenerationDefaults {
    /// The object `generation` of `info_json`.
    var json: String {
        var object = JSONObjectWriter()
        let numbers: KeyValuePairs<CodingKeys, Int?> = [
            .maxLength: maxLength, .minLength: minLength, .maxNewTokens: maxNewTokens,
            .minNewTokens: minNewTokens, .numBeams: numBeams,
            .noRepeatNgramSize: noRepeatNgramSize,
            .forcedBOSTokenID: forcedBOSTokenID.map(Int.init),
            .forcedEOSTokenID: forcedEOSTokenID.map(Int.init),
        ]
        for (key, number) in numbers { object.add(key.rawValue, number) }
        object.add(CodingKeys.lengthPenalty.rawValue, lengthPenalty)
        object.add(CodingKeys.repetitionPenalty.rawValue, repetitionPenalty)
        switch earlyStopping {
        case .yes: object.add(CodingKeys.earlyStopping.rawValue, true)
        case .no: object.add(CodingKeys.earlyStopping.rawValue, false)
        case .never: object.add(CodingKeys.earlyStopping.rawValue, "never")
        case nil: break
        }
        return object.text
    }
}
