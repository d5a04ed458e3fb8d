import FoundationEssentials
import TestFixtures
import Testing
import Tokenizers

@Suite struct EncodingTests {
    private struct Pairs: Decodable {
        struct Case: Decodable {
            let tokenizer, a, b, strategy: String
            let maxLength: Int
            let ids: [Int32]?
            let typeIDs: [Int32]?

            enum CodingKeys: String, CodingKey {
                case tokenizer, a, b, strategy, ids
                case maxLength = "max_length"
                case typeIDs = "type_ids"
            }

            var truncation: Truncation {
                switch strategy {
                case "only_first": .onlyFirst
                case "only_second": .onlySecond
                default: .longestFirst
                }
            }
        }

        let cases: [Case]
    }

    /// Where the reference refuses a pair, so do we.
    @Test func pairsAreCutAndJoinedAsByTheReference() throws {
        let pairs = try JSONDecoder().decode(
            Pairs.self, from: Fixtures.data("\(Fixtures.own)/pairs.json"))
        #expect(pairs.cases.count == 30)
        for example in pairs.cases {
            let tokenizer = try Fixtures.tokenizer(example.tokenizer)
            let encoding = try? tokenizer.encode(
                example.a, pair: example.b, maxLength: example.maxLength,
                truncation: example.truncation)
            #expect(encoding?.ids == example.ids)
            #expect(encoding?.typeIDs == example.typeIDs)
        }
    }

    @Test func anEncodingSaysWhereEachIDComesFrom() throws {
        let tokenizer = try Fixtures.tokenizer("wordpiece-uncased")
        let encoding = try tokenizer.encode("a b", pair: "é", maxLength: nil)
        #expect(encoding.offsets == [0..<0, 0..<1, 2..<3, 0..<0, 0..<1, 0..<0])
        #expect(encoding.sequence == [nil, 0, 0, nil, 1, nil])
        #expect(encoding.specialTokens == [true, false, false, true, false, true])
        #expect(encoding.typeIDs == [0, 0, 0, 0, 1, 1])
        let single = try tokenizer.encode("a b", maxLength: nil, addSpecial: false)
        #expect(single.sequence == [0, 0])
    }

    @Test func robertaPartsAPairWithTwoSeparators() throws {
        let tokenizer = try Fixtures.tokenizer("bpe-roberta")
        let (a, b) = (
            try tokenizer.encode("a", addSpecial: false, parseSpecial: false),
            try tokenizer.encode("b", addSpecial: false, parseSpecial: false)
        )
        let pair = try tokenizer.encode("a", pair: "b", maxLength: nil)
        #expect(pair.ids == [0] + a + [2, 2] + b + [2])
        #expect(pair.typeIDs.allSatisfy { $0 == 0 })
    }

    @Test func theEndOfALongTextIsCutOffBeforeTheTemplate() throws {
        let tokenizer = try Fixtures.tokenizer("wordpiece-uncased")
        let whole = try tokenizer.encode("a b c d", maxLength: nil, addSpecial: true)
        let cut = try tokenizer.encode("a b c d", maxLength: 4, addSpecial: true)
        #expect(cut.ids == Array(whole.ids[..<3]) + [whole.ids.last!])
        #expect(try tokenizer.encode("a b", maxLength: 2, addSpecial: true).ids == [2, 3])
        #expect(throws: TokenizerError.noRoom(needed: 2, limit: 1)) {
            try tokenizer.encode("a", maxLength: 1, addSpecial: true)
        }
    }

    @Test func windowsOverlapAndTogetherHaveAllOfTheContext() throws {
        let tokenizer = try Fixtures.tokenizer("wordpiece-uncased")
        let context = "a b c d e f g h i j"
        let windows = try tokenizer.windows(
            question: "q", context: context, maxLength: 8, stride: 1)
        let starts = windows.map { window in
            zip(window.offsets, window.sequence).filter { $1 == 1 }.map { $0.0.lowerBound / 2 }
        }
        #expect(starts == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]])
        #expect(windows.allSatisfy { $0.ids.first == 2 && $0.ids.last == 3 })
        let short = try tokenizer.windows(question: "q", context: "", maxLength: 8, stride: 1)
        #expect(short.map(\.count) == [4])
    }

    @Test func windowsThatBringNothingNewAreRefused() throws {
        let tokenizer = try Fixtures.tokenizer("wordpiece-uncased")
        #expect(throws: TokenizerError.strideTooLong(stride: 4, window: 4)) {
            try tokenizer.windows(question: "q", context: "a b c d e", maxLength: 8, stride: 4)
        }
        #expect(throws: TokenizerError.noRoom(needed: 6, limit: 5)) {
            try tokenizer.windows(
                question: "a b c d e", context: "a b c d e", maxLength: 8, stride: 0)
        }
    }
}

/// Files of the reference set that are too large for the repository.
@Suite struct WindowGoldenTests {
    private struct Answers: Decodable {
        struct Case: Decodable {
            struct Window: Decodable {
                let ids: [Int32]
                let type_ids: [Int32]
                let offsets: [[Int]]
            }

            let question, context: String
            let windows: [Window]
        }

        let max_length: Int
        let stride_overlap: Int
        let cases: [Case]
    }

    @Test func questionsAreCutIntoTheReferencesWindows() throws {
        let folder = try TestFiles.shared("fixtures/bert-tiny/qa")
        let answers = try JSONDecoder().decode(
            Answers.self, from: Fixtures.data("\(folder)/golden.json"))
        let tokenizer = try Tokenizers.load(directory: folder)
        #expect(answers.cases.contains { $0.windows.count == 15 })
        for example in answers.cases {
            let windows = try tokenizer.windows(
                question: example.question, context: example.context,
                maxLength: answers.max_length, stride: answers.stride_overlap)
            #expect(windows.map(\.ids) == example.windows.map(\.ids))
            #expect(windows.map(\.typeIDs) == example.windows.map(\.type_ids))
            let offsets = windows.map { $0.offsets.map { [$0.lowerBound, $0.upperBound] } }
            #expect(offsets == example.windows.map(\.offsets))
        }
    }
}
