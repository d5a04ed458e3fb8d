/// A model's vocabulary: the exact bytes that every token writes, and what is special about some.
package struct Vocabulary: Sendable, Equatable {
    /// Token i writes `bytes[offsets[i] ..< offsets[i + 1]]`.
    package let bytes: [UInt8]
    package let offsets: [UInt32]
    package let attributes: [TokenAttributes]
    package let bos, eos, eot, pad: Int32?
    /// Whether a text's first token begins with a space that is not its own.
    package let spacePrefix: Bool

    package var count: Int { attributes.count }

    /// - Parameter offsets: `[attributes.count + 1]`, rising from 0 to `bytes.count`.
    package init(
        bytes: [UInt8], offsets: [UInt32], attributes: [TokenAttributes], bos: Int32? = nil,
        eos: Int32? = nil, eot: Int32? = nil, pad: Int32? = nil, spacePrefix: Bool = false
    ) {
        precondition(offsets.count == attributes.count + 1)
        self.bytes = bytes
        self.offsets = offsets
        self.attributes = attributes
        self.bos = bos
        self.eos = eos
        self.eot = eot
        self.pad = pad
        self.spacePrefix = spacePrefix
    }

    /// The bytes that a token writes, perhaps a part of a UTF-8 character; empty for an unknown id.
    package func piece(_ id: Int32) -> ArraySlice<UInt8> {
        guard id >= 0, id < count else { return [] }
        return bytes[Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])]
    }

    /// Tokens that no text of a request may become: this includes shown tokens that end
    /// generations, and those that a plugin names without an attribute.
    package var controlTokens: Set<Int32> {
        let named = [bos, eos, eot, pad].compactMap { $0 }
        let control = attributes.indices.filter {
            !attributes[$0].isDisjoint(with: [.control, .end])
        }
        return Set(named + control.map { Int32($0) })
    }

    /// What is special about a token; nothing for an unknown id.
    package func attributes(of id: Int32) -> TokenAttributes {
        id >= 0 && id < count ? attributes[Int(id)] : []
    }
}

// MARK: - Checks

extension Vocabulary {
    /// Offsets rise from 0 to the number of bytes, of which there are at most a gibibyte.
    static func check(offsets: [UInt32], bytesAreNull: Bool) throws {
        var before: UInt32 = 0
        for (index, offset) in offsets.enumerated() {
            guard offset >= before, offset <= 1 << 30, index > 0 || offset == 0 else {
                throw broken(
                    "offset[\(index)] is \(offset) after \(before); offsets must rise from 0 to "
                        + "at most \(1 << 30)")
            }
            before = offset
        }
        if before > 0, bytesAreNull { throw broken("bytes is null") }
    }

    /// The id of a special token, nil for none.
    static func special(_ id: Int32, _ name: String, below count: Int) throws -> Int32? {
        guard id >= ABI.noToken, id < count else {
            throw broken("\(name) is \(id), expected \(ABI.noToken) to \(count - 1)")
        }
        return id == ABI.noToken ? nil : id
    }

    /// Logits may be padded beyond the vocabulary, never the other way round.
    func check(against capabilities: DecodeCapabilities) throws {
        guard count > capabilities.vocabularySize else { return }
        throw Self.broken(
            "\(count) tokens, but only \(capabilities.vocabularySize) logits per row")
    }

    private static func broken(_ reason: String) -> ModelFailure {
        .broken(step: CallStep.vocabulary.name, reason: reason)
    }
}
