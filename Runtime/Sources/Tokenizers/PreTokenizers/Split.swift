/// Splits text at the matches of a pattern, including an empty match between two characters. Bytes
/// that are not UTF-8 match nothing and are separate.
struct Split: PreTokenizer {
    /// What happens to the delimiters, the stretches that end a word.
    enum Behavior: String {
        case removed = "Removed"
        /// Each is a word.
        case isolated = "Isolated"
        /// Each ends the word before it.
        case mergedWithPrevious = "MergedWithPrevious"
        /// Each begins the word after it.
        case mergedWithNext = "MergedWithNext"
        /// Adjacent ones form one word.
        case contiguous = "Contiguous"
    }

    let pattern: Pattern
    let behavior: Behavior
    /// The delimiters are what lies between the matches.
    let inverted: Bool

    init(_ pattern: Pattern, _ behavior: Behavior = .isolated, inverted: Bool = false) {
        self.pattern = pattern
        self.behavior = behavior
        self.inverted = inverted
    }

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        var words = Words(behavior: behavior)
        try forEachStretch(of: text) { range, isDelimiter in
            if let word = words.add(range, isDelimiter), !word.isEmpty {
                try emit(text.extracting(word), WordOrigin(word, place))
            }
        }
        if let word = words.pending, !word.isEmpty {
            try emit(text.extracting(word), WordOrigin(word, place))
        }
    }

    private func forEachStretch(
        of text: Span<UInt8>, _ body: (_ range: Range<Int>, _ isDelimiter: Bool) throws -> Void
    ) throws {
        try UTF8Runs.forEach(text) { run, isValid in
            var end = run.lowerBound
            if isValid {
                try pattern.forEachMatch(in: text.extracting(run)) { match in
                    let start = run.lowerBound + match.lowerBound
                    if end < start { try body(end..<start, inverted) }
                    end = run.lowerBound + match.upperBound
                    try body(start..<end, !inverted)
                }
            }
            if end < run.upperBound { try body(end..<run.upperBound, inverted) }
        }
    }
}

/// Joins stretches into words by a behavior.
private struct Words {
    let behavior: Split.Behavior
    /// The unfinished word, if it may still grow.
    private(set) var pending: Range<Int>?
    private var pendingIsDelimiter = false

    init(behavior: Split.Behavior) { self.behavior = behavior }

    /// Adds the next stretch.
    ///
    /// - Returns: the word that it completes.
    mutating func add(_ stretch: Range<Int>, _ isDelimiter: Bool) -> Range<Int>? {
        let joins =
            switch behavior {
            case .removed, .isolated: false
            case .contiguous: isDelimiter == pendingIsDelimiter
            case .mergedWithPrevious: isDelimiter && !pendingIsDelimiter
            case .mergedWithNext: !isDelimiter && pendingIsDelimiter
            }
        if joins, let begun = pending {
            pending = begun.lowerBound..<stretch.upperBound
            pendingIsDelimiter = isDelimiter
            return nil
        }
        let complete = pending
        pending = behavior == .removed && isDelimiter ? nil : stretch
        pendingIsDelimiter = isDelimiter
        return complete
    }
}
