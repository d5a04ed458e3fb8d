import Foundation
import PluginTesting
import TestFixtures
import Testing

/// Tokens, logits and greedy texts against PyTorch with transformers.
@Suite struct ParityTests {
    static let models = ["t5-tiny/v1_0", "t5-tiny/v1_1", "bart-tiny"]

    @Test(arguments: models) func textBecomesTheReferencesTokens(_ name: String) throws {
        let model = try TestModel(Fixtures.find(name))
        for input in try Golden(Fixtures.find(name)).inputs {
            #expect(
                try model.tokenize(input.text, parseSpecial: true) == input.ids, "\(input.name)")
        }
    }

    /// The fixtures' README measured 3e-4 as far above the noise of any order of summation.
    @Test(arguments: models) func logitsAreTheReferences(_ name: String) throws {
        let golden = try Golden(Fixtures.find(name))
        let context = try TestModel(Fixtures.find(name)).context()
        for input in golden.inputs {
            context.clear()
            try context.encode(input.ids)
            let found = try context.append([context.model.start] + input.labels.dropLast())
            let expected = golden.logits(input.name)
            #expect(found.count == expected.count)
            for (row, (found, expected)) in zip(found, expected).enumerated() {
                let difference = largestDifference(found, expected)
                #expect(difference <= 3e-4, "\(input.name), row \(row)")
            }
        }
    }

    /// Scaled embeddings, heads of two sizes and ReLU, which the tiny BART itself has not.
    @Test func logitsOfAnotherConfigurationAreTheReferences() throws {
        let path = try Fixtures.find("bart-tiny")
        let json = try TestFiles.data(Fixtures.committed("bart-tiny/variant.json"))
        let changes = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
        let folder = try TestFolder(
            copying: path, writing: ["config.json": Fixtures.configuration(of: path, changes)])
        let expected = try Arrays(Fixtures.committed("bart-tiny/variant.safetensors"))
        let context = try TestModel(folder.path).context()
        for input in try Golden(path).inputs where ["bees", "tiny"].contains(input.name) {
            context.clear()
            try context.encode(input.ids)
            let found = try context.append([context.model.start] + input.labels.dropLast())
            let rows = expected["\(input.name).decoder_logits"].rows
            #expect(found.count == rows.count)
            let difference = zip(found, rows).map(largestDifference).max() ?? .infinity
            #expect(difference <= 3e-4, "\(input.name)")
        }
    }

    @Test(arguments: models) func greedyTextsAreTheReferences(_ name: String) throws {
        let golden = try Golden(Fixtures.find(name))
        let context = try TestModel(Fixtures.find(name)).context()
        // BART's begin and end tokens are forced, as its files say.
        let isBart = name == "bart-tiny"
        for input in golden.inputs {
            let found = try context.greedy(
                input.ids, count: 40, forced: isBart ? [0] : [], last: isBart ? 2 : nil)
            #expect(found == golden.greedy(input.name), "\(input.name)")
        }
    }

    /// Random weights are the worst case of rounding: some hundredths of the logits' root mean square.
    @Test(arguments: models, [("bf16", 0.05), ("int8", 0.15)] as [(String, Float)])
    func roundedWeightsStayNear(_ name: String, _ precision: (name: String, most: Float)) throws {
        let golden = try Golden(Fixtures.find(name))
        let settings = #"{"precision": "\#(precision.name)"}"#
        let context = try TestModel(Fixtures.find(name), settings: settings).context()
        let input = golden.inputs[0]
        try context.encode(input.ids)
        let found = try context.append([context.model.start] + input.labels.dropLast())
        let expected = golden.logits(input.name).joined()
        let error = zip(found.joined(), expected).map { $0 - $1 }
        let share = rootMeanSquare(error) / rootMeanSquare(Array(expected))
        #expect(share > 1e-4 && share < precision.most, "\(share)")
        let quantization = try context.model.info()["quantization"] as? String
        #expect(quantization == precision.name.uppercased())
    }

    private func rootMeanSquare(_ numbers: [Float]) -> Float {
        (numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)).squareRoot()
    }
}
