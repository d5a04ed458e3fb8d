/// A model file of SentencePiece, `spiece.model`: the pieces, and how text was normalized for training.
struct SentencePieceFile {
    enum Kind: Int32 {
        case unigram = 1
        case bpe, word, char
    }

    private(set) var kind = Kind.unigram
    private(set) var spellings = ByteStrings()
    private(set) var scores: [Float] = []
    private(set) var kinds: [TokenList.Kind] = []

    // normalizer_spec
    private(set) var characterMap: [UInt8] = []
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraSpaces = true
    private(set) var escapesSpaces = true

    // trainer_spec
    private(set) var spaceIsSuffix = false
    private(set) var hasByteFallback = false

    /// - Throws: ``TokenizerError`` if it is not such a file, or has no unknown token.
    init(_ bytes: [UInt8]) throws {
        try ProtobufReader(bytes).forEachField { number, value in
            guard let range = value.range else { return }
            switch number {
            case 1: try readPiece(ProtobufReader(bytes, range), of: bytes)
            case 2: try readTrainer(ProtobufReader(bytes, range))
            case 3: try readNormalizer(ProtobufReader(bytes, range), of: bytes)
            default: break
            }
        }
        guard kinds.count(where: { $0 == .unknown }) == 1 else {
            throw TokenizerError.invalid(
                key: "pieces",
                found: "\(kinds.count) with \(kinds.count { $0 == .unknown }) unknown",
                expected: "one unknown piece")
        }
    }

    private mutating func readPiece(_ message: ProtobufReader, of file: [UInt8]) throws {
        let id = spellings.count
        _ = try TokenID.checked(id, key: "pieces")
        var (spelling, score, type): (Range<Int>, Float, Int32) = (0..<0, 0, 1)
        try message.forEachField { number, value in
            switch number {
            case 1: spelling = value.range ?? spelling
            case 2: score = value.float ?? score
            case 3: type = value.int32 ?? type
            default: break
            }
        }
        guard let kind = TokenList.Kind(rawValue: type) else {
            throw TokenizerError.invalid(
                key: "pieces[\(id)].type", found: "\(type)", expected: "1 to 6")
        }
        guard !spelling.isEmpty, !score.isNaN else {
            throw TokenizerError.invalid(
                key: "pieces[\(id)]", found: spelling.isEmpty ? "empty" : "without a score",
                expected: "a piece and its score")
        }
        spellings.append(file[spelling])
        scores.append(score)
        kinds.append(kind)
    }

    private mutating func readTrainer(_ message: ProtobufReader) throws {
        try message.forEachField { number, value in
            switch number {
            case 3:
                guard let known = value.int32.flatMap(Kind.init) else {
                    throw TokenizerError.invalid(
                        key: "trainer_spec.model_type", found: "\(value)", expected: "1 to 4")
                }
                kind = known
            case 24: spaceIsSuffix = value.bool
            case 35: hasByteFallback = value.bool
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ProtobufReader, of file: [UInt8]) throws {
        try message.forEachField { number, value in
            switch number {
            case 2: characterMap = value.range.map { Array(file[$0]) } ?? []
            case 3: addsDummyPrefix = value.bool
            case 4: removesExtraSpaces = value.bool
            case 5: escapesSpaces = value.bool
            default: break
            }
        }
    }
}
