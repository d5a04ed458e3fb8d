import Foundation
import PluginTesting
import TestFixtures
import Testing

/// The task `entities`.
@Suite struct EntityTests {
    private func describe(_ event: [String: Any]) -> [String] {
        (event["entities"] as? [[String: Any]] ?? []).map { entity in
            "\(entity["label"] ?? "?") \(entity["start"] ?? "?")-\(entity["end"] ?? "?") "
                + "\(entity["text"] ?? "?")"
        }
    }

    /// From the reference's labels and logits: the label of each word's first piece.
    @Test func spansFollowFromTheReferencesLabels() throws {
        let model = try TestModel(Fixtures.find("token-classifier"))
        let events = try model.run(
            "entities",
            [
                "texts": [
                    "Anna Schmidt flew from Berlin to New York.",
                    "The quick brown fox met İnci in Zürich.", "今天 John went home",
                ]
            ])
        #expect(events.map { $0["index"] as? Int } == [0, 1, 2])
        #expect(
            events.map(describe) == [
                [
                    "LOC 5-12 Schmidt", "PER 13-17 flew", "LOC 23-36 Berlin to New", "LOC 41-42 .",
                ],
                ["LOC 4-15 quick brown", "PER 16-19 fox", "LOC 29-31 in", "PER 32-38 Zürich"],
                ["LOC 0-17 今天 John went home"],
            ])
        let scores = events.flatMap { $0["entities"] as? [[String: Any]] ?? [] }
            .map { Float($0["score"] as? Double ?? .nan) }
        let expected: [Float] = [
            0.63121945, 0.36924125, 0.46793876, 0.43706766, 0.4747156, 0.37767736, 0.37377612,
            0.47009352, 0.56607766,
        ]
        #expect(largestDifference(scores, expected) <= 5e-5)
    }

    private struct Known: Decodable {
        struct Entity: Decodable {
            let label: String
            let start: Int
            let end: Int
            let score: Float
        }
        let text: String
        let entities: [Entity]
    }

    /// With the aggregation "first": words are what stands between white space and punctuation, in
    /// both, but for the pipeline's in texts that its vocabulary does not know.
    @Test func entitiesAreThePipelines() throws {
        let cases = try JSONDecoder().decode(
            [Known].self, from: Fixtures.data(Fixtures.find("entities.json")))
        let model = try TestModel(Fixtures.find("token-classifier"))
        let events = try model.run("entities", ["texts": cases.map(\.text)])
        #expect(events.count == cases.count)
        for (event, known) in zip(events, cases) {
            let scalars = Array(known.text.unicodeScalars)
            #expect(
                describe(event)
                    == known.entities.map { entity in
                        let text = String(
                            String.UnicodeScalarView(scalars[entity.start..<entity.end]))
                        return "\(entity.label) \(entity.start)-\(entity.end) \(text)"
                    })
            let scores = (event["entities"] as? [[String: Any]] ?? [])
                .map { Float($0["score"] as? Double ?? .nan) }
            #expect(largestDifference(scores, known.entities.map(\.score)) <= 5e-5)
        }
    }

    // MARK: - A model that knows the labels of words by heart

    private func entities(_ labels: [String], _ words: [String: String], _ texts: [String]) throws
        -> [[String]]
    {
        let folder = try WordLabels(labels: labels, words: words).folder()
        let model = try TestModel(folder, #"{"precision": "f32", "max_tokens": 16}"#)
        return try model.run("entities", ["texts": texts]).map(describe)
    }

    private static let bio = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]

    @Test func wordsOfOneEntityAreJoinedAndNeighboursAreNot() throws {
        let words = ["anna": "B-PER", "smith": "I-PER", "new": "B-LOC", "york": "I-LOC"]
        let found = try entities(
            Self.bio, words,
            [
                "anna smith saw new york", "anna anna", "anna york", "smith", "new york new york",
                "", "nothing",
            ])
        #expect(
            found == [
                ["PER 0-10 anna smith", "LOC 15-23 new york"], ["PER 0-4 anna", "PER 5-9 anna"],
                ["PER 0-4 anna", "LOC 5-9 york"], ["PER 0-5 smith"],
                ["LOC 0-8 new york", "LOC 9-17 new york"], [], [],
            ])
    }

    @Test func aPieceGoesWithItsWord() throws {
        let found = try entities(
            Self.bio, ["anna": "B-PER", "##s": "B-LOC"], ["annas book", "annas, annas"])
        #expect(
            found == [["PER 0-5 annas"], ["PER 0-5 annas", "PER 7-12 annas"]])
    }

    @Test func lastAndSingleWordsCloseAnEntity() throws {
        let labels = ["O", "B-LOC", "I-LOC", "L-LOC", "U-LOC"]
        let words = ["new": "B-LOC", "york": "L-LOC", "rome": "U-LOC", "great": "I-LOC"]
        let found = try entities(
            labels, words, ["new york great", "rome rome", "new great york rome"])
        #expect(
            found == [
                ["LOC 0-8 new york", "LOC 9-14 great"], ["LOC 0-4 rome", "LOC 5-9 rome"],
                ["LOC 0-14 new great york", "LOC 15-19 rome"],
            ])
    }

    @Test func plainLabelsJoinWhatStandsTogether() throws {
        let found = try entities(
            ["O", "PER", "LOC"], ["anna": "PER", "smith": "PER", "rome": "LOC"],
            ["anna smith in rome", "anna rome"])
        #expect(
            found == [
                ["PER 0-10 anna smith", "LOC 14-18 rome"], ["PER 0-4 anna", "LOC 5-9 rome"],
            ])
    }

    @Test func aTextOfManyWindowsLosesNothing() throws {
        let text = (0..<40).map { $0 % 5 == 0 ? "anna smith" : "nothing" }.joined(separator: " ")
        let found = try entities(
            Self.bio, ["anna": "B-PER", "smith": "I-PER"], [text])
        #expect(found[0].count == 8)
        #expect(found[0].allSatisfy { $0.hasPrefix("PER") && $0.hasSuffix(" anna smith") })
    }

    @Test func offsetsCountCodePoints() throws {
        let found = try entities(Self.bio, ["anna": "B-PER"], ["👋🏽 e\u{301}te\u{301} anna"])
        #expect(found == [["PER 9-13 anna"]])
    }
}
