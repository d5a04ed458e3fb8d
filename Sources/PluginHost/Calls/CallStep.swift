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
    case loadAdapter, unloadAdapter

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
        case .loadAdapter: "load"
        case .unloadAdapter: "unload"
        default: String(describing: self)
        }
    }
}

extension CallStep {
    /// One call of each kind that the host may make; reading a message replaces its members.
    package static let calls: [any WorkerCall] = [
        Hello(), LibraryCall(path: ""), QueryCall(), AttachCall(),
        ProbeCall(request: OpenRequest(path: "")), LoadCall(request: OpenRequest(path: "")),
        VocabularyCall(), MapCall(size: 0), CloseCall(),
        TokenizeCall(text: "", flags: []),
        ForwardCall(batch: Batch()), SequenceLengthCall(sequence: 0), ClearCall(sequence: 0),
        TruncateCall(sequence: 0, length: 0),
        ForkCall(sequence: 0, destination: 0, length: 0),
        EncodeCall(source: [], sequence: 0),
        EmbedTokenizeCall(texts: [], flags: []),
        CountTokensCall(texts: [], companions: .none, flags: []),
        EmbedCall(batch: .texts([]), flags: []), ScoreCall(query: "", documents: []),
        ClassifyCall(texts: []),
        BeginTaskCall(id: JobID(rawValue: 0), name: "", input: []),
        AdvanceTaskCall(id: JobID(rawValue: 0), limit: .zero),
        BeginImageCall(id: JobID(rawValue: 0), request: ImageRequest(prompt: "")),
        StepImageCall(id: JobID(rawValue: 0)), PreviewImageCall(id: JobID(rawValue: 0)),
        FinishImageCall(id: JobID(rawValue: 0)), EndJobCall(id: JobID(rawValue: 0)),
        SelfTestCall(limit: .zero),
        LoadAdapterCall(number: 0, source: AdapterSource(path: "")), UnloadAdapterCall(number: 0),
    ]
}
