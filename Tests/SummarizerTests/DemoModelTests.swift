import Foundation
import PluginTesting
import TestFixtures
import Testing

/// The demo model Models/summary against what transformers computes from its weights, which are F16.
struct DemoModelTests {
    private struct Description: Decodable {
        struct Input: Decodable {
            let text: String
            let ids: [Int32]
            let greedy_ids: [Int32]
            let greedy_text: String
        }
        let inputs: [Input]
    }

    private func golden() throws -> (inputs: [Description.Input], arrays: Arrays) {
        let json = try TestFiles.data("\(Fixtures.summary)/golden.json")
        let description = try JSONDecoder().decode(Description.self, from: json)
        return (description.inputs, try Arrays("\(Fixtures.summary)/golden.safetensors"))
    }

    @Test func textsBehindThePrefixBecomeTheReferencesTokens() throws {
        let model = try TestModel(Fixtures.summary)
        let prefix = try #require(try model.info()["source_prefix"] as? String)
        for input in try golden().inputs {
            #expect(try model.tokenize(prefix + input.text) == input.ids)
        }
    }

    /// Weights in F16 are exact in both; keys and values in F32 here.
    @Test func firstLogitsAreTheReferences() throws {
        let (inputs, arrays) = try golden()
        let context = try TestModel(Fixtures.summary).context()
        for (number, input) in inputs.enumerated() {
            context.clear()
            try context.encode(input.ids)
            let found = try context.append([context.model.start])[0]
            let difference = largestDifference(found, arrays["\(number).logits"].floats)
            #expect(difference <= 3e-4, "input \(number)")
        }
    }

    @Test(arguments: ["", #"{"cache_type": "f32"}"#, #"{"precision": "bf16"}"#])
    func summariesAreTheReferences(_ settings: String) throws {
        let context = try TestModel(Fixtures.summary, settings: settings).context()
        for input in try golden().inputs {
            let found = try context.greedy(input.ids, count: 96)
            #expect(found == input.greedy_ids)
            #expect(try context.model.text(of: found) == input.greedy_text)
        }
    }

    @Test func itSaysWhatItIs() throws {
        let info = try TestModel(Fixtures.summary).info()
        #expect(info["architecture"] as? String == "T5ForConditionalGeneration")
        #expect(info["quantization"] as? String == "F16")
        #expect(info["source_prefix"] as? String == "summarize: ")
        #expect(info["context_length"] as? Int == 200)
        #expect(info["max_tokens"] as? Int == 200)
        let generation = try #require(info["generation"] as? [String: Any])
        #expect(generation["max_new_tokens"] as? Int == 96)
        #expect(generation["max_length"] as? Int == 96)
        #expect(generation["num_beams"] as? Int == 1)
        #expect(generation.count == 3)
    }
}
