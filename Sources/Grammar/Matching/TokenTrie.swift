/// A vocabulary as a tree over the bytes of its tokens, which is walked beside a grammar to find the
/// tokens that may come next. Built once per model.
///
/// A control token, whose text is not part of the output, is spelled as the byte FF, which no UTF-8
/// contains, and the four bytes of its number.
package final class TokenTrie: Sendable {
    /// A node in the order of a depth-first walk.
    struct Node: Sendable {
        /// The first node that is not below this one.
        var skip: Int32
        /// Its tokens are those from here to the next node's.
        var firstToken: Int32
        /// How many bytes lead to this node.
        var depth: UInt16
        var byte: UInt8
    }

    /// Some of the tokens.
    struct Part: Sendable {
        var nodes: [Node] = []
        var tokens: [Int32] = []
        var deepest = 0
    }

    /// Tokens of the vocabulary, one bit each in a mask.
    package let count: Int
    let all: Part
    /// The tokens that are no `plainTexts`.
    let others: Part
    /// Element n has the tokens of at most n + 1 whole characters that stand for themselves in a JSON
    /// string; the last element has all of these.
    let plainTexts: [[UInt64]]
    /// Bytes that some token writes, so that no text gets stuck for want of them.
    let writable: Set<UInt8>
    let longest: Int
    private let spellings: [ArraySlice<UInt8>]

    /// A longer token is of no use.
    private static let longestToken = 1024

    /// - Parameters:
    ///   - count: tokens of the vocabulary.
    ///   - bytes: what a token writes; nil or nothing for one that must not be written.
    ///   - control: tokens that are no text.
    package init(
        count: Int, control: Set<Int32> = [], bytes: (Int32) -> ArraySlice<UInt8>?
    ) {
        self.count = count
        var spellings = [ArraySlice<UInt8>](repeating: [], count: count)
        var (single, characters): (Set<UInt8>, Set<UInt8>) = ([], [])
        for token in 0..<Int32(count) {
            if control.contains(token) {
                spellings[Int(token)] = Self.spelling(of: token)[...]
                continue
            }
            guard let text = bytes(token), !text.isEmpty, text.count <= Self.longestToken,
                !text.contains(0xFF)
            else { continue }
            spellings[Int(token)] = text
            if text.count == 1 { single.formUnion(text) }
            if text.first! >= 0xC2, PlainText.characters(text) == 1 { characters.formUnion(text) }
        }
        self.spellings = spellings
        writable = single.union(characters)
        let used = (0..<Int32(count)).filter { !spellings[Int($0)].isEmpty }
        let order = used.sorted {
            spellings[Int($0)].lexicographicallyPrecedes(spellings[Int($1)])
        }
        all = Part(order, spellings)
        longest = all.deepest
        let lengths = order.map { PlainText.characters(spellings[Int($0)]) }
        others = Part(zip(order, lengths).filter { $0.1 == 0 }.map(\.0), spellings)
        plainTexts = Self.masks(zip(order, lengths).filter { $0.1 > 0 }, count)
    }

    /// Every token's bytes, as in the tree; nothing for an unknown one and for one that must not be
    /// written.
    package func spelling(of token: Int32) -> ArraySlice<UInt8> {
        spellings.indices.contains(Int(token)) ? spellings[Int(token)] : []
    }

    static func spelling(of token: Int32) -> [UInt8] {
        let number = UInt32(bitPattern: token)
        return [0xFF] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func masks(_ tokens: [(Int32, Int)], _ count: Int) -> [[UInt64]] {
        let longest = min(64, tokens.map(\.1).max() ?? 0)
        var masks = [[UInt64]](
            repeating: [UInt64](repeating: 0, count: (count + 63) / 64), count: longest)
        for (token, length) in tokens {
            masks[min(length, longest) - 1][Int(token) / 64] |= 1 << (Int(token) % 64)
        }
        for index in masks.indices.dropFirst() {
            for word in masks[index].indices { masks[index][word] |= masks[index - 1][word] }
        }
        return masks
    }
}

extension TokenTrie.Part {
    /// - Parameter order: tokens in the order of their bytes.
    fileprivate init(_ order: [Int32], _ spellings: [ArraySlice<UInt8>]) {
        var path: [Int] = []
        var previous: ArraySlice<UInt8> = []
        for token in order {
            let bytes = spellings[Int(token)]
            let shared = zip(previous, bytes).prefix { $0 == $1 }.count
            while path.count > shared { nodes[path.removeLast()].skip = Int32(nodes.count) }
            for byte in bytes.dropFirst(shared) {
                path.append(nodes.count)
                nodes.append(
                    TokenTrie.Node(
                        skip: 0, firstToken: Int32(tokens.count), depth: UInt16(path.count),
                        byte: byte))
            }
            tokens.append(token)
            deepest = max(deepest, bytes.count)
            previous = bytes
        }
        for node in path { nodes[node].skip = Int32(nodes.count) }
    }
}

/// Characters that stand for themselves in a JSON string.
enum PlainText {
    /// How many characters a text has, 0 if there is another or a part of one among them.
    static func characters(_ bytes: ArraySlice<UInt8>) -> Int {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }),
            let text = String(validating: bytes, as: UTF8.self)
        else { return 0 }
        return text.unicodeScalars.count
    }
}
