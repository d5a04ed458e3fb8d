public import PluginABI
import PluginKit
import TensorRuntime

@c(roost_plugin_query_v1)
public func queryLlama(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(LlamaPlugin.self)
}

/// Serves LlamaForCausalLM from GGUF files and Hugging Face directories.
enum LlamaPlugin: Plugin {
    static let id = "org.roost.llama"
    static let version = "0.1.0"
    static let license = "Apache-2.0"
    static let families = ["llama"]
    static let flags: PluginFlags = [.ownThreads, .parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        do {
            guard let llama = try LlamaCheckpoint(request.path) else { return nil }
            try llama.checkFiles(LlamaSettings(json: request.configJSON))
            return Probe(
                score: 80, bytesHost: llama.weightBytes, bytesPerContext: llama.sequenceBytes,
                family: "llama")
        } catch let error as CheckpointError where error.isOfAnotherFormat {
            return nil
        }
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        let settings = try LlamaSettings(json: request.configJSON)
        guard let llama = try LlamaCheckpoint(request.path) else {
            throw PluginError(.unsupported, "'\(request.path)' is not a Llama")
        }
        if let budget = request.budgetBytes, llama.weightBytes > budget {
            throw PluginError(
                .outOfMemory,
                "the weights take \(llama.weightBytes) bytes, the budget is \(budget)")
        }
        return try LoadedLlama(llama, settings, request.call)
    }
}
