/// Counts the tokens that penalties apply to: the last `window` of prompt and output.
struct PenaltyHistory: Sendable {
    private struct Occurrences {
        var all = 0
        var generated = 0
    }

    private let repetition, frequency, presence: Float
    private let window: Int?
    private var occurrences: [Int32: Occurrences] = [:]
    /// The tokens in the window, oldest first from `start`; unused without a window.
    private var recent: [(token: Int32, generated: Bool)] = []
    private var start = 0

    init(_ parameters: SamplingParameters) {
        repetition = parameters.repetitionPenalty
        frequency = parameters.frequencyPenalty
        presence = parameters.presencePenalty
        window = parameters.penaltyWindow
    }

    var isOff: Bool { repetition == 1 && frequency == 0 && presence == 0 || window == 0 }

    mutating func append(_ token: Int32, generated: Bool) {
        guard !isOff else { return }
        count(token, generated, 1)
        guard let window else { return }
        if recent.count < window {
            recent.append((token, generated))
        } else {
            count(recent[start].token, recent[start].generated, -1)
            recent[start] = (token, generated)
            start = (start + 1) % window
        }
    }

    private mutating func count(_ token: Int32, _ generated: Bool, _ change: Int) {
        var counted = occurrences[token] ?? Occurrences()
        counted.all += change
        counted.generated += generated ? change : 0
        occurrences[token] = counted.all == 0 ? nil : counted
    }

    /// Lowers the logits of the tokens in the window.
    ///
    ///     l = l / repetition if l > 0, else l · repetition      (Keskar et al. 2019, arXiv:1909.05858, eq. 2)
    ///     l = l - frequency · count - presence, if generated
    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        for (token, counted) in occurrences where Int(token) < logits.count {
            var logit = logits[Int(token)]
            logit = logit > 0 ? logit / repetition : logit * repetition
            if counted.generated > 0 {
                logit -= frequency * Float(counted.generated) + presence
            }
            logits[Int(token)] = logit
        }
    }
}

/// Knows which tokens would repeat a run of `size` tokens.
struct NGramHistory: Sendable {
    private let size: Int
    private var tokens: [Int32] = []
    /// What has followed each run of `size - 1` tokens.
    private var followers: [[Int32]: Set<Int32>] = [:]

    /// - Parameter size: 0 remembers nothing.
    init(size: Int) {
        self.size = size
    }

    var isOff: Bool { size == 0 }

    mutating func append(_ token: Int32) {
        guard !isOff else { return }
        if tokens.count >= size - 1 { followers[end, default: []].insert(token) }
        tokens.append(token)
    }

    /// Forbids the tokens that have followed the last `size - 1` before.
    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        guard !isOff, tokens.count >= size - 1 else { return }
        for token in followers[end] ?? [] where Int(token) < logits.count {
            logits[Int(token)] = -.infinity
        }
    }

    private var end: [Int32] { Array(tokens.suffix(size - 1)) }
}

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
    /// Forbids all tokens but these, which are in ascending order.
    func keepOnly(_ tokens: [Int32]) {
        var start = 0
        for token in tokens where Int(token) < count {
            self[start..<Swift.max(start, Int(token))].update(repeating: -.infinity)
            start = Int(token) + 1
        }
        self[start...].update(repeating: -.infinity)
    }
}
