/// Ends a stretch of the output, such as the thoughts before an answer, that gets too long: after
/// `limit` tokens its end is written instead of what would be sampled.
package struct StretchLimit: Sendable, Hashable {
    /// Tokens between start and end, of all stretches together.
    package var limit: Int
    /// What a stretch begins with; empty for the beginning of the output.
    package var start: [Int32]
    /// What ends it; not empty.
    package var end: [Int32]

    package init(limit: Int, start: [Int32], end: [Int32]) {
        self.limit = limit
        self.start = start
        self.end = end
    }
}

/// Where an output stands in a stretch that is limited.
struct LimitedStretch: Sendable {
    private let limit: StretchLimit
    private var isInside: Bool
    private var used = 0
    /// The rest of the end, while it is written.
    private var due: ArraySlice<Int32> = []
    /// The last tokens of the output, as many as start or end have.
    private var recent: [Int32] = []

    init(_ limit: StretchLimit) {
        self.limit = limit
        isInside = limit.start.isEmpty
        if isInside { force() }
    }

    /// The token that must come next; nil if it is sampled.
    var next: Int32? { due.first }

    mutating func append(_ token: Int32) {
        recent.append(token)
        recent = recent.suffix(max(limit.start.count, limit.end.count))
        if due.first == token { due = due.dropFirst() }
        if isInside {
            used += 1
            isInside = !recent.ends(with: limit.end)
        } else if !limit.start.isEmpty {
            isInside = recent.ends(with: limit.start)
        }
        if isInside, due.isEmpty { force() }
    }

    /// Where the limit is met, what is missing of the end is due: it may have begun.
    private mutating func force() {
        guard used >= limit.limit else { return }
        let written = (0..<limit.end.count).last { recent.ends(with: limit.end.prefix($0)) } ?? 0
        due = limit.end.dropFirst(written)
    }
}

extension [Int32] {
    fileprivate func ends(with other: some Collection<Int32>) -> Bool {
        suffix(other.count).elementsEqual(other)
    }
}
