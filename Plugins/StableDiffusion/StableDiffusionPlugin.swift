public import PluginABI
import PluginKit
import TensorRuntime

@c(roost_plugin_query_v1)
public func queryStableDiffusion(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(StableDiffusionPlugin.self)
}

/// Serves Stable Diffusion from diffusers directories.
enum StableDiffusionPlugin: Plugin {
    static let id = "org.roost.stable-diffusion"
    static let version = "0.1.0"
    static let license = "Apache-2.0"
    static let families = ["stable-diffusion"]
    static let flags: PluginFlags = [.ownThreads, .parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        guard let pipeline = try PipelineFolder(request.path) else { return nil }
        let settings = try StableDiffusionSettings(json: request.configJSON)
        return Probe(
            score: 80, bytesHost: pipeline.weightBytes,
            bytesPerContext: try pipeline.defaults(settings).imageBytes(pipeline.autoencoder),
            family: "stable-diffusion")
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        let settings = try StableDiffusionSettings(json: request.configJSON)
        guard let pipeline = try PipelineFolder(request.path) else {
            throw PluginError(
                .unsupported,
                "'\(request.path)' is not Stable Diffusion: no model_index.json names it")
        }
        let image = try pipeline.defaults(settings).imageBytes(pipeline.autoencoder)
        let bytes = pipeline.weightBytes + image
        if let budget = request.budgetBytes, bytes > budget {
            throw PluginError(
                .outOfMemory, "the model takes \(bytes) bytes, the budget is \(budget)")
        }
        return try LoadedPipeline(pipeline, settings, request.call)
    }
}
