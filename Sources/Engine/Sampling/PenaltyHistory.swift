/// Counts the tokens that penalties look at: the last `window` of prompt and output.
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
