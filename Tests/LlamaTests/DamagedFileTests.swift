import Foundation
import PluginABI
import PluginTesting
import Testing

/// Files that are cut, garbled or something else are errors with a sentence, through the plugin.
@Suite struct DamagedFileTests {
    private static var gguf: String {
        get throws { try Fixtures.find("spm/model-q8_0.gguf") }
    }

    private func withFile(_ name: String, _ data: Data, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("llama-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent(name)
        try data.write(to: file)
        try body(file.path)
    }

    private func expectRefusal(_ path: String) {
        let error = #expect(throws: BoundaryError.self) { try TestModel(path) }
        #expect([-7, -4, -2].contains(error?.status))
        #expect(error?.message.isEmpty == false)
    }

    @Test(arguments: [0, 3, 4, 24, 100, 1000, 20_000, 50_000, 111_900])
    func aTruncatedGGUFFileIsAnError(length: Int) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Self.gguf))
        try withFile("model.gguf", whole.prefix(length), expectRefusal)
    }

    /// Some bytes are free text; the others are refused with a sentence.
    @Test func everyFlippedByteOfTheHeaderIsSurvived() throws {
        var refusals: [BoundaryError] = []
        let whole = try Data(contentsOf: URL(fileURLWithPath: Self.gguf))
        for offset in stride(from: 0, to: 2000, by: 7) {
            var damaged = whole
            damaged[offset] ^= 0xA5
            try withFile("model.gguf", damaged) { path in
                try refusal { _ = try TestModel(path) }.map { refusals.append($0) }
            }
        }
        #expect(!refusals.isEmpty && refusals.allSatisfy { !$0.message.isEmpty })
    }

    @Test(arguments: [0, 7, 8, 500, 100_000])
    func truncatedSafetensorsAreAnError(length: Int) throws {
        let whole = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.find("spm/model.safetensors")))
        let folder = try Fixtures.copy(
            of: "spm", writing: ["model.safetensors": whole.prefix(length)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        expectRefusal(folder)
    }

    @Test(arguments: ["model.safetensors", "tokenizer.json", "config.json"])
    func aMissingFileIsAnError(name: String) throws {
        // tokenizer.model would stand in for tokenizer.json.
        let folder = try Fixtures.copy(of: "spm", without: [name, "tokenizer.model"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        expectRefusal(folder)
    }

    @Test func garbageIsNotALlama() throws {
        let noise = Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 / 7) })
        try withFile("model.gguf", noise) { path in
            let found = try probe(path)
            #expect(found.score == 0)
            expectRefusal(path)
        }
        try withFile("notes.txt", Data("hello".utf8)) { path in
            let found = try probe(path)
            #expect(found.score == 0)
        }
    }

    @Test func aMissingPathIsAnInputError() throws {
        let error = #expect(throws: BoundaryError.self) { try probe("/nowhere/model.gguf") }
        #expect(error?.status == -4)
        #expect(error?.message.contains("/nowhere/model.gguf") == true)
    }

    @Test func aTensorThatTheNetworkLacksIsNamed() throws {
        let config = try Fixtures.find("spm/config.json")
        let text = try String(contentsOfFile: config, encoding: .utf8)
            .replacingOccurrences(of: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 1")
        let folder = try Fixtures.copy(of: "spm", writing: ["config.json": Data(text.utf8)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder) }
        #expect(error?.message.contains("model.layers.1.") == true)
    }
}
