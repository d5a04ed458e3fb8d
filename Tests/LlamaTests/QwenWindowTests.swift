import Foundation
import PluginTesting
import Testing

/// Windows that Qwen's files have from a certain layer on, where they use them.
@Suite struct QwenWindowTests {
    private func logits(_ name: String, _ changes: [String: Any]) throws -> [[Float]] {
        let file = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.find("\(name)/config.json")))
        let object = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        let changed = try JSONSerialization.data(withJSONObject: object.merging(changes) { $1 })
        let folder = try Fixtures.copy(of: name, writing: ["config.json": changed])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try TestModel(folder).context().append((0..<40).map { Int32($0 * 11) })
    }

    @Test(arguments: ["qwen2", "qwen3"]) func aWindowHidesWhatIsBeforeIt(name: String) throws {
        let whole = try logits(name, ["use_sliding_window": false, "sliding_window": 8])
        let windowed = try logits(
            name, ["use_sliding_window": true, "sliding_window": 8, "max_window_layers": 1])
        #expect(Array(windowed[..<8]) == Array(whole[..<8]))
        #expect(windowed[8] != whole[8] && windowed[39] != whole[39])
    }

    @Test(arguments: ["qwen2", "qwen3"]) func layersBeforeTheFirstHaveNone(name: String) throws {
        let whole = try logits(name, ["use_sliding_window": false])
        let none = try logits(
            name, ["use_sliding_window": true, "sliding_window": 8, "max_window_layers": 99])
        #expect(none == whole)
    }

    @Test(arguments: ["qwen2", "qwen3"]) func theListOfLayersCountsWhereThereIsOne(
        name: String
    ) throws {
        let count = try layers(name)
        let last = try logits(
            name,
            ["use_sliding_window": true, "sliding_window": 8, "max_window_layers": count - 1])
        let kinds = [String](repeating: "full_attention", count: count - 1) + ["sliding_attention"]
        let listed = try logits(
            name, ["use_sliding_window": true, "sliding_window": 8, "layer_types": kinds])
        #expect(last == listed)
    }

    private func layers(_ name: String) throws -> Int {
        let file = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.find("\(name)/config.json")))
        let object = try JSONSerialization.jsonObject(with: file) as? [String: Any]
        return try #require(object?["num_hidden_layers"] as? Int)
    }
}
