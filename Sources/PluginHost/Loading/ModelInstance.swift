import PluginABI

/// A model that is open in this process, with its one context: the plugin's functions, with checks
/// of all arguments and results.
///
/// Calls follow the header's thread rules; `close` comes last, exactly once.
package final class ModelInstance: @unchecked Sendable {
    let library: PluginLibrary
    let description: ModelDescription
    let vocabulary: Vocabulary?
    let model: OpaquePointer
    let context: OpaquePointer
    /// The tables of all extensions; those of most calls stand below, read once.
    let extensions: Extensions
    let tokens: roost_ext_tokens?
    let decode: roost_ext_decode?
    let encode: roost_ext_encode?
    let vectors: roost_ext_vectors?
    let task: roost_ext_task?
    let image: roost_ext_image?
    let selfTest: roost_ext_selftest?
    private let budget: UInt64
    /// Tasks and images in progress; only the lane touches it.
    var jobs = JobTable()

    /// Opens, makes the context and reads what the model says about itself.
    ///
    /// - Parameter probe: what the plugin said of the model before. The score chooses between plugins; a
    ///   plugin that the settings name opens what it is given.
    /// - Throws: `ModelFailure`; whatever was open is closed again.
    init(
        _ library: PluginLibrary, _ request: OpenRequest, probe: Probe, trace: CallTrace
    ) throws {
        budget = request.budgetBytes
        let opened = try request.namingFiles(of: probe) {
            try library.open(request, trace: trace)
        }
        do {
            self.library = library
            model = opened.model
            context = opened.context
            extensions = Extensions(library.table, opened.model, trace: trace)
            tokens = try extensions.table(.tokens, as: roost_ext_tokens.self)
            decode = try extensions.table(.decode, as: roost_ext_decode.self)
            encode = try extensions.table(.encode, as: roost_ext_encode.self)
            vectors = try extensions.table(.vectors, as: roost_ext_vectors.self)
            task = try extensions.table(.task, as: roost_ext_task.self)
            image = try extensions.table(.image, as: roost_ext_image.self)
            selfTest = try extensions.table(.selfTest, as: roost_ext_selftest.self)
            let capabilities = try decode.map {
                try DecodeCapabilities(of: opened.context, $0, trace: trace)
            }
            let encoder = try encode.map { try EncoderCapabilities($0, with: capabilities) }
            vocabulary = try tokens.map { try Vocabulary(of: opened.model, $0, trace: trace) }
            if let capabilities { try vocabulary?.check(against: capabilities) }
            let vectorCapabilities = try vectors.map {
                try VectorCapabilities(of: opened.model, $0, trace: trace)
            }
            let tasks = try task.map {
                try ModelDescription.tasks(of: opened.model, $0, trace: trace)
            }
            let infoJSON = try library.info(of: opened.model, trace: trace)
            let identity = library.identity
            description = ModelDescription(
                pluginID: identity.id, pluginVersion: identity.version,
                pluginLicense: identity.license, toolchain: identity.toolchain,
                family: probe.family, infoJSON: infoJSON,
                extensions: extensions.ids, decode: capabilities, encoder: encoder,
                vectors: vectorCapabilities,
                image: try image.map { try ImageCapabilities($0, infoJSON: infoJSON) },
                tasks: tasks ?? [],
                bytesHost: probe.bytesHost, bytesPerContext: probe.bytesPerContext,
                budgetBytes: request.budgetBytes, allocated: library.services.allocated)
        } catch {
            library.close(opened.model, opened.context, trace: trace)
            library.services.revoke(budget)
            throw error
        }
    }

    /// Ends all jobs, frees the context and closes the model.
    func close(trace: CallTrace) {
        jobs.endAll(trace: trace)
        library.close(model, context, trace: trace)
        library.services.revoke(budget)
    }
}

// MARK: - The plugin's own calls

extension PluginLibrary {
    /// Reads the headers of a model's files.
    func probe(_ request: OpenRequest, trace: CallTrace) throws -> Probe {
        var out = roost_probe()
        out.struct_size = UInt32(MemoryLayout<roost_probe>.size)
        try load { attached in
            try request.withPluginOpen { open in
                try callLoading(.probe, trace: trace) { table.probe(attached, open, &out, $0) }
            }
        }
        guard (0...ABI.bestScore).contains(out.score) else {
            throw ModelFailure.broken(
                step: CallStep.probe.name,
                reason: "score \(out.score), expected 0 to \(ABI.bestScore)")
        }
        let family = try trace.during(.probe) {
            try String(out.family, named: "family", in: .probe)
        }
        return Probe(
            score: Int(out.score), family: family, bytesHost: out.bytes_host,
            bytesPerContext: out.bytes_per_context)
    }

    fileprivate func open(
        _ request: OpenRequest, trace: CallTrace
    ) throws -> (model: OpaquePointer, context: OpaquePointer) {
        services.grant(request.budgetBytes)
        do {
            return try load { attached in
                let model = try openModel(request, attached, trace: trace)
                do {
                    return (model, try makeContext(request, model, trace: trace))
                } catch {
                    trace.during(.close) { table.close(model) }
                    throw error
                }
            }
        } catch {
            services.revoke(request.budgetBytes)
            throw error
        }
    }

    private func openModel(
        _ request: OpenRequest, _ attached: UnsafeMutableRawPointer?, trace: CallTrace
    ) throws -> OpaquePointer {
        var model: OpaquePointer?
        let listener = OpeningListener(trace.opening) { [services, identity] in
            services.note($0, from: identity.id)
        }
        try listener.listen { opening in
            try request.withPluginOpen(opening) { request in
                try callLoading(.open, trace: trace) { table.open(attached, request, &model, $0) }
            }
        }
        return try require(model, "the model of a successful open", in: .open)
    }

    private func makeContext(
        _ request: OpenRequest, _ model: OpaquePointer, trace: CallTrace
    ) throws -> OpaquePointer {
        var context: OpaquePointer?
        try request.configJSON.withPluginString { config in
            var parameters = roost_context_params(
                struct_size: UInt32(MemoryLayout<roost_context_params>.size),
                n_seq: UInt32(clamping: max(1, request.sequences)),
                n_ctx: UInt32(clamping: request.contextLength),
                n_batch: UInt32(clamping: request.batchSize), config_json: config)
            try callLoading(.context, trace: trace) {
                table.context_new(model, &parameters, &context, $0)
            }
        }
        return try require(context, "the context of a successful context_new", in: .context)
    }

    fileprivate func info(of model: OpaquePointer, trace: CallTrace) throws -> [UInt8] {
        try collectLoading(.describe, limit: 4 << 20, trace: trace) {
            table.info_json(model, $0, $1)
        }
    }

    fileprivate func close(_ model: OpaquePointer, _ context: OpaquePointer, trace: CallTrace) {
        trace.during(.contextFree) { table.context_free(context) }
        trace.during(.close) { load { _ in table.close(model) } }
    }
}

/// Calls a function of a plugin that loads: what it refuses is a failure of that stage.
func callLoading(
    _ step: CallStep, trace: CallTrace, _ body: (UnsafePointer<roost_call>) -> roost_status
) throws {
    do {
        try callPlugin(step, trace: trace, body)
    } catch ModelFailure.refused(_, _, let message) {
        throw ModelFailure.load(stage: LoadStage(rawValue: step.name) ?? .describe, reason: message)
    }
}

/// What such a function puts out.
func collectLoading(
    _ step: CallStep, limit: Int, trace: CallTrace,
    _ body: (roost_sink, UnsafePointer<roost_call>) -> roost_status
) throws -> [UInt8] {
    try OutputSink.collect(step, limit: limit) { sink in
        try callLoading(step, trace: trace) { body(sink, $0) }
    }
}

extension OpenRequest {
    /// Adds a description of the files to the refusal of a plugin that does not serve them.
    fileprivate func namingFiles<Result>(
        of probe: Probe, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch ModelFailure.load(let stage, let reason) where probe.score == 0 && !path.isEmpty {
            let files = ModelFiles(path)
            throw ModelFailure.load(stage: stage, reason: "\(reason); '\(files.name)' \(files)")
        }
    }

    fileprivate func withPluginOpen<Result>(
        _ opening: roost_opening = roost_opening(),
        _ body: (UnsafePointer<roost_open>) throws -> Result
    ) rethrows -> Result {
        try path.withPluginString { path in
            try configJSON.withPluginString { config in
                var open = roost_open(
                    struct_size: UInt32(MemoryLayout<roost_open>.size), reserved: 0,
                    path: path, config_json: config, budget_bytes: budgetBytes,
                    opening: opening)
                return try body(&open)
            }
        }
    }
}
