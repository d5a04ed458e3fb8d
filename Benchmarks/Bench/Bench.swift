import Glibc
import PluginHost

/// A model of a plugin, opened as the host opens it.
struct Bench {
    private let loader: ModelLoader
    private let library: String
    private let model: String

    /// - Parameters:
    ///   - library: the path of a plugin.
    ///   - model: the path of a model that it serves.
    init(library: String, model: String) throws {
        let store = "/tmp/roost-bench-\(getpid())"
        loader = ModelLoader(PluginHostOptions(store: store))
        self.library = library
        self.model = model
    }

    func open(
        _ isolation: Isolation, context: Int, settings: String = ""
    ) throws -> any LoadedModel {
        let plugin = try loader.stage(
            PluginSpec(name: "bench", library: library, isolation: isolation))
        let request = OpenRequest(
            path: model, configJSON: settings, sequences: 1, contextLength: context)
        return try loader.launch(plugin, name: "bench", request)
    }

    /// Microseconds of a pass with one token, here and in a worker, by turns.
    func forward(count: Int) throws -> String {
        let models = try [Isolation.inProcess, .worker].map { try open($0, context: 128) }
        defer { models.forEach { $0.close() } }
        var samples: [[Double]] = [[], []]
        for round in 0...count / Self.turn {
            for (place, loaded) in models.enumerated() {
                let times = try self.times(loaded, count: Self.turn)
                if round > 0 { samples[place] += times }
            }
        }
        return """
            {"in-process": \(median(samples[0])), "worker": \(median(samples[1]))}
            """
    }

    /// Microseconds of turning a text into tokens in a worker.
    func tokenize(_ text: String, count: Int) throws -> String {
        let loaded = try open(.worker, context: 128)
        defer { loaded.close() }
        let samples = try (0..<count).map { _ in
            try microseconds {
                _ = try loaded.tokenize(text, addSpecial: true, parseSpecial: false)
            }
        }
        return "{\"tokenize\": \(median(samples))}"
    }
}

// MARK: - Passes

extension Bench {
    /// How many passes one model runs before it is the other's turn.
    private static let turn = 100

    /// Microseconds of each of `count` passes over a growing sequence.
    private func times(_ loaded: any LoadedModel, count: Int) throws -> [Double] {
        try loaded.clear(0)
        return try (0..<count).map { position in
            try microseconds { try pass(loaded, position..<position + 1) }
        }
    }

    /// Tokens at these positions of sequence 0; the last one wants logits.
    private func pass(_ loaded: any LoadedModel, _ positions: Range<Int>) throws {
        let vocabulary = loaded.description.decode?.vocabularySize ?? 1
        var batch = Batch()
        for position in positions {
            // Any tokens do; these do not repeat within a prompt.
            batch.append(
                token: Int32(position * 7919 % vocabulary), sequence: 0, position: position,
                wantsLogits: position == positions.upperBound - 1)
        }
        _ = try loaded.forward(batch, deadline: nil)
    }
}

// MARK: - Time

private func microseconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .microseconds(1)
}

private func median(_ samples: [Double]) -> Double {
    let sorted = samples.sorted()
    return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}
