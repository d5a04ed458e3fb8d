/// A token that is found in the text itself, before normalizer, pre-tokenizer and model.
struct AddedToken: Sendable, Equatable {
    var id: Int32
    var content: [UInt8]
    /// Controls the model: recognized only if the caller wants special tokens parsed.
    var special = false
    /// Found only between characters that are not part of a word.
    var singleWord = false
    /// Includes the white space to its left, or right.
    var leftStrip = false
    var rightStrip = false
    /// Found in the normalized text rather than in the original.
    var normalized = false
}

/// Finds added tokens: of those that begin first, the longest.
struct AddedTokens: Sendable {
    enum Part: Equatable {
        case text(Range<Int>)
        case token(Int32, Range<Int>)
    }

    /// No added token is longer, so that a search is linear in the text.
    static let longestContent = 1024

    private var tokens: [AddedToken] = []
    private var trie = PairTable()
    /// For each node of the trie, the index of the token that ends there, or -1.
    private var ends: [Int32] = [-1]
    private var firstBytes = [Bool](repeating: false, count: 256)

    init(_ tokens: some Sequence<AddedToken>) {
        for token in tokens where !token.content.isEmpty { insert(token) }
    }

    var isEmpty: Bool { tokens.isEmpty }
    var count: Int { tokens.count }

    private mutating func insert(_ token: AddedToken) {
        var node: Int32 = 0
        for byte in token.content {
            if let next = trie.find(node, Int32(byte)) {
                node = next.id
            } else {
                let next = Int32(ends.count)
                trie.insert(node, Int32(byte), rank: 0, id: next)
                ends.append(-1)
                node = next
            }
        }
        ends[Int(node)] = Int32(tokens.count)
        tokens.append(token)
        firstBytes[Int(token.content[0])] = true
    }

    /// Calls `body` with the parts of `text` in order; texts are not empty.
    ///
    /// - Parameter allows: whether a special token may be found at these bytes; called only where
    ///   one is spelled.
    func split(
        _ text: Span<UInt8>, allows: (Range<Int>) -> Bool = { _ in true },
        _ body: (Part) throws -> Void
    ) rethrows {
        var done = 0
        var index = 0
        while index < text.count && !isEmpty {
            guard firstBytes[Int(text[index])],
                let (token, end) = longestMatch(in: text, at: index, allows)
            else {
                index += 1
                continue
            }
            if !token.singleWord || Self.standsAlone(index..<end, in: text) {
                let range = Self.stripped(index..<end, of: token, in: text, from: done)
                if done < range.lowerBound { try body(.text(done..<range.lowerBound)) }
                try body(.token(token.id, range))
                done = range.upperBound
            }
            index = max(end, done)
        }
        if done < text.count { try body(.text(done..<text.count)) }
    }

    private func longestMatch(
        in text: Span<UInt8>, at start: Int, _ allows: (Range<Int>) -> Bool
    ) -> (AddedToken, end: Int)? {
        var node: Int32 = 0
        var found: (AddedToken, end: Int)?
        var index = start
        while index < text.count, let next = trie.find(node, Int32(text[index])) {
            node = next.id
            index += 1
            guard ends[Int(node)] >= 0 else { continue }
            let token = tokens[Int(ends[Int(node)])]
            if !token.special || allows(start..<index) { found = (token, index) }
        }
        return found
    }
}

/// The bytes of a text in which no special token may be found.
struct PlainBytes {
    private let ranges: [Range<Int>]

    /// - Parameter ranges: ascend and do not overlap.
    init(_ ranges: [Range<Int>]) {
        self.ranges = ranges
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// Whether one of the ranges overlaps `bytes`.
    func touch(_ bytes: Range<Int>) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= bytes.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].lowerBound < bytes.upperBound
    }
}

// MARK: - Surroundings

extension AddedTokens {
    private static func stripped(
        _ match: Range<Int>, of token: AddedToken, in text: Span<UInt8>, from done: Int
    ) -> Range<Int> {
        var start = match.lowerBound
        var end = match.upperBound
        if token.leftStrip {
            while start > done, let (scalar, length) = UTF8Runs.scalar(before: start, in: text),
                scalar.properties.isWhitespace, start - length >= done
            {
                start -= length
            }
        }
        if token.rightStrip {
            while let (scalar, length) = UTF8Runs.scalar(at: end, in: text),
                scalar.properties.isWhitespace
            {
                end += length
            }
        }
        return start..<end
    }

    private static func standsAlone(_ match: Range<Int>, in text: Span<UInt8>) -> Bool {
        let before = UTF8Runs.scalar(before: match.lowerBound, in: text)?.0
        let behind = UTF8Runs.scalar(at: match.upperBound, in: text)?.0
        return !(before.map(isWordCharacter) ?? false) && !(behind.map(isWordCharacter) ?? false)
    }

    /// `\w` of Unicode Technical Standard 18.
    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            true
        default: properties.isAlphabetic || properties.isJoinControl
        }
    }
}
