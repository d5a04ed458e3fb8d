/// Knows which tokens would complete a run that must not be written.
struct RunBans: Sendable {
    private let runs: [[Int32]]
    /// The last tokens, as many as the longest run needs before its end.
    private var recent: [Int32] = []
    private let length: Int

    init(_ runs: [[Int32]]) {
        self.runs = runs.filter { !$0.isEmpty }
        length = (self.runs.map(\.count).max() ?? 1) - 1
    }

    var isOff: Bool { runs.isEmpty }

    mutating func append(_ token: Int32) {
        guard length > 0 else { return }
        if recent.count == length { recent.removeFirst() }
        recent.append(token)
    }

    /// Forbids the last token of every run whose others have just been written.
    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        for run in runs {
            let (beginning, end) = (run.dropLast(), Int(run[run.count - 1]))
            guard end < logits.count, recent.suffix(beginning.count).elementsEqual(beginning)
            else { continue }
            logits[end] = -.infinity
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Forbids all tokens but these, which stand in rising order.
    func keepOnly(_ tokens: [Int32]) {
        var start = 0
        for token in tokens where Int(token) < count {
            self[start..<Swift.max(start, Int(token))].update(repeating: -.infinity)
            start = Int(token) + 1
        }
        self[start...].update(repeating: -.infinity)
    }
}
