public import PluginABI
import PluginCommon
import PluginKit
import TensorRuntime

@c(roost_plugin_query_v1)
public func queryLlama(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(LlamaPlugin.self)
}

/// Serves decoders from GGUF files and Hugging Face directories.
enum LlamaPlugin: Plugin {
    static let id = "org.roost.llama"
    static let version = "0.1.0"
    static let license = "Apache-2.0"
    static let families = Families.names
    static let flags: PluginFlags = [.ownThreads, .parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        do {
            let settings = { try LlamaSettings(json: request.configJSON) }
            guard let model = try DecoderCheckpoint(request.path, settings()) else { return nil }
            try model.checkFiles(settings())
            let cached = try settings().cacheType?.element ?? .f16
            return Probe(
                score: 80, bytesHost: model.weightBytes,
                bytesPerContext: model.purpose == .text
                    ? model.sequenceBytes(cached) : model.passBytes,
                family: model.decoder.family.name)
        } catch let error as CheckpointError where error.isOfAnotherFormat {
            return nil
        }
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        let settings = try LlamaSettings(json: request.configJSON)
        guard let model = try DecoderCheckpoint(request.path, settings) else {
            throw PluginError(
                .unsupported, "'\(request.path)' is of no family that this plugin serves")
        }
        if let order = settings.quantize { return try QuantizingModel(model, order) }
        if let budget = request.budgetBytes, model.weightBytes > budget {
            throw PluginError(
                .outOfMemory,
                "the weights take \(model.weightBytes) bytes, the budget is \(budget)")
        }
        switch model.purpose {
        case .text: return try LoadedDecoder(model, settings, request)
        case .embed, .rank, .classify: return try LoadedReader(model, settings, request)
        }
    }
}
