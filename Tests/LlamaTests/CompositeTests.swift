import Foundation
import PluginTesting
import Testing

/// Files that have more than a decoder: what else they have is passed over.
@Suite struct CompositeTests {
    private static let fixture = "decoders-tiny/qwen3.5"

    /// The safetensors with other names, and a further tensor of one number.
    private func weights(
        renaming name: (String) -> String, adding further: [String]
    ) throws -> Data {
        let file = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.find("\(Self.fixture)/model.safetensors")))
        let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.1) << (8 * $1.0) }
        let header = try #require(
            JSONSerialization.jsonObject(with: file[8..<8 + length]) as? [String: Any])
        var data = file[(8 + length)...]
        var names: [String: Any] = [:]
        for (key, value) in header { names[key == "__metadata__" ? key : name(key)] = value }
        for key in further {
            let start = data.count
            data += Data(count: 4)
            names[key] = ["dtype": "F32", "shape": [1], "data_offsets": [start, start + 4]]
        }
        var json = try JSONSerialization.data(withJSONObject: names)
        json += Data(repeating: 0x20, count: (8 - json.count % 8) % 8)
        let count = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        return count + json + data
    }

    private func configuration() throws -> [String: Any] {
        let file = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.find("\(Self.fixture)/config.json")))
        return try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
    }

    private func logits(_ files: [String: Data]) throws -> [[Float]] {
        let folder = try Fixtures.copy(of: Self.fixture, writing: files)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try TestModel(folder).context().append((0..<20).map { Int32($0 * 11) })
    }

    @Test func theTextOfAModelThatSeesImagesIsOpened() throws {
        var inner = try configuration()
        inner["architectures"] = nil
        let outer: [String: Any] = [
            "architectures": ["Qwen3_5ForConditionalGeneration"], "model_type": "qwen3_5",
            "text_config": inner, "vision_config": ["depth": 2],
        ]
        let weights = try weights(
            renaming: {
                $0.hasPrefix("model.") ? "model.language_model.\($0.dropFirst(6))" : $0
            }, adding: ["model.visual.patch_embed.proj.bias", "mtp.norm.weight"])
        let found = try logits([
            "config.json": JSONSerialization.data(withJSONObject: outer),
            "model.safetensors": weights,
        ])
        #expect(try found == logits([:]))
    }

    @Test func layersThatDraftTokensArePassedOver() throws {
        let weights = try weights(renaming: { $0 }, adding: ["mtp.layers.0.mlp.up_proj.weight"])
        #expect(try logits(["model.safetensors": weights]) == logits([:]))
    }

    @Test func aCompositeWithoutTheTextsConfigurationIsRefusedByItsKey() throws {
        var changed = try configuration()
        changed["architectures"] = ["Qwen3_5ForConditionalGeneration"]
        changed["model_type"] = "qwen3_5"
        let json = try JSONSerialization.data(withJSONObject: changed)
        let error = #expect(throws: BoundaryError.self) { try logits(["config.json": json]) }
        #expect(error?.message.contains("'text_config' is missing") == true)
    }
}
