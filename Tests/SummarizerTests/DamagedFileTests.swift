import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// Files that are cut, garbled or missing are errors with a sentence, through the plugin.
@Suite struct DamagedFileTests {
    private func expectRefusal(_ folder: TestFolder) {
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder.path) }
        #expect([-7, -4, -2].contains(error?.status))
        #expect(error?.message.isEmpty == false)
    }

    @Test(arguments: ParityTests.models, [0, 7, 8, 500, 100_000])
    func truncatedWeightsAreAnError(_ name: String, length: Int) throws {
        let path = try Fixtures.find(name)
        let whole = try TestFiles.data("\(path)/model.safetensors")
        expectRefusal(
            try TestFolder(copying: path, writing: ["model.safetensors": whole.prefix(length)]))
    }

    @Test(arguments: ["model.safetensors", "config.json"])
    func aMissingFileIsAnError(file: String) throws {
        for name in ParityTests.models {
            expectRefusal(try TestFolder(copying: Fixtures.find(name), without: [file]))
        }
    }

    @Test(arguments: ParityTests.models) func aMissingTokenizerIsAnError(_ name: String) throws {
        let files = ["tokenizer.json", "spiece.model", "vocab.json", "merges.txt"]
        expectRefusal(try TestFolder(copying: Fixtures.find(name), without: files))
    }

    @Test(arguments: ["", "{", "[]", #"{"model_type": 5}"#, #"{"model_type": "t5"}"#])
    func aConfigurationThatIsNoneIsAnError(_ text: String) throws {
        let path = try Fixtures.find("t5-tiny/v1_0")
        expectRefusal(try TestFolder(copying: path, writing: ["config.json": Data(text.utf8)]))
    }

    @Test(arguments: ["{", "[]", #"{"num_beams": []}"#])
    func aGenerationConfigurationThatIsNoneIsNamed(_ text: String) throws {
        let folder = try TestFolder(
            copying: Fixtures.find("bart-tiny"),
            writing: ["generation_config.json": Data(text.utf8)])
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder.path) }
        #expect(error?.status == -7)
        #expect(error?.message.hasPrefix("generation_config.json: ") == true)
    }

    /// Some bytes are offsets that stay possible; the others are refused with a sentence.
    @Test func everyFlippedByteOfTheHeaderIsSurvived() throws {
        var refusals: [BoundaryError] = []
        let path = try Fixtures.find("t5-tiny/v1_0")
        let whole = try TestFiles.data("\(path)/model.safetensors")
        for offset in stride(from: 0, to: 3000, by: 41) {
            var damaged = whole
            damaged[offset] ^= 0xA5
            let folder = try TestFolder(copying: path, writing: ["model.safetensors": damaged])
            try refusal { _ = try TestModel(folder.path) }.map { refusals.append($0) }
        }
        #expect(!refusals.isEmpty && refusals.allSatisfy { !$0.message.isEmpty })
    }

    /// Numbers that are none come out as such, and end no process.
    @Test func weightsThatAreNoNumbersAreSurvived() throws {
        let path = try Fixtures.find("t5-tiny/v1_0")
        var damaged = try TestFiles.data("\(path)/model.safetensors")
        let start = damaged.count - 200_000
        damaged.replaceSubrange(start..., with: repeatElement(0xFF, count: 200_000))
        let folder = try TestFolder(copying: path, writing: ["model.safetensors": damaged])
        let context = try TestModel(folder.path).context()
        try context.encode([3, 132, 1])
        #expect(try context.append([0])[0].contains { $0.isNaN })
    }

    @Test func aMissingPathIsAnInputError() throws {
        let error = #expect(throws: BoundaryError.self) { try probe("/nowhere/model") }
        #expect(error?.status == -4)
        #expect(error?.message.contains("/nowhere/model") == true)
    }

    @Test func anotherFormatIsNotProbed() throws {
        let folder = try TestFolder(writing: ["notes.txt": Data("hello".utf8)])
        #expect(try probe("\(folder.path)/notes.txt").score == 0)
    }
}
