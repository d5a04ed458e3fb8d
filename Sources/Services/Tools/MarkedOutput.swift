/// An output in which marks stand around thoughts and calls.
struct MarkedOutput: Sendable {
    private enum Place {
        case text, reasoning, call
    }

    /// What a mark in the text does.
    private enum Mark {
        case opening(CallNotation.Body)
        case reasoning
        /// Dropped everywhere, or after a call only.
        case silent, closing
    }

    private let notation: CallNotation?
    private let tools: DeclaredTools
    private let bytes: @Sendable (String) -> [UInt8]
    private let marks: [[UInt8]: Mark]
    private var textMatcher: LiteralMatcher
    private var reasoningMatcher: LiteralMatcher

    private var place: Place
    /// Nothing but blanks since the output, the answer or the text after a call began.
    private var isFresh = true
    /// The blanks that come now stand between parts, and belong to none.
    private var dropsSpace: Bool
    private var space: [UInt8] = []

    private var reader: (any CallReader)?
    /// What was read of a call that has not begun, and how much of it is its mark.
    private var raw: [UInt8] = []
    private var markLength = 0
    private var hasCalled = false
    /// What may still close the call that was read last.
    private var due: Set<[UInt8]> = []
    private let closings: Set<[UInt8]>

    /// As much may be read before a call begins.
    private static let longestHead = 16 << 10

    init(
        _ notation: CallNotation?, _ tools: DeclaredTools, _ reasoning: ReasoningMarks?,
        beginsInReasoning: Bool, bytes: @escaping @Sendable (String) -> [UInt8]
    ) {
        self.notation = notation
        self.tools = tools
        self.bytes = bytes
        var marks: [[UInt8]: Mark] = [:]
        closings = Set((notation?.closings ?? []).map(bytes))
        for literal in closings { marks[literal] = .closing }
        for literal in (notation?.silent ?? []) + (reasoning?.silent ?? []) {
            marks[bytes(literal)] = .silent
        }
        for opening in notation?.openings ?? [] {
            marks[bytes(opening.literal)] = .opening(opening.body)
        }
        if let reasoning { marks[bytes(reasoning.start)] = .reasoning }
        self.marks = marks
        textMatcher = LiteralMatcher(Array(marks.keys))
        reasoningMatcher = LiteralMatcher(reasoning.map { [bytes($0.end)] } ?? [])
        place = beginsInReasoning && reasoning != nil ? .reasoning : .text
        dropsSpace = place == .reasoning
    }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) {
        switch place {
        case .text: pushText(byte, &out)
        case .reasoning: pushReasoning(byte, &out)
        case .call: pushCall(byte, &out)
        }
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        readText(&out, isEnd: true)
        while place == .call {
            if reader?.hasBegun == true {
                reader?.finish(&out, isCut: isCut)
                return
            }
            giveUp(&out)
            readText(&out, isEnd: true)
        }
        readReasoning(&out, isEnd: true)
        if place == .text, !dropsSpace, !hasCalled { out.add(space, to: .text) }
        space = []
    }
}

// MARK: - Text and thoughts

extension MarkedOutput {
    private mutating func pushText(_ byte: UInt8, _ out: inout OutputParts) {
        if textMatcher.passes(byte) {
            pass(byte, &out)
            return
        }
        textMatcher.push(byte)
        readText(&out)
    }

    private mutating func readText(_ out: inout OutputParts, isEnd: Bool = false) {
        while place == .text, let event = textMatcher.next(isEnd: isEnd) {
            switch event {
            case .byte(let byte): pass(byte, &out)
            case .literal(let mark): pass(mark: mark, &out)
            }
        }
        // What was held belongs to the call or the thoughts that have begun.
        if place != .text { for byte in textMatcher.take() { push(byte, &out) } }
    }

    /// A byte of no mark.
    private mutating func pass(_ byte: UInt8, _ out: inout OutputParts) {
        if isFresh, let bare = notation?.bare, bare.mayBegin(with: byte, tools) {
            begin(bare, opening: [], &out)
            pushCall(byte, &out)
        } else {
            add(byte, to: .text, &out)
        }
    }

    private mutating func pass(mark: [UInt8], _ out: inout OutputParts) {
        switch marks[mark] {
        case .opening(let body): begin(body, opening: mark, &out)
        case .reasoning where isFresh: enter(.reasoning)
        case .silent: break
        case .closing where isFresh && due.remove(mark) != nil: break
        default: for byte in mark { add(byte, to: .text, &out) }
        }
    }

    private mutating func pushReasoning(_ byte: UInt8, _ out: inout OutputParts) {
        if reasoningMatcher.passes(byte) {
            add(byte, to: .reasoning, &out)
            return
        }
        reasoningMatcher.push(byte)
        readReasoning(&out)
    }

    private mutating func readReasoning(_ out: inout OutputParts, isEnd: Bool = false) {
        while place == .reasoning, let event = reasoningMatcher.next(isEnd: isEnd) {
            switch event {
            case .byte(let byte): add(byte, to: .reasoning, &out)
            case .literal: enter(.text)
            }
        }
        if place == .text { for byte in reasoningMatcher.take() { push(byte, &out) } }
    }

    private mutating func enter(_ next: Place) {
        (place, space, dropsSpace, isFresh) = (next, [], true, true)
    }

    /// Blanks wait for what follows, which shows whether they are part of the text.
    private mutating func add(
        _ byte: UInt8, to kind: OutputParts.Kind, _ out: inout OutputParts
    ) {
        if byte.isSpace, isFresh || notation != nil || kind == .reasoning {
            space.append(byte)
            return
        }
        if byte < Marker.close {
            if !dropsSpace { out.add(space, to: kind) }
            (space, dropsSpace, isFresh) = ([], false, false)
        }
        out.add(byte, to: kind)
    }
}

// MARK: - Calls

extension MarkedOutput {
    private mutating func begin(
        _ body: CallNotation.Body, opening: [UInt8], _ out: inout OutputParts
    ) {
        reader = body.reader(tools, bytes: bytes)
        raw = opening
        markLength = max(1, opening.count)
        place = .call
    }

    private mutating func pushCall(_ byte: UInt8, _ out: inout OutputParts) {
        let (calls, hadBegun) = (out.calls, reader?.hasBegun ?? false)
        raw.append(byte)
        let step = reader?.push(byte, &out) ?? .failed
        if out.calls > calls { (space, hasCalled) = ([], true) }
        if hadBegun || out.calls > calls { (raw, markLength) = ([], 0) }
        switch step {
        case .more: if raw.count > Self.longestHead { giveUp(&out) }
        case .done: leaveCall()
        case .failed:
            guard reader?.hasBegun == true else {
                if hadBegun { raw = [byte] }
                return giveUp(&out)
            }
            reader?.finish(&out, isCut: false)
            out.endCall()
            leaveCall()
            push(byte, &out)
        }
    }

    private mutating func leaveCall() {
        reader = nil
        due = closings
        enter(.text)
    }

    /// There is no call: its mark is text, and what follows the mark is read again.
    private mutating func giveUp(_ out: inout OutputParts) {
        let (bytes, length) = (raw, markLength)
        (raw, markLength, reader, place) = ([], 0, nil, .text)
        // After the calls of a list, something else.
        if length == 0 { leaveCall() }
        for byte in bytes.prefix(length) { add(byte, to: .text, &out) }
        for byte in bytes.dropFirst(length) { push(byte, &out) }
    }
}
