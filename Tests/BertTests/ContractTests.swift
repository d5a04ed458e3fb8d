import Foundation
import PluginABI
import PluginTesting
import TestFixtures
import Testing

/// What calls promise about odd inputs, cancelling and damaged files.
@Suite struct ContractTests {
    private let mpnet: String

    init() throws {
        mpnet = try Fixtures.find("mpnet")
    }

    @Test(arguments: [
        "\0", "a\0b", "[SEP] <s> </s>", String(repeating: "x", count: 100_000),
        String(repeating: "🐝", count: 5000), "\u{FFFD}\u{200D}\u{0301}",
    ])
    func anOddTextHasAVector(text: String) throws {
        let vector = try TestModel(mpnet).embed([text])[0]
        #expect(vector.allSatisfy { $0.isFinite })
    }

    @Test func tokensOutsideTheVocabularyAreNamed() throws {
        let model = try TestModel(mpnet)
        for token in [Int32(71_000), .max] {
            let error = #expect(throws: BoundaryError.self) {
                try model.embed(tokens: [[0, 2], [0, token, 2]])
            }
            #expect(error?.status == -1)
            #expect(error?.message.contains("text 1 has token \(token)") == true)
        }
    }

    /// One look before the pass and one before each of the two layers.
    @Test(arguments: 0...2)
    func aDeadlineEndsTheCallBetweenLayers(checks: Int) throws {
        let model = try TestModel(mpnet)
        let error = #expect(throws: BoundaryError.self) {
            try model.embed(["bees"], checks: checks)
        }
        #expect(error?.status == -5)
        #expect(try model.embed(["bees"], checks: 3).count == 1)
    }

    @Test func theCancelWordEndsTheCall() throws {
        var cancel = ownCall
        let error = #expect(throws: BoundaryError.self) {
            try TestModel(mpnet).embed(["bees"], cancel: &cancel)
        }
        #expect(error?.status == -5)
    }

    @Test func thousandsOfTextsAreReadInPasses() throws {
        let model = try TestModel(mpnet)
        let texts = (0..<3000).map { String(repeating: "bee ", count: $0 % 9) }
        let vectors = try model.embed(texts)
        for index in [0, 8, 1500, 2999] {
            #expect(try model.embed([texts[index]]) == [vectors[index]])
        }
    }

    @Test(arguments: ["mpnet", "nomic-bert", "modernbert", "mpnet-cross-encoder"])
    func theSelfTestPasses(name: String) throws {
        let report = try TestModel(Fixtures.find(name), "").selfTest()
        #expect(report.hasPrefix(#"{"passed": true"#))
        #expect(report.contains("alone equals beside others"))
    }

    @Test func aModelHasTheAbilitiesOfItsHead() throws {
        let encoder = try TestModel(mpnet)
        #expect(encoder.has(ROOST_EXT_TOKENS) && encoder.has(ROOST_EXT_VECTORS))
        #expect(try encoder.vectors.score_pairs == nil)
        #expect(try encoder.vectors.classify == nil)
        #expect(!encoder.has(ROOST_EXT_DECODE))
        #expect(throws: BoundaryError.self) { try encoder.run("entities", json: "{}") }
    }

    // MARK: - Damage

    private func refuses(_ folder: TestFolder) {
        let error = #expect(throws: BoundaryError.self) { try TestModel(folder) }
        #expect([-7, -4, -2].contains(error?.status))
        #expect(error?.message.isEmpty == false)
    }

    @Test(arguments: [0, 7, 8, 500, 50_000, 102_000])
    func truncatedWeightsAreAnError(length: Int) throws {
        let whole = try Fixtures.data("\(mpnet)/model.safetensors")
        try refuses(
            TestFolder(copying: mpnet, writing: ["model.safetensors": whole.prefix(length)]))
    }

    @Test(arguments: ["model.safetensors", "tokenizer.json", "config.json"])
    func aMissingFileIsAnError(name: String) throws {
        try refuses(TestFolder(copying: mpnet, without: [name]))
    }

    @Test(arguments: [0, 3, 24, 100, 1000, 10_000, 90_000])
    func aTruncatedGGUFFileIsAnError(length: Int) throws {
        let whole = try GGUFModel.nomicBert(Fixtures.find("nomic-bert")).builder.file
        try refuses(TestFolder(writing: ["model.gguf": whole.prefix(length)]))
    }

    /// Some bytes are free text; the others are refused with a sentence.
    @Test func everyFlippedByteOfAHeaderIsSurvived() throws {
        var refusals: [BoundaryError] = []
        let whole = try GGUFModel.nomicBert(Fixtures.find("nomic-bert")).builder.file
        for offset in stride(from: 0, to: 2500, by: 11) {
            var damaged = whole
            damaged[offset] ^= 0xA5
            let folder = try TestFolder(writing: ["model.gguf": damaged])
            try refusal { _ = try TestModel(folder) }.map { refusals.append($0) }
        }
        #expect(!refusals.isEmpty && refusals.allSatisfy { !$0.message.isEmpty })
    }
}
