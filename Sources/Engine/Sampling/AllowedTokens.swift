package import Grammar

/// The tokens that a grammar allows next.
package struct AllowedTokens: Sendable {
    private let mask: TokenMask
    /// The tokens that end the output.
    private let ends: Set<Int32>
    private let mayEnd: Bool

    package init(_ mask: TokenMask, ends: Set<Int32>, mayEnd: Bool) {
        (self.mask, self.ends, self.mayEnd) = (mask, ends, mayEnd)
    }

    /// Forbids all other tokens, whatever their logits are.
    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        let ends = ends.filter { $0 >= 0 && Int($0) < logits.count }
        let kept = ends.map { (Int($0), mayEnd ? logits[Int($0)] : -.infinity) }
        mask.apply(to: logits)
        for (token, logit) in kept { logits[token] = logit }
    }
}

extension GrammarCursor {
    /// - Returns: nil where the text must end.
    /// - Throws: `EngineError.unsupported` where the vocabulary has no token that goes on.
    func allowed(ends: Set<Int32>) throws(EngineError) -> AllowedTokens? {
        let (mask, mayEnd) = (allowedTokens(), accepts)
        guard !mask.isEmpty else {
            if mayEnd { return nil }
            throw .unsupported(
                "what the grammar asks for next: the vocabulary has no token that begins with it")
        }
        return AllowedTokens(mask, ends: ends, mayEnd: mayEnd)
    }
}
