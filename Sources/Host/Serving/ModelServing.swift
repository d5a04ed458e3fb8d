import Engine
import JSON
import PluginHost
import Services

/// What answers requests for one revision of a model: an engine for what it can do.
package final class ModelServing: RevisionServing {
    /// For a model that generates text.
    let text: TextServing?
    /// For a model that makes embeddings, scores, classes, or runs tasks.
    let vectors: VectorEngine?
    /// The plugin's own tasks, by name; needs `vectors`.
    let tasks: ModelTasks
    /// For an image model.
    let images: ImageEngine?
    /// For a model that exposes its tokens.
    let tokenizer: ModelTokenizer?
    package let warnings: [String]
    /// Identifies the weights; empty for a model without embeddings.
    let fingerprint: Task<String, Never>
    /// The same from samples of large files, for every model that generates text.
    let sample: Task<String, Never>

    /// Starts the model if necessary.
    ///
    /// - Throws: `EngineError.unsupported` for a model without any ability that the host has a
    ///   route for.
    init(_ supervisor: ModelSupervisor, _ spec: ModelSpec, _ settings: Settings.Model?) throws {
        let description = try supervisor.current().description
        guard !description.capabilities.isEmpty || !description.tasks.isEmpty else {
            throw EngineError.unsupported("anything that this host has a route for")
        }
        func options(_ usual: EngineOptions) -> EngineOptions {
            var options = usual
            options.parallel = spec.parallel
            options.queueLimit = settings?.queue ?? usual.queueLimit
            options.guesses = settings?.speculates ?? false
            options.stepDeadline = settings?.stepTimeout ?? usual.stepDeadline
            return options
        }
        text =
            description.decode == nil
            ? nil
            : TextServing(
                try TextEngine(supervisor: supervisor, options: options(.text)),
                chat: settings?.chat ?? Settings.Chat())
        vectors =
            description.vectors == nil && description.tasks.isEmpty
            ? nil
            : try VectorEngine(supervisor: supervisor, options: options(.vectors))
        tasks = ModelTasks(description.tasks)
        images =
            description.image == nil
            ? nil
            : try ImageEngine(supervisor: supervisor, options: options(.images))
        tokenizer = try text?.engine.tokenizer ?? ModelTokenizer(supervisor)
        let facts = "\(spec.configJSON)\0\(description.pluginID)"
        warnings =
            ModelInfo(description).warnings + (text?.prompt.warnings ?? []) + tasks.warnings
        // Taken now, while the files are those that were loaded.
        fingerprint = Task {
            guard description.can(.embeddings) else { return "" }
            return await ModelFingerprint.of(spec.source, and: facts)
        }
        sample = Task {
            guard description.can(.completion) else { return "" }
            return await ModelFingerprint.of(spec.source, and: facts, reading: .parts)
        }
    }

    package func drain(upTo limit: Duration) async {
        await text?.drain(upTo: limit)
        await vectors?.drain(upTo: limit)
        await images?.drain(upTo: limit)
    }

    package func stop() async {
        await text?.stop()
        await vectors?.stop()
        await images?.stop()
    }
}

extension ModelInfo {
    /// Faults in the plugin's description of its model.
    fileprivate var warnings: [String] {
        let unknown = (json.object?.keys).map { $0.filter { !InfoSchema.keys.contains($0) } } ?? []
        return problems
            + unknown.compactMap { key in
                NearestName.of(key, among: InfoSchema.keys).map {
                    "info_json: \"\(key)\" is not known; did you mean \"\($0)\"?"
                }
            }
    }
}

// MARK: - Capabilities

extension ModelDescription {
    /// What an open model is for. An encoder-decoder also completes text if it is named: it reads
    /// the prompt as its source.
    var capabilities: [Capability] {
        Capability.allCases.filter { can($0) && !($0 == .completion && encoder != nil) }
    }

    func can(_ capability: Capability) -> Bool {
        switch capability {
        case .chat: decode != nil && encoder == nil
        case .completion: decode != nil
        case .summarize: decode != nil && encoder != nil
        case .embeddings: (vectors?.dimensions ?? 0) > 0
        case .rerank: vectors?.scoresPairs == true
        case .classify: vectors?.classifies == true
        case .image: image != nil
        case .entities, .answer: tasks.contains { $0.name == capability.rawValue }
        }
    }
}
