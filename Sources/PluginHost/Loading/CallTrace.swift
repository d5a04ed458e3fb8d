import CHostShims

/// Where in the plugin a thread is.
package enum CallStep: Int32, CaseIterable {
    case idle, start, library, query, attach, probe, open, describe, ability, context, vocabulary,
        map
    case tokenize, encode, forward, length, clear, truncate, fork, selfTest
    case contextFree, close, detach
    case embedTokenize, embed, embedTokens, scorePairs, classify, classifyPairs, countTokens
    case tasks, beginTask, advanceTask
    case beginImage, stepImage, previewImage, finishImage
    case endJob

    package var name: String {
        switch self {
        case .library: "dlopen"
        case .ability: "extension"
        case .context: "context_new"
        case .contextFree: "context_free"
        case .vocabulary: "vocab"
        case .length: "seq_len"
        case .clear: "seq_clear"
        case .truncate: "seq_truncate"
        case .fork: "seq_fork"
        case .selfTest: "self-test"
        case .embedTokenize: "embed_tokenize"
        case .embedTokens: "embed_tokens"
        case .scorePairs: "score_pairs"
        case .classifyPairs: "classify_pairs"
        case .countTokens: "count_tokens"
        case .tasks: "list_json"
        case .beginTask, .beginImage: "begin"
        case .advanceTask: "advance"
        case .endJob: "end"
        case .stepImage: "step"
        case .previewImage: "preview"
        case .finishImage: "finish"
        default: String(describing: self)
        }
    }
}

/// A note of the plugin call in progress, in memory that outlives the process that makes it.
struct CallTrace: @unchecked Sendable {
    /// Nil keeps no note.
    let word: UnsafeMutablePointer<Int32>?
    /// Where the plugin's words about opening stand.
    var opening = OpeningNote.none

    static let none = CallTrace(word: nil)

    func during<Result>(_ step: CallStep, _ body: () throws -> Result) rethrows -> Result {
        guard let word else { return try body() }
        let before = roost_word_load(word)
        roost_word_store(word, step.rawValue)
        defer { roost_word_store(word, before) }
        return try body()
    }

    var step: CallStep {
        word.flatMap { CallStep(rawValue: roost_word_load($0)) } ?? .idle
    }
}
