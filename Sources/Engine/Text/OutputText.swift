import PluginHost

/// The text of one request's output, from its tokens: whole characters, no control tokens, up to a
/// stop string.
struct OutputText: Sendable {
    /// What may be shown now.
    struct Piece: Equatable {
        var text = ""
        var tokens: [TokenLogProb] = []
        /// Tokens since the last piece, whether or not they carry log probabilities.
        var count = 0
        var stopped = false

        var isEmpty: Bool { text.isEmpty && tokens.isEmpty }
    }

    private let vocabulary: Vocabulary
    private var joiner = UTF8Joiner()
    private var matcher: StopMatcher
    /// Bytes of text decoded and shown.
    private var decoded = 0
    private var shown = 0
    /// Log probabilities that wait for their text, with the place in the text where it begins.
    private var waiting: [(token: TokenLogProb, start: Int)] = []
    private var count = 0
    /// The next token's space before its first word is not part of the text.
    private var dropsSpace: Bool

    /// - Parameter beginsText: the output is a text of its own, not the rest of one.
    init(_ vocabulary: Vocabulary, stop: [String], beginsText: Bool = false) {
        self.vocabulary = vocabulary
        matcher = StopMatcher(stop)
        dropsSpace = beginsText && vocabulary.spacePrefix
    }

    /// Adds a token of the output.
    mutating func append(_ id: Int32, _ info: TokenLogProb?) -> Piece {
        count += 1
        if let info { waiting.append((info, decoded)) }
        guard !vocabulary.attributes(of: id).contains(.control) else { return Piece() }
        var piece = vocabulary.piece(id)
        if dropsSpace, piece.first == UInt8(ascii: " ") { piece.removeFirst() }
        dropsSpace = false
        return release(joiner.append(piece))
    }

    /// Adds a token of an echoed prompt, in which stop strings mean nothing.
    mutating func echo(_ id: Int32, _ info: TokenLogProb?) -> Piece {
        let isControl = vocabulary.attributes(of: id).contains(.control)
        let text = isControl ? "" : joiner.append(vocabulary.piece(id))
        decoded += text.utf8.count
        shown = decoded
        return Piece(text: text, tokens: info.map { [$0] } ?? [], count: 1)
    }

    /// The rest, after the last token.
    mutating func finish() -> Piece {
        var piece = release(joiner.finish())
        guard !piece.stopped else { return piece }
        piece.text += matcher.finish()
        piece.tokens += waiting.map(\.token)
        waiting = []
        piece.count = count
        return piece
    }

    private mutating func release(_ text: String) -> Piece {
        decoded += text.utf8.count
        let (certain, stopped) = matcher.append(text)
        shown += certain.utf8.count
        let tokens = waiting.prefix { $0.start < shown }.map(\.token)
        waiting.removeFirst(tokens.count)
        if stopped { (waiting, joiner) = ([], UTF8Joiner()) }
        guard stopped || !certain.isEmpty else { return Piece() }
        defer { count = 0 }
        return Piece(text: certain, tokens: tokens, count: count, stopped: stopped)
    }
}
