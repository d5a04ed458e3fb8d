public import PluginABI
import PluginCommon
import PluginKit
import TensorRuntime

@c(roost_plugin_query_v1)
public func queryBert(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(BertPlugin.self)
}

/// Serves encoders of the BERT kind from GGUF files and Hugging Face directories.
enum BertPlugin: Plugin {
    static let id = "org.roost.bert"
    static let version = "0.1.0"
    static let license = "Apache-2.0"
    static let families = Families.names
    static let flags: PluginFlags = [.ownThreads, .parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        do {
            guard let bert = try BertCheckpoint(request.path) else { return nil }
            let settings = try BertSettings(json: request.configJSON)
            try bert.checkFiles(settings)
            return Probe(
                score: 80, bytesHost: bert.modelBytes(settings.roundedTo.precision),
                bytesPerContext: bert.passBytes, family: bert.configuration.family)
        } catch let error as CheckpointError where error.isOfAnotherFormat {
            return nil
        }
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        let settings = try BertSettings(json: request.configJSON)
        guard let bert = try BertCheckpoint(request.path) else {
            throw PluginError(
                .unsupported,
                "'\(request.path)' is none of \(families.joined(separator: ", "))")
        }
        let bytes = bert.modelBytes(settings.roundedTo.precision) + bert.passBytes
        if let budget = request.budgetBytes, bytes > budget {
            throw PluginError(
                .outOfMemory, "the model takes \(bytes) bytes, the budget is \(budget)")
        }
        return try LoadedBert(bert, settings, request.call)
    }
}
