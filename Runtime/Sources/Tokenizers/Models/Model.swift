/// The core of a tokenizer: turns one word from the pre-tokenizer into token ids.
protocol Model: Sendable {
    /// Memory that is reused from word to word of one text.
    associatedtype Workspace

    func makeWorkspace() -> Workspace

    /// Appends the tokens of `word`.
    func encode(
        _ word: Span<UInt8>, into tokens: inout TokenWriter, using workspace: inout Workspace)

    /// The work done so far, in steps that each take at most logarithmic time; tests bound it.
    func steps(_ workspace: Workspace) -> Int
}
