import Glibc
import PluginHost

/// Embeds the token ids that come in, a line at a time, so that a peer can have its turn in between.
///
///     in:   SECONDS 101,7592,102;101,2088,102
///     out:  {"seconds": [0.0013, …], "vectors": [[…], […]]}
extension Bench {
    /// - Parameter settings: the model's own, a JSON object.
    func embed(_ isolation: Isolation, settings: String) throws {
        let loaded = try open(isolation, context: 0, settings: settings)
        defer { loaded.close() }
        while let line = readLine() {
            let (seconds, batch) = try Self.parse(line)
            print(try answer(loaded, batch, for: seconds))
            fflush(nil)
        }
    }

    private static func parse(_ line: String) throws -> (seconds: Double, EmbeddingBatch) {
        let parts = line.split(separator: " ")
        guard parts.count == 2, let seconds = Double(parts[0]) else {
            throw UsageError(text: "expected SECONDS and ids, found '\(line.prefix(40))'")
        }
        let texts = try parts[1].split(separator: ";").map { text in
            try text.split(separator: ",").map { id in
                guard let id = Int32(id) else { throw UsageError(text: "'\(id)' is no id") }
                return id
            }
        }
        return (seconds, .tokens(texts))
    }

    /// Embeds the batch again and again, three times at least.
    private func answer(
        _ loaded: any LoadedModel, _ batch: EmbeddingBatch, for limit: Double
    ) throws -> String {
        let rows = try loaded.embed(batch, flags: [], deadline: nil)
        let vectors = (0..<rows.count).map { Array(rows[$0]) }
        var times: [Double] = []
        while times.count < 3 || times.reduce(0, +) < limit {
            let time = try ContinuousClock().measure {
                _ = try loaded.embed(batch, flags: [], deadline: nil)
            }
            times.append(time / .seconds(1))
        }
        return "{\"seconds\": \(times), \"vectors\": \(vectors)}"
    }
}
