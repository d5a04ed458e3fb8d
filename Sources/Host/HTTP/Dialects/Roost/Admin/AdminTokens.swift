import Synchronization

/// Tokens that open the page with an admin key: each works once, and not for long.
///
/// A URL ends up in the process list and in a browser's history, where a key must not appear.
final class AdminTokens: Sendable {
    private struct Token {
        let key: String
        let expires: ContinuousClock.Instant
    }

    static let lifetime = Duration.seconds(120)
    private static let most = 64

    private let tokens = Mutex<[String: Token]>([:])

    /// A token for the holder of `key`; nil while too many are unused.
    func make(for key: String) -> String? {
        let text = Identifier.random(prefix: "") + Identifier.random(prefix: "")
        return tokens.withLock { tokens in
            tokens = tokens.filter { $0.value.expires > .now }
            guard tokens.count < Self.most else { return nil }
            tokens[text] = Token(key: key, expires: .now + Self.lifetime)
            return text
        }
    }

    /// The key of a token, which is then used up.
    func redeem(_ text: String) -> String? {
        let token = tokens.withLock { $0.removeValue(forKey: text) }
        return token.flatMap { $0.expires > .now ? $0.key : nil }
    }
}
