package import Grammar

/// A client's request for text.
package struct GenerationRequest: Sendable {
    package private(set) var basis = SequenceBasis()
    /// What the text is generated with; nil is the model alone.
    package var adapter: AdapterLease? {
        didSet { basis.adapter = adapter?.number ?? 0 }
    }
    /// The prompt. For an encoder-decoder, the beginning of the output; empty for the model's own.
    package var prompt: [Int32]
    package var sampling = SamplingParameters()
    /// Texts that end the output.
    package var stop: [String] = []
    /// Tokens that end the output, beside the model's own.
    package var stopTokens: Set<Int32> = []
    /// The text, or the token, of `stop` and `stopTokens` that ended the output is part of it.
    package var includesStop = false
    /// Control tokens, except the model's own end, are written as their text.
    package var showsControlTokens = false
    /// Tokens that are reported as such, `GenerationEvent.mark`, and not as text.
    package var marks: Set<Int32> = []
    /// A stretch of the output that is ended where it gets too long.
    package var stretch: StretchLimit?
    /// The longest output in tokens; nil is what is left of the context. 0 computes only the
    /// prompt.
    package var maxTokens: Int?
    /// The shortest output in tokens: no end token is sampled before.
    package var minTokens = 0
    /// Reports each token's log probability and those of this many likeliest ones; nil: none.
    package var logprobs: Int?
    /// The prompt's text, and with `logprobs` its log probabilities, come first in the output.
    package var echo = false
    /// Reports the log probability of each token of the prompt, its rank, and this many likeliest ones;
    /// nil: none.
    package var promptLogprobs: Int?
    /// With `logprobs`, the token that ends the output is reported too, without a text.
    package var reportsEnd = false
    /// Sums up the log probabilities of the output, for `Usage.logprob`.
    package var sumsLogprobs = false
    /// Only this many of the last tokens of source or prompt are read; -1 is as many as leave room for
    /// `maxTokens`.
    package var inputLimit: Int?
    /// What happens when the context is full.
    package var overflow = Overflow.end
    /// End tokens are never sampled: the output ends by `stop` or length only.
    package var ignoreEOS = false
    /// Requests with a lower number come first, to the model and to the rows of its steps.
    package var priority = 0
    /// Who it is for: clients share a busy model by what they have had of it.
    package var client = Client()
    /// What the output must be like; only tokens that it allows are sampled, and it ends where its
    /// text must. Stop strings count only where the text before them is complete.
    package var constraint: TokenGrammar?
    /// From submission to the last token; nil is the engine's default.
    package var deadline: Duration?

    package init(prompt: [Int32]) {
        self.prompt = prompt
    }

    package init(source: [Int32]) {
        basis.source = source
        prompt = []
    }

    /// The source text of an encoder-decoder; nil for models without an encoder.
    package var source: [Int32]? {
        get { basis.source }
        set { basis.source = newValue }
    }

    /// Identity is what the model is fed; how the output is sampled does not matter.
    var fingerprint: Int { Fingerprint.of("generation", basis, prompt) }

    /// The tokens that the client has sent.
    var inputCount: Int { source?.count ?? prompt.count }
}

/// What the states of a sequence depend on beside its tokens: only one with the same basis can be
/// reused.
package struct SequenceBasis: Hashable, Sendable {
    /// The source text of an encoder-decoder; nil for models without an encoder.
    package var source: [Int32]?
    /// The number of the adapter, 0 for the model alone.
    package var adapter: UInt32 = 0

    package init() {}

    /// The basis of a sequence that has read no source yet.
    var unread: SequenceBasis {
        var basis = self
        basis.source = nil
        return basis
    }
}

/// What becomes of a prompt or an output that the context does not hold.
package enum Overflow: Sendable, Equatable {
    /// A prompt that leaves no room is refused, and an output ends.
    case end
    /// The oldest tokens behind the first `keep` make room: `Usage.droppedTokens`.
    case shift(keep: Int)
}

/// A part of the output.
package enum GenerationEvent: Sendable, Equatable {
    /// Log probabilities of the next tokens of the prompt, the first of which has none.
    case prompt([TokenLogProb])
    /// Text that follows what came before; `tokens` is empty unless log probabilities are wanted.
    case text(String, tokens: [TokenLogProb])
    /// One of the request's marks, after the text before it.
    case mark(Int32)
    /// The last event.
    case finished(FinishReason, Usage)
}

/// The output of one request.
package typealias GenerationStream = JobEvents<GenerationEvent>

extension GenerationEvent: JobEvent {
    /// Unread text is one event, so that a slow reader costs no more than its text.
    package mutating func join(_ next: GenerationEvent) -> Bool {
        if case .prompt(let scores) = self, case .prompt(let others) = next {
            self = .prompt(scores + others)
            return true
        }
        guard case .text(var text, var tokens) = self, case .text(let more, let others) = next
        else {
            return false
        }
        // So that they are not copied.
        self = .text("", tokens: [])
        text += more
        tokens += others
        self = .text(text, tokens: tokens)
        return true
    }
}

package enum FinishReason: Sendable, Equatable {
    /// The model ended its turn, or a stop token came.
    case stop
    /// The text met this one of the request's stop strings.
    case stopString(String)
    /// `maxTokens` or the end of the context was reached.
    case length
}

/// What a request cost.
package struct Usage: Sendable, Equatable {
    package var promptTokens = 0
    /// Prompt tokens that were already in the model and not computed again.
    package var cachedTokens = 0
    /// Sampled tokens, an end token among them.
    package var completionTokens = 0
    /// Tokens of prompt and output that made room for others: `Overflow.shift`.
    package var droppedTokens = 0
    /// The sum of the sampled tokens' log probabilities, where `sumsLogprobs` asks for it.
    package var logprob = 0.0
    /// The seed of the random draws, given or chosen.
    package var seed: UInt64 = 0

    package init() {}
}

/// A token with its log probability under the model's own distribution, before any sampling transform.
package struct TokenLogProb: Sendable, Equatable {
    package struct Alternative: Sendable, Equatable {
        package var id: Int32
        package var bytes: [UInt8]
        package var logprob: Float

        /// The bytes as text, invalid ones as U+FFFD.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    package var id: Int32
    package var bytes: [UInt8]
    /// Where in the text it begins, in Unicode scalars: after the whole ones before it.
    package var offset = 0
    /// Nil for the first token of a prompt, which nothing predicts.
    package var logprob: Float?
    /// How many tokens are at least as likely, itself among them; only of a prompt's tokens.
    package var rank: Int?
    /// The likeliest tokens, best first.
    package var top: [Alternative]

    /// The bytes as text, invalid ones as U+FFFD.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
