public import PluginABI
import PluginCommon
import PluginKit
import TensorRuntime

@c(roost_plugin_query_v1)
public func querySummarizer(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(SummarizerPlugin.self)
}

/// Serves models that read one text and write another, from Hugging Face directories.
enum SummarizerPlugin: Plugin {
    static let id = "org.roost.summarizer"
    static let version = "0.1.0"
    static let license = "Apache-2.0"
    static let families = Families.names
    static let flags: PluginFlags = [.ownThreads, .parallelOpen]

    static func probe(_ request: OpenRequest) throws -> Probe? {
        do {
            guard let found = try SummarizerCheckpoint(request.path) else { return nil }
            let settings = try SummarizerSettings(json: request.configJSON)
            return Probe(
                score: 80, bytesHost: found.modelBytes,
                bytesPerContext: found.sequenceBytes(settings.cacheType?.element ?? .f16),
                family: found.configuration.family)
        } catch let error as CheckpointError where error.isOfAnotherFormat {
            return nil
        }
    }

    static func open(_ request: OpenRequest) throws -> any Model {
        let settings = try SummarizerSettings(json: request.configJSON)
        guard let found = try SummarizerCheckpoint(request.path) else {
            throw PluginError(
                .unsupported,
                "'\(request.path)' is none of \(families.joined(separator: ", "))")
        }
        if let budget = request.budgetBytes, found.modelBytes > budget {
            throw PluginError(
                .outOfMemory,
                "the weights take \(found.modelBytes) bytes, the budget is \(budget)")
        }
        return try LoadedSummarizer(found, settings, request.call)
    }
}
