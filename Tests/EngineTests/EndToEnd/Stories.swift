import Engine
import Foundation
import JSON
import PluginHost
import TestFixtures
import Testing

/// A small trained Llama and what llama.cpp makes of it: `../shared/models/stories260K`.
struct Stories {
    struct Case: Sendable {
        let prompt: String
        let promptIDs: [Int32]
        let greedyIDs: [Int32]
        let text: String
        /// The five likeliest first tokens with their log probabilities.
        let top: [(id: Int32, logprob: Float)]
    }

    private static let folder = "models/stories260K"
    /// The tests run from the folder that holds everything that was built.
    private static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
    private static let library = products + "/libLlama.so"

    static func cases() throws -> [Case] {
        let data = try TestFiles.data(TestFiles.shared("\(folder)/golden.json"))
        return (try JSONValue(parsing: data)["cases"]?.array ?? []).map { item in
            Case(
                prompt: item["prompt"]?.string ?? "", promptIDs: ids(item["prompt_ids"]),
                greedyIDs: ids(item["greedy_ids"]), text: item["text"]?.string ?? "",
                top: (item["first_step_top5"]?.array ?? []).compactMap { pair in
                    guard let id = pair[0]?.integer, let value = pair[1]?.number else { return nil }
                    return (Int32(id), Float(value))
                })
        }
    }

    private static func ids(_ value: JSONValue?) -> [Int32] {
        (value?.array ?? []).compactMap { $0.integer.map(Int32.init) }
    }

    /// A supervisor of the model, in a worker or in this process.
    static func supervisor(
        _ isolation: Isolation, sequences: Int = 8, policy: RestartPolicy = .eager
    ) throws -> ModelSupervisor {
        let store = FileManager.default.temporaryDirectory.appending(path: "roost-engine-tests")
            .path
        var options = PluginHostOptions(store: store)
        options.worker = WorkerLaunch(executable: products + "/TestWorker")
        let loader = ModelLoader(options)
        let plugin = try loader.stage(
            PluginSpec(name: "llama", library: library, isolation: isolation))
        let model = try TestFiles.shared("\(folder)/stories260K.gguf")
        let request = OpenRequest(path: model, sequences: sequences)
        return ModelSupervisor(name: "stories", policy: policy) {
            try loader.launch(plugin, name: "stories", request)
        }
    }
}
