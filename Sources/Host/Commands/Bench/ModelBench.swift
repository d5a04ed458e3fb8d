import Engine
import FoundationEssentials
import Glibc
import PluginHost

/// A model of its own, opened as the host opens it, whose steps are timed.
struct ModelBench {
    enum Test: String {
        case read
        case write
    }

    /// What was opened.
    struct Identity {
        let plugin: String
        let family: String
        /// Of the model's files.
        let bytes: Int
        let loadTime: Duration
    }

    /// One measure: the speeds of its runs, in tokens per second of all streams together.
    struct Figure {
        let test: Test
        let tokens: Int
        let streams: Int
        var depth = 0
        let speeds: [Double]
        /// From the beginning of a prompt to the logits of its last token, at the median.
        var firstToken: Duration?

        var title: String { depth > 0 ? "\(test.rawValue) after \(depth)" : test.rawValue }
        var mean: Double { speeds.reduce(0, +) / Double(max(1, speeds.count)) }

        var deviation: Double {
            let squares = speeds.map { ($0 - mean) * ($0 - mean) }
            return (squares.reduce(0, +) / Double(max(1, speeds.count - 1))).squareRoot()
        }
    }

    let identity: Identity
    private let own: OwnModel
    private let decoder: DecodeCapabilities
    private let stepDeadline: Duration

    /// - Parameter plugins: those that are asked, unless the model names its own.
    /// - Throws: `BenchError` for a model that writes no text, `OwnModelError` for one that nobody serves.
    init(_ spec: ModelSpec, plugins: [PluginSpec]) throws {
        stepDeadline = spec.stepTimeout ?? EngineOptions.text.stepDeadline
        let own = try OwnModel(spec, plugins: plugins)
        guard let decoder = own.model.description.decode, own.model.description.encoder == nil
        else {
            own.close()
            throw BenchError.writesNothing(spec.name)
        }
        self.own = own
        self.decoder = decoder
        identity = Identity(
            plugin: own.plugin, family: own.model.description.family,
            bytes: Self.bytes(of: spec.source), loadTime: own.loadTime)
    }

    private var model: any LoadedModel { own.model }

    func close() {
        own.close()
    }
}

// MARK: - Measures

extension ModelBench {
    /// A prompt, after one that is not counted: it brings the weights into memory.
    func reading(_ tokens: Int, rounds: Int) throws -> Figure {
        try read(min(tokens, 32), streams: 1)
        let times = try (0..<rounds).map { _ in
            try model.clear(0)
            return try timed { try read(tokens, streams: 1) }
        }
        return Figure(
            test: .read, tokens: tokens, streams: 1,
            speeds: times.map { Double(tokens) / $0.inSeconds },
            firstToken: times.sorted()[times.count / 2])
    }

    /// Tokens one by one, in every step one of each stream.
    func writing(_ tokens: Int, streams: Int, depth: Int, rounds: Int) throws -> Figure {
        guard streams <= decoder.sequences, streams <= decoder.batchSize else {
            throw BenchError.tooManyStreams(
                streams, most: min(decoder.sequences, decoder.batchSize))
        }
        let times = try (0..<rounds).map { _ in
            for stream in 0..<streams { try model.clear(stream) }
            if depth > 0 { try read(depth, streams: streams) }
            return try timed {
                for position in depth..<depth + tokens {
                    try step((0..<streams).map { ($0, position, true) })
                }
            }
        }
        return Figure(
            test: .write, tokens: tokens, streams: streams, depth: depth,
            speeds: times.map { Double(tokens * streams) / $0.inSeconds })
    }

    /// The same prompt in every stream, in steps as large as the model takes.
    private func read(_ tokens: Int, streams: Int) throws {
        for stream in 0..<streams {
            try model.clear(stream)
            for start in stride(from: 0, to: tokens, by: decoder.batchSize) {
                let end = min(start + decoder.batchSize, tokens)
                try step((start..<end).map { (stream, $0, $0 == tokens - 1) })
            }
        }
    }

    private func step(_ rows: [(stream: Int, position: Int, wantsLogits: Bool)]) throws {
        var batch = Batch()
        for row in rows {
            // Any tokens do; these do not repeat within a prompt.
            batch.append(
                token: Int32(row.position * 7919 % decoder.vocabularySize), sequence: row.stream,
                position: row.position, wantsLogits: row.wantsLogits)
        }
        _ = try model.forward(batch, deadline: stepDeadline)
    }

    private func timed(_ body: () throws -> Void) rethrows -> Duration {
        try ContinuousClock().measure(body)
    }
}

// MARK: - What is measured

extension ModelBench {
    /// The bytes of a file, or of the weights that lie in a folder.
    private static func bytes(of source: String) -> Int {
        guard Paths.isFolder(source) else { return size(source) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: source)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }
            .reduce(0) { $0 + size("\(source)/\($1)") }
    }

    private static func size(_ file: String) -> Int {
        var status = stat()
        return stat(file, &status) == 0 ? Int(status.st_size) : 0
    }
}

enum BenchError: Error, CustomStringConvertible {
    case writesNothing(String)
    case tooManyStreams(Int, most: Int)

    var description: String {
        switch self {
        case .writesNothing(let name):
            "'\(name)' does not write text from a prompt, and nothing else is measured here"
        case .tooManyStreams(let streams, let most):
            "\(streams) streams, and the model takes \(most) at a time"
        }
    }
}
