import Foundation
import PluginTesting
import TestFixtures
import Testing

/// Real weights: stories260K against llama.cpp's greedy tokens.
@Suite struct StoriesTests {
    private struct Case: Decodable, Sendable {
        let prompt: String
        let promptIds: [Int32]
        let greedyIds: [Int32]
    }

    private struct File: Decodable {
        let cases: [Case]
    }

    private static func cases() throws -> [Case] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try TestFiles.data(Fixtures.stories("golden.json"))
        return try decoder.decode(File.self, from: json).cases
    }

    @Test(arguments: ["f16", "f32"])
    func storiesAreToldAsInLlamaCpp(cache: String) throws {
        let model = try TestModel(
            Fixtures.stories("stories260K.gguf"), settings: #"{"cache_type": "\#(cache)"}"#)
        let context = try model.context()
        for story in try Self.cases() {
            #expect(try model.tokenize(story.prompt) == story.promptIds)
            let found = try context.greedy(after: story.promptIds, count: story.greedyIds.count)
            #expect(found == story.greedyIds, "\(story.prompt)")
        }
    }
}
