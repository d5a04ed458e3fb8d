/// Splits comma-separated values into records, as RFC 4180 defines them and as they occur.
///
/// Beyond the RFC it accepts any one-byte separator, records that end with CR, LF or both, and
/// quotes within a field that does not begin with one. A record whose quote never closes is parsed
/// again from its second line on, so that one missing quote costs one record, not the rest of the
/// file.
struct CSVParser: Sendable {
    enum Outcome: Equatable {
        /// The input is used up.
        case needsMore
        /// `bytes` and `ends` hold a record.
        case record
        /// The record that began at `recordLine` is invalid; parsing continues after it.
        case refused(String)
        /// As `refused`; `unclosed` must be parsed before the input continues.
        case unclosed(String, rest: [UInt8])
    }

    private enum State: Sendable {
        case recordStart
        case fieldStart
        case field
        case quoted
        /// After a quote within a quoted field: the field's end, or the first of two quotes.
        case quoteSeen
        /// Looking for the end of the line of an invalid record; `problem` says why.
        case skipping
    }

    let separator: UInt8
    let limit: Int
    /// The fields of the record, one after the other, and where each ends.
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []
    private(set) var recordLine = 1

    private var state = State.recordStart
    private var problem = ""
    private var line = 1
    private var endedWithCR = false
    /// What has been read since the first line end within quotes, for backtracking.
    private var beyondLine: [UInt8] = []
    private var isBeyondLine = false
    private var quoteLine = 1

    private static let quote = UInt8(ascii: "\"")
    private static let lf = UInt8(ascii: "\n")
    private static let cr = UInt8(ascii: "\r")

    init(separator: UInt8, limit: Int) {
        self.separator = separator
        self.limit = limit
    }

    /// Continues in `input` at `offset` to the end of the record or of the input.
    mutating func advance(_ input: UnsafeBufferPointer<UInt8>, _ offset: inout Int) -> Outcome {
        while offset < input.count {
            let byte = input[offset]
            switch state {
            case .recordStart:
                begin(byte, &offset)
            case .fieldStart where byte == Self.quote:
                state = .quoted
                quoteLine = line
                offset += 1
            case .fieldStart:
                state = .field
            case .field:
                if let outcome = field(input, &offset) { return outcome }
            case .quoted:
                if let outcome = quoted(input, &offset) { return outcome }
            case .quoteSeen:
                if let outcome = afterQuote(byte, &offset) { return outcome }
            case .skipping:
                if let outcome = skip(input, &offset) { return outcome }
            }
        }
        return .needsMore
    }

    /// Finishes the last record when there is no more input. Call it again after parsing the rest
    /// of `unclosed`.
    mutating func finish() -> Outcome {
        defer { state = .recordStart }
        switch state {
        case .recordStart: return .needsMore
        case .fieldStart, .field, .quoteSeen:
            ends.append(bytes.count)
            return .record
        case .quoted: return unclosed()
        case .skipping: return .refused(problem)
        }
    }

    private mutating func begin(_ byte: UInt8, _ offset: inout Int) {
        if byte == Self.lf, endedWithCR {
            endedWithCR = false
            offset += 1
            return
        }
        endedWithCR = false
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        beyondLine.removeAll(keepingCapacity: true)
        isBeyondLine = false
        recordLine = line
        state = .fieldStart
    }

    private mutating func field(_ input: UnsafeBufferPointer<UInt8>, _ offset: inout Int)
        -> Outcome?
    {
        let start = offset
        while offset < input.count, !isEnd(input[offset]) { offset += 1 }
        bytes.append(contentsOf: input[start..<offset])
        if bytes.count > limit { return tooLong() }
        guard offset < input.count else { return nil }
        let byte = input[offset]
        offset += 1
        return endField(byte)
    }

    private func isEnd(_ byte: UInt8) -> Bool {
        byte == separator || byte == Self.lf || byte == Self.cr
    }

    /// - Parameter byte: the separator, or the first byte of a line end.
    private mutating func endField(_ byte: UInt8) -> Outcome? {
        ends.append(bytes.count)
        if byte == separator {
            state = .fieldStart
            if ends.count > limit / 8 { return tooLong() }
            return nil
        }
        endLine(byte)
        return .record
    }

    private mutating func endLine(_ byte: UInt8) {
        line += 1
        endedWithCR = byte == Self.cr
        state = .recordStart
    }

    private mutating func tooLong() -> Outcome? {
        skip("the row is longer than \(limit) bytes")
    }

    private mutating func skip(_ problem: String) -> Outcome? {
        state = .skipping
        self.problem = problem
        return nil
    }

    private mutating func skip(_ input: UnsafeBufferPointer<UInt8>, _ offset: inout Int) -> Outcome?
    {
        while offset < input.count, input[offset] != Self.lf, input[offset] != Self.cr {
            offset += 1
        }
        guard offset < input.count else { return nil }
        endLine(input[offset])
        offset += 1
        return .refused(problem)
    }
}

// MARK: - Quotes

extension CSVParser {
    private mutating func quoted(_ input: UnsafeBufferPointer<UInt8>, _ offset: inout Int)
        -> Outcome?
    {
        while true {
            let start = offset
            while offset < input.count, input[offset] != Self.quote { offset += 1 }
            let piece = UnsafeBufferPointer(rebasing: input[start..<offset])
            bytes.append(contentsOf: piece)
            keep(piece)
            if bytes.count > limit { return unclosed() }
            guard offset < input.count else { return nil }
            offset += 1
            // Two quotes mean one; this loop consumes all adjacent pairs.
            guard offset < input.count, input[offset] == Self.quote else { break }
            offset += 1
            bytes.append(Self.quote)
            if isBeyondLine { beyondLine += [Self.quote, Self.quote] }
            endedWithCR = false
        }
        if isBeyondLine { beyondLine.append(Self.quote) }
        state = .quoteSeen
        return nil
    }

    /// Counts the lines of a quoted piece and stores what follows the first of them.
    private mutating func keep(_ piece: UnsafeBufferPointer<UInt8>) {
        var from = isBeyondLine ? 0 : nil
        var previous = endedWithCR ? Self.cr : 0
        for (index, byte) in piece.enumerated() {
            if byte == Self.cr || (byte == Self.lf && previous != Self.cr) { line += 1 }
            if byte == Self.lf || byte == Self.cr, from == nil { from = index + 1 }
            let isSecond = byte == Self.lf && previous == Self.cr && from == index
            if isSecond, beyondLine.isEmpty { from = index + 1 }
            previous = byte
        }
        if !piece.isEmpty { endedWithCR = previous == Self.cr }
        guard let from else { return }
        isBeyondLine = true
        beyondLine += piece[from...]
    }

    private mutating func afterQuote(_ byte: UInt8, _ offset: inout Int) -> Outcome? {
        offset += 1
        if isBeyondLine { beyondLine.append(byte) }
        if byte == Self.quote {
            bytes.append(byte)
            endedWithCR = false
            state = .quoted
            return nil
        }
        if isEnd(byte) {
            endedWithCR = false
            return endField(byte)
        }
        return skip(
            "text follows the closing quote of field \(ends.count + 1), expected a separator; "
                + "a quote within a quoted field is written twice")
    }

    /// Returns what follows the line of the quote that does not close.
    private mutating func unclosed() -> Outcome? {
        let isWhole = bytes.count <= limit
        let problem =
            isWhole
            ? "the quote of field \(ends.count + 1) does not close"
            : "the quoted field \(ends.count + 1) is longer than \(limit) bytes, or does not close"
        guard isBeyondLine else { return skip(problem) }
        state = .recordStart
        line = quoteLine + 1
        endedWithCR = false
        bytes = []
        defer { beyondLine = [] }
        return .unclosed(problem, rest: beyondLine)
    }

    private mutating func unclosed() -> Outcome {
        let outcome: Outcome? = unclosed()
        return outcome ?? .refused(problem)
    }
}
