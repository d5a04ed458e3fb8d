/// Replaces characters that Unicode has only for compatibility with other character sets (UAX #15,
/// forms KC and KD, without the canonical form that follows): "ﬁ" becomes "fi", and "①" "1".
struct CompatibilityCharacters: ScalarNormalizer {
    /// The first character with a replacement.
    private static let first: UInt32 = 0xA0

    func rewrite(_ scalar: Unicode.Scalar) -> String? {
        scalar.value < Self.first ? nil : CompatibilityDecompositions.all[scalar]
    }
}

extension NormalizerSequence {
    /// - Parameter composes: form KC, composed, rather than KD.
    static func compatibilityForm(composes: Bool) -> NormalizerSequence {
        NormalizerSequence(steps: [CompatibilityCharacters(), CanonicalForm(composes: composes)])
    }
}

/// ``CompatibilityTable`` in searchable form.
struct CompatibilityDecompositions: Sendable {
    /// Read at the first use.
    static let all = CompatibilityDecompositions(CompatibilityTable.entries)

    /// In order.
    private var characters: [UInt32] = []
    /// Where in ``parts`` the characters' decompositions end.
    private var ends: [Int32] = []
    private var parts: [UInt32] = []

    subscript(_ scalar: Unicode.Scalar) -> String? {
        guard let place = place(of: scalar.value) else { return nil }
        var text = String.UnicodeScalarView()
        for part in parts[(place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])] {
            Unicode.Scalar(part).map { text.append($0) }
        }
        return String(text)
    }

    private func place(of character: UInt32) -> Int? {
        var low = 0
        var high = characters.count
        while low < high {
            let middle = (low + high) / 2
            if characters[middle] < character { low = middle + 1 } else { high = middle }
        }
        return low < characters.count && characters[low] == character ? low : nil
    }
}

// MARK: - Loading

extension CompatibilityDecompositions {
    fileprivate init(_ entries: StaticString) {
        entries.withUTF8Buffer { buffer in
            var next: UInt32 = 0
            for entry in buffer.split(separator: UInt8(ascii: ";")) {
                let sides = entry.split(separator: UInt8(ascii: "="))
                if sides.count == 2 { next = Self.number(sides[0]) }
                let body = sides[sides.count - 1].split(separator: UInt8(ascii: "*"))
                let parts = body[0].split(separator: UInt8(ascii: "+")).map(Self.number)
                append(next, parts)
                for step in 0..<(body.count == 2 ? Self.number(body[1]) : 0) {
                    append(next + step + 1, [parts[0] + step + 1])
                }
                next = (characters.last ?? 0) + 1
            }
        }
    }

    private mutating func append(_ character: UInt32, _ decomposition: [UInt32]) {
        characters.append(character)
        parts += decomposition
        ends.append(Int32(parts.count))
    }

    /// Of hexadecimal digits.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32 {
        digits.reduce(0) { number, digit in
            let isDecimal = digit <= UInt8(ascii: "9")
            return number << 4 | UInt32(digit &- (isDecimal ? 0x30 : 0x37))
        }
    }
}
