package import Grammar
import PluginHost
import Synchronization

/// The grammars that requests to one model are constrained to, compiled once for all that have the same.
///
/// Compiling runs off Swift's cooperative pool, in bounded time; those used least lately are forgotten.
package final class ConstraintCache: Sendable {
    fileprivate struct State {
        var trie: TokenTrie?
        var entries: [String: (grammar: TokenGrammar, used: Int)] = [:]
        var clock = 0
    }

    private let vocabulary: Vocabulary
    private let tokenCount: Int
    private let ends: Set<Int32>
    private let state = Mutex(State())
    private let pool = BlockingPool("roost-grammar", limit: 2)

    fileprivate static let mostEntries = 64
    /// Of all entries together, in bytes.
    fileprivate static let mostMemory = 128 << 20

    init(_ profile: TextProfile) {
        vocabulary = profile.vocabulary
        tokenCount = profile.tokenCount
        ends = profile.endTokens
    }

    /// - Throws: `GrammarError` for what cannot be enforced, with its place.
    package func grammar(_ expression: GrammarExpression) async throws -> TokenGrammar {
        try await pool.run { [self] in try compiled(expression) }
    }

    /// The same on the calling thread.
    package func compiled(_ expression: GrammarExpression) throws -> TokenGrammar {
        guard let identity = expression.identity else {
            return try TokenGrammar(try Grammar(expression), trie())
        }
        if let known = state.withLock({ $0.use(identity) }) { return known }
        let grammar = try TokenGrammar(try Grammar(expression), trie())
        state.withLock { $0.add(grammar, identity) }
        return grammar
    }

    /// The vocabulary as grammars see it, made when the first of them needs it. End tokens are no part
    /// of a text, and unused ones are never written.
    private func trie() -> TokenTrie {
        state.withLock { state in
            if let known = state.trie { return known }
            let control = (0..<Int32(tokenCount)).filter {
                vocabulary.attributes(of: $0).contains(.control) && !ends.contains($0)
            }
            let trie = TokenTrie(count: tokenCount, control: Set(control)) { token in
                let isText = vocabulary.attributes(of: token).isDisjoint(with: [.end, .unused])
                return isText && !ends.contains(token) ? vocabulary.piece(token) : nil
            }
            state.trie = trie
            return trie
        }
    }
}

extension ConstraintCache.State {
    fileprivate mutating func use(_ identity: String) -> TokenGrammar? {
        clock += 1
        entries[identity]?.used = clock
        return entries[identity]?.grammar
    }

    fileprivate mutating func add(_ grammar: TokenGrammar, _ identity: String) {
        clock += 1
        entries[identity] = (grammar, clock)
        var memory = entries.values.reduce(0) { $0 + $1.grammar.size }
        while entries.count > 1,
            entries.count > ConstraintCache.mostEntries || memory > ConstraintCache.mostMemory,
            let oldest = entries.min(by: { $0.value.used < $1.value.used })
        {
            memory -= oldest.value.grammar.size
            entries[oldest.key] = nil
        }
    }
}
