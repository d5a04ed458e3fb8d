import Foundation
import PluginTesting
import TestFixtures
import Testing

/// The demo model Models/chat against what transformers computes from its weights in half precision.
struct DemoModelTests {
    private struct Description: Decodable {
        struct Prompt: Decodable {
            let name: String
            let text: String
            let ids: [Int32]
            let greedyIds: [Int32]
        }
        let prompts: [Prompt]
    }

    private static let folder = TestFiles.root.appendingPathComponent("Models/chat").path

    private func golden() throws -> (prompts: [Description.Prompt], arrays: Arrays) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try TestFiles.data("\(Self.folder)/golden.json")
        let description = try decoder.decode(Description.self, from: json)
        return (description.prompts, try Arrays("\(Self.folder)/golden.safetensors"))
    }

    @Test func promptsBecomeTheReferencesTokens() throws {
        let model = try TestModel("\(Self.folder)/chat.gguf")
        for prompt in try golden().prompts {
            let found = try model.tokenize(prompt.text, addSpecial: false, parseSpecial: true)
            #expect(found == prompt.ids, "\(prompt.name)")
        }
    }

    /// Weights and activations in blocks of 8 bits: some 3 % of the logits' root mean square.
    @Test func logitsInEightBitsAreNearTheReferences() throws {
        let (prompts, arrays) = try golden()
        let context = try TestModel("\(Self.folder)/chat.gguf").context()
        for prompt in prompts {
            context.clear()
            let found = try #require(try context.append(prompt.ids).last)
            let expected = arrays["\(prompt.name).logits"].floats
            let error = zip(found, expected).map { $0 - $1 }
            #expect(rootMeanSquare(error) <= 0.05 * rootMeanSquare(expected), "\(prompt.name)")
            #expect(argmax(found) == argmax(expected), "\(prompt.name)")
        }
    }

    @Test func answersInEightBitsAreTheReferences() throws {
        let context = try TestModel("\(Self.folder)/chat.gguf").context()
        for prompt in try golden().prompts {
            let found = try context.greedy(after: prompt.ids, count: prompt.greedyIds.count)
            #expect(found == prompt.greedyIds, "\(prompt.name)")
        }
    }

    private func rootMeanSquare(_ numbers: [Float]) -> Float {
        (numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)).squareRoot()
    }
}
