/// All tokens of a tokenizer by id, before they become a model and a vocabulary.
struct TokenList {
    /// What a token is; the numbers are those of GGUF and of SentencePiece.
    enum Kind: Int32, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// As the file spells them; empty for an id without a token.
    private(set) var spellings: ByteStrings
    private(set) var kinds: [Kind]
    /// Whether the model itself produces the token; added tokens are found in the text.
    private(set) var isOfModel: [Bool]
    /// Tokens that text never becomes in the model, although it may spell them.
    private(set) var withheld: Set<Int32> = []

    var count: Int { kinds.count }

    /// Tokens in the order of their ids.
    init(_ spellings: ByteStrings, kinds: [Kind]) {
        self.spellings = spellings
        self.kinds = kinds
        isOfModel = kinds.map { $0 == .normal || $0 == .byte }
    }

    /// Tokens in any order, and added tokens, which may be among them.
    ///
    /// - Throws: where two tokens share an id, or one token has two.
    init(_ tokens: ByteStrings, ids: [Int], added: [AddedToken]) throws {
        let modelIDs = try ids.map { try TokenID.checked($0, key: "model.vocab") }
        let highest = max(modelIDs.max() ?? -1, added.map(\.id).max() ?? -1)
        var places = [Int32](repeating: -1, count: Int(highest) + 1)
        for (place, id) in modelIDs.enumerated() {
            guard places[Int(id)] < 0 else {
                throw TokenizerError.idTaken(
                    id: Int(id), by: tokens.text(Int(places[Int(id)])), and: tokens.text(place))
            }
            places[Int(id)] = Int32(place)
        }
        isOfModel = places.map { $0 >= 0 }
        kinds = isOfModel.map { $0 ? .normal : .unused }
        var all = tokens
        for token in added { try Self.add(token, to: &all, &places, &kinds) }
        spellings = ByteStrings()
        spellings.reserveCapacity(places.count, bytes: all.bytes.count)
        for place in places {
            if place >= 0 { spellings.appendPart(all[Int(place)]) }
            spellings.endString()
        }
    }

    private static func add(
        _ token: AddedToken, to all: inout ByteStrings, _ places: inout [Int32],
        _ kinds: inout [Kind]
    ) throws {
        let id = Int(token.id)
        if places[id] < 0 {
            places[id] = Int32(all.count)
            all.append(token.content)
        } else if !all[Int(places[id])].elementsEqual(token.content) {
            throw TokenizerError.idTaken(
                id: id, by: all.text(Int(places[id])),
                and: String(decoding: token.content, as: UTF8.self))
        }
        kinds[id] = token.special ? .control : .userDefined
    }

    /// Marks ids whose spelling is `<0xAB>` as byte tokens.
    mutating func markBytes() {
        for id in 0..<count where kinds[id] == .normal && Self.byte(spellings[id]) != nil {
            kinds[id] = .byte
        }
    }

    /// Marks `ids` as tokens that control the model.
    mutating func markControl(_ ids: some Sequence<Int32>) {
        for id in ids {
            kinds[Int(id)] = .control
            isOfModel[Int(id)] = false
        }
    }

    /// The same tokens for a model that never turns text into control tokens or `others`, even if
    /// the text spells them. A single symbol stays: text has no other token for it.
    ///
    /// - Parameter byteLevel: whether bytes are the symbols, otherwise characters.
    func withholding(_ others: Set<Int32>, byteLevel: Bool = false) -> TokenList {
        var copy = self
        let control = kinds.indices.filter { kinds[$0] == .control || kinds[$0] == .unknown }
        for id in control + others.map(Int.init) where !isSymbol(id, byteLevel) {
            copy.isOfModel[id] = false
            copy.withheld.insert(Int32(id))
        }
        return copy
    }

    /// Tokens that are withheld and not `added`: a caller that parses control tokens still finds
    /// them.
    func withheld(_ ids: Set<Int32>, besides added: [AddedToken]) throws -> [AddedToken] {
        try ids.intersection(withheld).subtracting(added.map(\.id)).sorted().map { id in
            let token = AddedToken(id: id, content: Array(spellings[Int(id)]), special: true)
            try token.checkLength("the token of id \(id)")
            return token
        }
    }

    /// Whether text becomes this token, if only normal tokens are made from text.
    func isPiece(_ id: Int) -> Bool { kinds[id] == .normal && isOfModel[id] }

    private func isSymbol(_ id: Int, _ byteLevel: Bool) -> Bool {
        let spelling = spellings[id]
        return spelling.count == 1
            || !byteLevel && !spelling.isEmpty
                && UTF8Runs.endOfCharacter(in: spelling.span, at: 0) == spelling.count
    }

    /// The token with this spelling; the last one if there are several.
    func find(_ name: String) -> Int32? {
        let name = Array(name.utf8)
        guard !name.isEmpty else { return nil }
        return kinds.indices.last {
            spellings.range($0).count == name.count && spellings[$0].elementsEqual(name)
        }.map { Int32($0) }
    }

    /// The id of every byte token, -1 if there is not one.
    var byteIDs: [Int32] {
        var ids = BPEAlphabet.noBytes
        for id in 0..<count where kinds[id] == .byte {
            if let byte = Self.byte(spellings[id]) { ids[Int(byte)] = Int32(id) }
        }
        return ids
    }

    /// The byte that `<0xAB>` spells.
    static func byte(_ spelling: ArraySlice<UInt8>) -> UInt8? {
        guard spelling.count == 6, spelling.starts(with: "<0x".utf8),
            spelling.last == UInt8(ascii: ">")
        else { return nil }
        return UInt8(String(decoding: spelling.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
    }

    /// Respells the model's tokens as the bytes they stand for. Those outside the byte alphabet can
    /// never result from byte-level text, and are removed from the model.
    mutating func spellAsBytes() {
        let old = spellings
        spellings = ByteStrings()
        spellings.reserveCapacity(count, bytes: old.bytes.count)
        for id in 0..<count {
            let own = old.bytes.span.extracting(old.range(id))
            isOfModel[id] = isOfModel[id] && ByteAlphabet.append(own, to: &spellings)
            if !isOfModel[id] { spellings.append(own) }
        }
    }
}
