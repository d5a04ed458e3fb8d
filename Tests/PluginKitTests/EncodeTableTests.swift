import Foundation
import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct EncodeTableTests {
        private func table(_ model: OpaquePointer) -> roost_ext_encode {
            plugin.extension(model, ROOST_EXT_ENCODE)!.load(as: roost_ext_encode.self)
        }

        private func encode(
            _ tokens: [Int32], for sequence: UInt32 = 0, in context: TestContext, cancel: UInt32 = 0
        ) -> Answer {
            let table = table(context.model)
            return tokens.withUnsafeBufferPointer { tokens in
                answer(cancel: cancel) {
                    table.encode(
                        context.handle, sequence, tokens.baseAddress, UInt32(tokens.count), $0)
                }
            }
        }

        /// The logits of one token at a position.
        private func logits(
            _ token: Int32, in sequence: UInt32, at position: UInt32, of context: TestContext
        ) -> [Float] {
            let batch = TestBatch([token], sequences: [sequence], positions: [position])
            let (answer, rows) = context.forward(batch)
            return answer.status == 0 ? Array(rows[0].prefix(2)) : []
        }

        @Test func onlyAnEncoderDecoderHasTheTable() {
            withModel(path: "echo") { model in
                let table = table(model)
                #expect(table.struct_size == UInt32(MemoryLayout<roost_ext_encode>.size))
                #expect(table.decoder_start == 2)
            }
            withModel { #expect(plugin.extension($0, ROOST_EXT_ENCODE) == nil) }
        }

        @Test func aSequenceLooksAtItsOwnSource() {
            withContext(path: "echo") { context in
                #expect(encode([3, 4], for: 0, in: context).status == 0)
                #expect(encode([5], for: 2, in: context).status == 0)
                #expect([0, 2].map { context.length($0) } == [0, 0])
                #expect(logits(2, in: 0, at: 0, of: context) == [2, 7])
                #expect(logits(2, in: 2, at: 0, of: context) == [2, 5])
            }
        }

        @Test func aSequenceWithoutASourceTakesNoTokens() {
            withContext(path: "echo") { context in
                let found = context.forward(TestBatch([2], sequences: [1])).answer
                #expect(
                    found
                        == Answer(
                            status: -1,
                            message:
                                "sequence 1 has no source; encode one before its first token"))
                #expect(context.length(1) == 0)
            }
        }

        static let wrong: [(tokens: [Int32], sequence: UInt32, message: String)] = [
            ([], 0, "the source has 0 tokens, expected at least 1"),
            ([1, 8], 0, "token 1 of the source is 8, expected 0 to 7"),
            ([-1], 0, "token 0 of the source is -1, expected 0 to 7"),
            ([1], 3, "sequence 3, expected 0 to 2"),
        ]

        @Test(arguments: wrong.indices) func aWrongSourceIsRefused(index: Int) {
            let (tokens, sequence, message) = Self.wrong[index]
            withContext(path: "echo") { context in
                let found = encode(tokens, for: sequence, in: context)
                #expect(found == Answer(status: -1, message: message))
                #expect(encode([1], in: context).status == 0)
            }
        }

        @Test func aSequenceWithPositionsOrASourceTakesNoOther() {
            withContext(path: "echo") { context in
                #expect(encode([3], in: context).status == 0)
                #expect(
                    encode([4], in: context)
                        == Answer(
                            status: -1,
                            message: "sequence 0 has a source already; clear it before another"))
                #expect(context.forward([2]).status == 0)
                #expect(
                    encode([4], in: context)
                        == Answer(
                            status: -1,
                            message: "sequence 0 has 1 positions, expected an empty one; clear it"))
                #expect(logits(5, in: 0, at: 1, of: context) == [5, 3])
            }
        }

        @Test func clearForgetsTheSourceAndTruncateKeepsIt() {
            withContext(path: "echo") { context in
                #expect(encode([3], in: context).status == 0)
                #expect(context.forward([2, 1]).status == 0)
                #expect(context.truncate(0, 0).status == 0)
                #expect(logits(2, in: 0, at: 0, of: context) == [2, 3])
                #expect(context.clear(0).status == 0)
                #expect(context.forward([2]).status == -1)
                #expect(encode([4], in: context).status == 0)
                #expect(logits(2, in: 0, at: 0, of: context) == [2, 4])
            }
        }

        @Test func aForkOfLengthZeroSharesTheSource() {
            withContext(path: "echo") { context in
                #expect(encode([3], in: context).status == 0)
                #expect(context.forward([2]).status == 0)
                #expect(context.fork(0, 1, 0).status == 0)
                #expect(context.length(1) == 0)
                #expect(logits(6, in: 1, at: 0, of: context) == [6, 3])
            }
        }

        @Test func aDestinationWithASourceIsNotEmpty() {
            withContext(path: "echo") { context in
                #expect(encode([3], for: 0, in: context).status == 0)
                #expect(encode([4], for: 1, in: context).status == 0)
                #expect(
                    context.fork(0, 1, 0)
                        == Answer(
                            status: -1,
                            message: "sequence 1, the destination of a fork, is not empty"))
                #expect(logits(2, in: 1, at: 0, of: context) == [2, 4])
            }
        }

        @Test func afterAFailureTheSequenceHasNoSource() {
            withContext(path: "echo") { context in
                #expect(encode(EchoContext.failing, in: context).status == -7)
                #expect(encode([1], in: context, cancel: 1).status == -5)
                #expect(context.forward([2]).status == -1)
                #expect(encode([1], in: context).status == 0)
            }
        }

        private func selfTest(_ context: TestContext) -> (answer: Answer, report: String) {
            let table = plugin.extension(context.model, ROOST_EXT_SELFTEST)!
            let sink = TestSink()
            let found = answer {
                table.load(as: roost_ext_selftest.self).run(context.handle, 1000, sink.table, $0)
            }
            return (found, sink.text)
        }

        @Test func theSelfTestEncodesASourceFirst() {
            withContext(path: "echo") { context in
                let (answer, report) = selfTest(context)
                #expect(answer.status == 0)
                #expect(report.hasPrefix(#"{"passed": true"#))
                #expect(report.contains("one by one equals at once"))
                #expect(report.contains("after a fork equals at once"))
                #expect(context.forward([2]).status == -1)
            }
        }

        @Test func theSelfTestForgetsNobodysSource() {
            withContext(path: "echo") { context in
                #expect(encode([3], for: 1, in: context).status == 0)
                #expect(selfTest(context).answer.status == -6)
                #expect(logits(2, in: 1, at: 0, of: context) == [2, 3])
            }
        }

        @Test func infoHasWhatTheModelSaysOfItsTexts() {
            withModel(path: "echo") { model in
                let sink = TestSink()
                #expect(answer { plugin.info_json(model, sink.table, $0) }.status == 0)
                #expect(
                    sink.text == """
                        {"max_tokens": 9, "source_prefix": "echo: ", "generation": \
                        {"max_length": 20, "num_beams": 4, "forced_bos_token_id": 0, \
                        "length_penalty": 2.0, "early_stopping": "never"}}
                        """)
            }
        }
    }

    @Suite struct GenerationDefaultsTests {
        private func read(_ json: String) throws -> GenerationDefaults {
            try JSONDecoder().decode(GenerationDefaults.self, from: Data(json.utf8))
        }

        @Test func theStrongerAreKeptAndTheWeakerFillTheGaps() throws {
            let strong = try read(#"{"max_length": 48, "early_stopping": true, "prefix": "s: "}"#)
            let weak = try read(
                #"{"max_length": 20, "min_length": 5, "early_stopping": "never", "top_k": null}"#)
            let merged = strong.merging(weak)
            #expect(merged.maxLength == 48)
            #expect(merged.minLength == 5)
            #expect(merged.earlyStopping == .yes)
            #expect(merged.numBeams == nil)
        }

        @Test func allParametersAreRead() throws {
            let found = try read(
                """
                {"max_length": 1, "min_length": 2, "max_new_tokens": 3, "min_new_tokens": 4,
                 "num_beams": 5, "length_penalty": -0.5, "early_stopping": false,
                 "no_repeat_ngram_size": 6, "repetition_penalty": 1.5, "forced_bos_token_id": 7,
                 "forced_eos_token_id": 8}
                """)
            var expected = GenerationDefaults()
            (expected.maxLength, expected.minLength) = (1, 2)
            (expected.maxNewTokens, expected.minNewTokens, expected.numBeams) = (3, 4, 5)
            (expected.lengthPenalty, expected.earlyStopping) = (-0.5, .no)
            (expected.noRepeatNgramSize, expected.repetitionPenalty) = (6, 1.5)
            (expected.forcedBOSTokenID, expected.forcedEOSTokenID) = (7, 8)
            #expect(found == expected)
        }

        @Test func ofSeveralForcedEndsTheFirstIsTaken() throws {
            #expect(try read(#"{"forced_eos_token_id": [2, 3]}"#).forcedEOSTokenID == 2)
            #expect(try read(#"{"forced_eos_token_id": null}"#).forcedEOSTokenID == nil)
        }

        @Test(arguments: [#"{"num_beams": "four"}"#, #"{"early_stopping": "soon"}"#])
        func valuesOfTheWrongKindAreErrors(json: String) {
            #expect(throws: DecodingError.self) { try read(json) }
        }
    }
}
