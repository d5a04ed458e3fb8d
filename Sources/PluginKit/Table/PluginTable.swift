public import PluginABI
import Synchronization

/// The C table of a plugin that is a Swift type.
public enum PluginTable {
    /// What `roost_plugin_query_v1` returns: the same static table every time.
    ///
    /// A library has one plugin: the first that asks.
    public static func query(_ plugin: any Plugin.Type) -> UnsafePointer<roost_plugin> {
        PluginImage.shared.table(of: plugin)
    }

    static func make(_ plugin: any Plugin.Type) -> roost_plugin {
        roost_plugin(
            struct_size: structSize(roost_plugin.self), abi_minor: ABI.minor,
            min_host_minor: 0, flags: plugin.flags.rawValue,
            id: roost_str(static: plugin.id), version: roost_str(static: plugin.version),
            license: roost_str(static: plugin.license), toolchain: roost_str(static: ABI.toolchain),
            families_csv: roost_str(static: plugin.families.joined(separator: ",")),
            attach: attachPlugin, detach: detachPlugin, probe: probeModel, open: openModel,
            close: closeModel, context_new: makeContext, context_free: freeContext,
            info_json: writeInfo, extension: findExtension)
    }
}

// MARK: - Plugin

private func attachPlugin(
    host: UnsafePointer<roost_host>?, out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        guard let host, let out else {
            throw PluginError(.argument, "the host's table or the place for self is null")
        }
        guard let services = HostServices(host) else {
            throw PluginError(
                .version,
                "the host's table has \(host.pointee.struct_size) bytes, expected at least 16")
        }
        try PluginImage.shared.attach(services)
        out.pointee = Unmanaged.passUnretained(PluginImage.shared).toOpaque()
    }
}

private func detachPlugin(self: UnsafeMutableRawPointer?) {
    PluginImage.shared.detach()
}

private func probeModel(
    self: UnsafeMutableRawPointer?, input: UnsafePointer<roost_open>?,
    out: UnsafeMutablePointer<roost_probe>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let plugin = try PluginImage.shared.plugin()
        let request = try OpenRequest(input, call)
        // A model without files belongs to another plugin.
        let found =
            request.path.isEmpty && plugin.needsSource ? nil : try plugin.probe(request)
        let probe = roost_probe(
            struct_size: structSize(roost_probe.self),
            score: Int32(clamping: min(found?.score ?? 0, Int(ABI.bestScore))),
            bytes_host: found?.bytesHost ?? 0,
            bytes_per_context: found?.bytesPerContext ?? 0,
            family: found.map { PluginImage.shared.intern($0.family) } ?? roost_str())
        try fill(out, "roost_probe", size: \.struct_size, with: probe)
    }
}

private func openModel(
    self: UnsafeMutableRawPointer?, input: UnsafePointer<roost_open>?,
    out: UnsafeMutablePointer<OpaquePointer?>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let plugin = try PluginImage.shared.plugin()
        guard let out else {
            throw PluginError(.argument, "the place for the model is null")
        }
        let request = try OpenRequest(input, call)
        guard !request.path.isEmpty || !plugin.needsSource else {
            throw PluginError(.argument, "the model has no source; name its file or folder")
        }
        let model = try plugin.open(request)
        out.pointee = OpaquePointer(owning: ModelBox(model))
        PluginImage.shared.modelOpened()
    }
}

extension OpenRequest {
    fileprivate init(_ pointer: UnsafePointer<roost_open>?, _ call: Call) throws {
        let input = try checked(pointer, "roost_open", size: \.struct_size)
        path = try input.path.string("path")
        guard !path.utf8.contains(0) else {
            throw PluginError(.argument, "the path contains a NUL")
        }
        configJSON = try input.config_json.string("config_json")
        budgetBytes = input.budget_bytes == 0 ? nil : input.budget_bytes
        host = try PluginImage.shared.attachedHost()
        self.call = call
        opening = input.opening
    }
}

// MARK: - Model

private func closeModel(model: OpaquePointer?) {
    guard let model, let box = try? (model as OpaquePointer?).box(ModelBox.self, "model") else {
        return
    }
    let contexts = box.contexts.load(ordering: .relaxed)
    if contexts > 0 {
        PluginImage.shared.host?.log(
            .error, "a model was closed with \(contexts) contexts left", from: "PluginKit")
    }
    PluginImage.shared.modelClosed()
    model.release(ModelBox.self)
}

private func writeInfo(
    model: OpaquePointer?, out: roost_sink, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        try Sink(out).put(model.box(ModelBox.self, "model").infoJSON)
    }
}

private func findExtension(
    model: OpaquePointer?, id: UnsafePointer<CChar>?
) -> UnsafeRawPointer? {
    guard let id, let box = try? model.box(ModelBox.self, "model") else { return nil }
    return switch ExtensionID(rawValue: String(cString: id)) {
    case .tokens: box.text == nil ? nil : TokensTable.pointer
    case .decode: box.decodes ? DecodeTable.pointer : nil
    case .adapters: box.model is any AdaptableModel ? AdaptersTable.pointer : nil
    case .encode: box.encode?.pointer
    case .vectors: box.vectors?.pointer
    case .image: box.draws ? ImageTable.pointer : nil
    case .task: box.tasks.isEmpty ? nil : TaskTable.pointer
    case .selfTest: box.testsItself ? SelfTestTable.pointer : nil
    case .sequenceIO, nil: nil
    }
}

// MARK: - Context

private func makeContext(
    model: OpaquePointer?, parameters: UnsafePointer<roost_context_params>?,
    out: UnsafeMutablePointer<OpaquePointer?>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try model.box(ModelBox.self, "model")
        let parameters = try ContextParameters(parameters)
        guard let out else {
            throw PluginError(.argument, "the place for the context is null")
        }
        let context: any ModelContext = try box.model.makeContext(parameters, call: call)
        out.pointee = OpaquePointer(owning: ContextBox(context, of: box))
    }
}

extension ContextParameters {
    fileprivate init(_ pointer: UnsafePointer<roost_context_params>?) throws {
        let input = try checked(pointer, "roost_context_params", size: \.struct_size)
        guard input.n_seq > 0 else {
            throw PluginError(.argument, "n_seq is 0, expected at least 1")
        }
        sequences = Int(input.n_seq)
        contextLength = input.n_ctx == 0 ? nil : Int(input.n_ctx)
        batchSize = input.n_batch == 0 ? nil : Int(input.n_batch)
        configJSON = try input.config_json.string("config_json")
    }
}

private func freeContext(context: OpaquePointer?) {
    context?.release(ContextBox.self)
}
