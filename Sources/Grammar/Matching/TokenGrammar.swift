import Synchronization

/// A grammar together with a vocabulary: which tokens may come in which state.
///
/// Requests with the same grammar share it, and with it the states and masks that others have needed.
package final class TokenGrammar: Sendable {
    private struct State {
        var recognizer: Recognizer
        var masks: [Int32: TokenMask] = [:]
        var forced: [Int32: [Int32]] = [:]
        /// The states that cursors are in.
        var cursors: [Int: Int32] = [:]
        var lastCursor = 0
    }

    package let trie: TokenTrie
    private let state: Mutex<State>
    /// The most memory for states, and for masks.
    private static let limit = 8 << 20
    private static let longestForced = 512

    /// - Throws: `GrammarError` for a vocabulary that cannot write what the grammar needs.
    package init(_ grammar: Grammar, _ trie: TokenTrie) throws(GrammarError) {
        self.trie = trie
        let network = try grammar.network(writable: trie.writable)
        state = Mutex(State(recognizer: Recognizer(network)))
    }

    /// About how many bytes it takes.
    package var size: Int {
        state.withLock { $0.recognizer.size + $0.masks.count * trie.count / 8 }
    }

    /// A place at the beginning of the text.
    package func begin() -> GrammarCursor { GrammarCursor(self, at: Recognizer.start) }

    fileprivate func open(_ place: Int32) -> Int {
        state.withLock { state in
            state.lastCursor += 1
            state.cursors[state.lastCursor] = place
            return state.lastCursor
        }
    }

    fileprivate func copy(_ cursor: Int) -> Int {
        state.withLock { state in
            state.lastCursor += 1
            state.cursors[state.lastCursor] = state.cursors[cursor]
            return state.lastCursor
        }
    }

    fileprivate func close(_ cursor: Int) {
        state.withLock { _ = $0.cursors.removeValue(forKey: cursor) }
    }

    fileprivate func place(_ cursor: Int) -> (accepts: Bool, isFinal: Bool) {
        state.withLock { state in
            let place = state.cursors[cursor] ?? Recognizer.dead
            return (
                state.recognizer.accepts[Int(place)], state.recognizer.isFinal(place)
            )
        }
    }

    fileprivate func mask(_ cursor: Int) -> TokenMask {
        state.withLock { state in
            Self.tidy(&state, trie)
            let place = state.cursors[cursor] ?? Recognizer.dead
            let usual = state.recognizer.representative(of: place, reach: trie.longest)
            if let known = state.masks[usual] { return known }
            let mask = state.recognizer.mask(of: usual, in: trie)
            state.masks[usual] = mask
            return mask
        }
    }

    /// - Returns: before which of the bytes the text so far was complete, and whether it is after
    ///   them; nil if the grammar does not allow them.
    fileprivate func advance(_ cursor: Int, by bytes: ArraySlice<UInt8>) -> [Bool]? {
        state.withLock { state in
            var place = state.cursors[cursor] ?? Recognizer.dead
            var accepted = [state.recognizer.accepts[Int(place)]]
            for byte in bytes {
                place = state.recognizer.next(place, byte)
                accepted.append(state.recognizer.accepts[Int(place)])
            }
            guard place != Recognizer.dead else { return nil }
            state.cursors[cursor] = place
            return accepted
        }
    }

    fileprivate func forced(
        _ cursor: Int, _ tokenize: ([UInt8]) -> [Int32]?
    ) -> [Int32] {
        // The tokenizer may be slow, so it is not called under the lock.
        let (place, known, bytes) = state.withLock { state in
            let place = state.cursors[cursor] ?? Recognizer.dead
            if let known = state.forced[place] { return (place, known as [Int32]?, [UInt8]()) }
            let bytes = state.recognizer.forcedBytes(after: place, atMost: Self.longestForced)
            return (place, nil, bytes)
        }
        if let known { return known }
        let tokens = bytes.count < 2 ? [] : tokens(of: bytes, tokenize)
        return state.withLock { state in
            guard state.cursors[cursor] == place else { return tokens }
            let kept =
                tokens.isEmpty ? tokens : Self.withoutOpenEnd(tokens, bytes, place, &state, trie)
            state.forced[place] = kept
            return kept
        }
    }

    /// The tokens in which the model usually sees a text; else the longest ones in turn.
    private func tokens(of bytes: [UInt8], _ tokenize: ([UInt8]) -> [Int32]?) -> [Int32] {
        if let tokens = tokenize(bytes), tokens.flatMap({ trie.spelling(of: $0) }) == bytes {
            return tokens
        }
        return trie.longestTokens(of: bytes)
    }

    /// The last tokens may be the beginning of longer ones, which the model had better choose itself.
    private static func withoutOpenEnd(
        _ tokens: [Int32], _ bytes: [UInt8], _ place: Int32, _ state: inout State,
        _ trie: TokenTrie
    ) -> [Int32] {
        var end = place
        for byte in bytes { end = state.recognizer.next(end, byte) }
        let covered = tokens.reduce(0) { $0 + trie.spelling(of: $1).count }
        if covered == bytes.count, state.recognizer.isFinal(end) { return tokens }
        return Array(tokens.dropLast())
    }

    /// Forgets what has not been asked for lately once there is too much of it.
    private static func tidy(_ state: inout State, _ trie: TokenTrie) {
        if state.masks.count * (trie.count / 8 + 64) > limit { state.masks = [:] }
        guard state.recognizer.size > limit else { return }
        let cursors = state.cursors.sorted { $0.key < $1.key }
        let (fresh, places) = state.recognizer.renewed(keeping: cursors.map(\.value))
        state.recognizer = fresh
        state.cursors = Dictionary(
            uniqueKeysWithValues: zip(cursors.map(\.key), places))
        (state.masks, state.forced) = ([:], [:])
    }
}

/// How far one text has come in its grammar.
///
/// Not safe for several threads at a time.
package final class GrammarCursor: @unchecked Sendable {
    private let grammar: TokenGrammar
    private let id: Int

    fileprivate init(_ grammar: TokenGrammar, at place: Int32) {
        self.grammar = grammar
        id = grammar.open(place)
    }

    private init(copying other: GrammarCursor) {
        grammar = other.grammar
        id = grammar.copy(other.id)
    }

    deinit { grammar.close(id) }

    /// Another one at the same place, which moves by itself.
    package func copy() -> GrammarCursor { GrammarCursor(copying: self) }

    /// Whether the text may end here.
    package var accepts: Bool { grammar.place(id).accepts }

    /// Whether the text must end here.
    package var isFinal: Bool { grammar.place(id).isFinal }

    /// The tokens that may come next, but for those that end the text, which may come where it
    /// `accepts`. Empty where the text must end, and where the vocabulary has no token that goes on.
    package func allowedTokens() -> TokenMask { grammar.mask(id) }

    /// Moves past a token.
    ///
    /// - Returns: for every byte of its text, and for the end of it, whether the text could have ended
    ///   before; nil, without a move, if the grammar does not allow the token.
    @discardableResult
    package func append(_ token: Int32) -> [Bool]? {
        let bytes = grammar.trie.spelling(of: token)
        return bytes.isEmpty ? nil : grammar.advance(id, by: bytes)
    }

    /// Moves past bytes.
    package func append(bytes: some Collection<UInt8>) -> Bool {
        grammar.advance(id, by: Array(bytes)[...]) != nil
    }

    /// The tokens of what must come next, as far as no choice is left; not the last of them where a
    /// longer one might take its place.
    ///
    /// - Parameter tokenize: the model's own way to write a text; nil if it cannot.
    package func forcedTokens(_ tokenize: ([UInt8]) -> [Int32]?) -> [Int32] {
        grammar.forced(id, tokenize)
    }
}

extension TokenTrie {
    /// A text in as long tokens as possible, from the left; without its end if no token writes that.
    package func longestTokens(of bytes: [UInt8]) -> [Int32] {
        var tokens: [Int32] = []
        var start = 0
        while start < bytes.count, let token = longestToken(of: bytes[start...]) {
            tokens.append(token)
            start += spelling(of: token).count
        }
        return tokens
    }

    private func longestToken(of bytes: ArraySlice<UInt8>) -> Int32? {
        var (index, end) = (0, all.nodes.count)
        var found: Int32?
        for byte in bytes {
            while index < end, all.nodes[index].byte != byte { index = Int(all.nodes[index].skip) }
            guard index < end else { break }
            let node = all.nodes[index]
            let next =
                index + 1 < all.nodes.count
                ? all.nodes[index + 1].firstToken : Int32(all.tokens.count)
            if node.firstToken < next { found = all.tokens[Int(node.firstToken)] }
            (index, end) = (index + 1, Int(node.skip))
        }
        return found
    }
}
