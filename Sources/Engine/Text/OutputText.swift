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
        /// The stop string that ended the output.
        var stop: String?
        /// A token after the text that is reported as itself.
        var mark: Int32?

        var isEmpty: Bool { text.isEmpty && tokens.isEmpty }
    }

    private let vocabulary: Vocabulary
    private let showsControl: Bool
    private let marks: Set<Int32>
    private var joiner = UTF8Joiner()
    private var matcher: StopMatcher
    /// Bytes of text decoded and shown.
    private var decoded = 0
    private var shown = 0
    /// Unicode scalars decoded.
    private var scalars = 0
    /// Log probabilities that wait for their text, with the place in the text where it begins.
    private var waiting: [(token: TokenLogProb, start: Int)] = []
    private var count = 0
    /// Where stop strings may begin in the bytes that have not been decoded yet; without a grammar
    /// they may anywhere.
    private var starts: [Bool] = []
    /// The next token's space before its first word is not part of the text.
    private var dropsSpace: Bool

    /// - Parameters:
    ///   - beginsText: the output is a text from its beginning, not the rest of one.
    ///   - showsControl: control tokens are part of the text.
    ///   - marks: tokens that are none of the text, but reported.
    init(
        _ vocabulary: Vocabulary, stop: StopMatcher, beginsText: Bool = false,
        showsControl: Bool = false, marks: Set<Int32> = []
    ) {
        self.vocabulary = vocabulary
        self.showsControl = showsControl
        self.marks = marks
        matcher = stop
        dropsSpace = beginsText && vocabulary.spacePrefix
    }

    /// Adds a token of the output.
    ///
    /// - Parameter complete: for each byte of the token, whether a text that must follow a grammar is
    ///   complete before it, so that a stop string may begin there; nil without a grammar.
    mutating func append(
        _ id: Int32, _ info: TokenLogProb?, complete: [Bool]? = nil
    ) -> Piece {
        count += 1
        if marks.contains(id) { return mark(id, info) }
        let (text, info) = decode(id, info)
        if let complete, text != nil { starts += complete.dropLast() }
        if let info { waiting.append((info, decoded)) }
        return text.map { release($0) } ?? Piece()
    }

    /// Nothing before a mark can become a character or a stop string with what follows it.
    private mutating func mark(_ id: Int32, _ info: TokenLogProb?) -> Piece {
        var piece = release(joiner.finish())
        guard piece.stop == nil else { return piece }
        piece.text += matcher.finish()
        shown = decoded
        piece.tokens += waiting.map(\.token)
        waiting = []
        if var info {
            info.offset = scalars
            waiting = [(info, decoded)]
        }
        (piece.count, count) = (piece.count + count, 0)
        piece.mark = id
        return piece
    }

    /// Adds a token of an echoed prompt, in which stop strings mean nothing.
    mutating func echo(_ id: Int32, _ info: TokenLogProb?) -> Piece {
        let (text, info) = decode(id, info)
        note(text ?? "")
        shown = decoded
        return Piece(text: text ?? "", tokens: info.map { [$0] } ?? [], count: 1)
    }

    /// Adds the token that ends the output, which has no text.
    mutating func end(_ info: TokenLogProb) -> Piece {
        var info = info
        info.offset = scalars
        waiting.append((info, decoded))
        count += 1
        return Piece()
    }

    /// The rest, after the last token.
    mutating func finish() -> Piece {
        var piece = release(joiner.finish())
        guard piece.stop == nil else { return piece }
        piece.text += matcher.finish()
        piece.tokens += waiting.map(\.token)
        waiting = []
        piece.count = count
        return piece
    }

    /// - Returns: the text that a token completes, nil for one that is not shown; and what is known of the
    ///   token, with its place.
    private mutating func decode(
        _ id: Int32, _ info: TokenLogProb?
    ) -> (text: String?, TokenLogProb?) {
        var info = info
        info?.offset = scalars
        let isControl = vocabulary.attributes(of: id).contains(.control)
        guard showsControl || !isControl else { return (nil, info) }
        var piece = vocabulary.piece(id)
        if dropsSpace, !isControl {
            if piece.first == UInt8(ascii: " ") {
                piece.removeFirst()
                info?.bytes = Array(piece)
            }
            dropsSpace = false
        }
        return (joiner.append(piece), info)
    }

    private mutating func note(_ text: String) {
        decoded += text.utf8.count
        scalars += text.unicodeScalars.count
    }

    private mutating func release(_ text: String) -> Piece {
        note(text)
        let places = starts.isEmpty ? nil : Array(starts.prefix(text.utf8.count))
        starts.removeFirst(places?.count ?? 0)
        let (certain, stop) = matcher.append(text, mayBegin: places)
        shown += certain.utf8.count
        let tokens = waiting.prefix { $0.start < shown }.map(\.token)
        waiting.removeFirst(tokens.count)
        if stop != nil { (waiting, joiner) = ([], UTF8Joiner()) }
        guard stop != nil || !certain.isEmpty else { return Piece() }
        defer { count = 0 }
        return Piece(text: certain, tokens: tokens, count: count, stop: stop)
    }
}
