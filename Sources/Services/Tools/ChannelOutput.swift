/// An output in harmony, the format of gpt-oss: messages with a channel and perhaps a recipient.
///
///     <|channel|>analysis<|message|>…<|end|>
///     <|start|>assistant<|channel|>commentary to=functions.name <|constrain|>json<|message|>{…}<|call|>
///     <|start|>assistant<|channel|>final<|message|>…
///
/// The channel `analysis` holds thoughts, a recipient gets a call, and all else is text.
struct ChannelOutput: Sendable {
    private enum Place {
        /// Before the first mark: the prompt may have begun the message.
        case start
        case head
        case text, reasoning, call
    }

    private enum Mark: String, CaseIterable {
        case start = "<|start|>"
        case channel = "<|channel|>"
        case constrain = "<|constrain|>"
        case message = "<|message|>"
        case end = "<|end|>"
        case call = "<|call|>"
        case done = "<|return|>"
    }

    static let marks = Mark.allCases.map(\.rawValue)

    private let tools: DeclaredTools
    private let marks: [[UInt8]: Mark]
    private var matcher: LiteralMatcher
    private var place = Place.start
    /// The words of a message's head: after its role, and after the mark of its channel.
    private var head: [UInt8] = []
    private var channel: [UInt8]?

    private static let longestHead = 512
    private static let recipient = Array("to=".utf8)

    init(_ tools: DeclaredTools, bytes: (String) -> [UInt8]) {
        self.tools = tools
        marks = Dictionary(
            Mark.allCases.map { (bytes($0.rawValue), $0) }, uniquingKeysWith: { first, _ in first })
        matcher = LiteralMatcher(Array(marks.keys))
    }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) {
        if matcher.passes(byte) {
            pass(byte, &out)
            return
        }
        matcher.push(byte)
        read(&out)
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        read(&out, isEnd: true)
        if place == .start { out.add(head, to: .text) }
        if place == .call, !isCut { out.endCall() }
    }

    private mutating func read(_ out: inout OutputParts, isEnd: Bool = false) {
        while let event = matcher.next(isEnd: isEnd) {
            switch event {
            case .byte(let byte): pass(byte, &out)
            case .literal(let literal): if let mark = marks[literal] { pass(mark, &out) }
            }
        }
    }

    private mutating func pass(_ byte: UInt8, _ out: inout OutputParts) {
        switch place {
        case .text: out.add(byte, to: .text)
        case .reasoning: out.add(byte, to: .reasoning)
        case .call: out.add(byte, to: .arguments)
        case .start:
            head.append(byte)
            let word = Array(head.drop { $0.isSpace }.prefix(Self.recipient.count))
            if !Self.recipient.starts(with: word) { showHead(&out) }
        case .head:
            if channel == nil { head.append(byte) } else { channel?.append(byte) }
            if head.count + (channel?.count ?? 0) > Self.longestHead { showHead(&out) }
        }
    }

    /// It is no head: it is text.
    private mutating func showHead(_ out: inout OutputParts) {
        out.add(head + (channel ?? []), to: .text)
        (head, channel, place) = ([], nil, .text)
    }

    private mutating func pass(_ mark: Mark, _ out: inout OutputParts) {
        if mark == .message {
            if place == .head || place == .start { beginMessage(&out) }
            return
        }
        if place == .call { out.endCall() }
        switch mark {
        case .channel:
            if place != .head, place != .start { head = [] }
            (channel, place) = ([], .head)
        case .constrain where place == .head: channel?.append(UInt8(ascii: " "))
        case .constrain, .message: break
        case .start, .end, .call, .done: (head, channel, place) = ([], nil, .head)
        }
    }

    private mutating func beginMessage(_ out: inout OutputParts) {
        let words = (head + [UInt8(ascii: " ")] + (channel ?? [])).split { $0.isSpace }
        let recipient = words.first { $0.starts(with: Self.recipient) }
            .map { Array($0.dropFirst(Self.recipient.count)) }
        if let tool = recipient.flatMap(tool) {
            out.begin(call: tool)
            place = .call
        } else {
            let isAnalysis = channel?.trimmed.starts(with: "analysis".utf8) ?? false
            place = isAnalysis && recipient == nil ? .reasoning : .text
        }
        (head, channel) = ([], nil)
    }

    private func tool(_ recipient: [UInt8]) -> String? {
        let prefix = Array("functions.".utf8)
        let isPrefixed = recipient.starts(with: prefix)
        return tools.name(isPrefixed ? Array(recipient.dropFirst(prefix.count)) : recipient)
    }
}
