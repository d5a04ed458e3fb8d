import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct DecodeTableTests {
        @Test func capabilitiesAreTheContexts() {
            withContext(sequences: 3) { context in
                var found = roost_decode_caps()
                found.struct_size = UInt32(MemoryLayout<roost_decode_caps>.size)
                #expect(answer { context.decode.caps(context.handle, &found, $0) }.status == 0)
                #expect(found.flags == 1 | 2 | 4)
                #expect(found.n_vocab == 8)
                #expect(found.n_ctx == 16)
                #expect(found.n_seq == 3)
                #expect(found.n_batch == 4)
            }
        }

        @Test func rowsThatWantLogitsGetThemInBatchOrder() {
            withContext { context in
                let batch = TestBatch(
                    [1, 2, 7, 2], sequences: [0, 2, 0, 2], positions: [0, 0, 1, 1],
                    wants: [1, 0, 1, 1])
                let (answer, rows) = context.forward(batch)
                #expect(answer.status == 0)
                #expect(rows[0].prefix(3) == [1, 0, 0])
                #expect(rows[1].prefix(3) == [7, 1, 0])
                #expect(rows[2].prefix(3) == [2, 1, 0])
                #expect(rows[3].prefix(3) == [-1, -1, -1])
                #expect([0, 1, 2].map { context.length($0) } == [2, 0, 2])
            }
        }

        @Test func aWideStrideLeavesTheGapsAlone() {
            withContext { context in
                let (answer, rows) = context.forward(
                    TestBatch([1, 2]).with { $0.stride = 64 })
                #expect(answer.status == 0)
                #expect(rows[1].prefix(2) == [2, 1])
            }
        }

        @Test func aBatchThatWantsNothingNeedsNoRows() {
            withContext { context in
                let batch = TestBatch([1, 2], wants: [0, 0]).with { $0.rows = 0 }
                #expect(context.forward(batch).answer.status == 0)
                #expect(context.length(0) == 2)
            }
        }

        static let wrong: [(String, Int32, TestBatch)] = [
            ("row 1 has token 8, expected 0 to 7", -1, TestBatch([1, 8])),
            ("row 0 has token -2, expected 0 to 7", -1, TestBatch([-2])),
            ("row 0 has token -1, expected 0 to 7", -1, TestBatch([-1])),
            ("sequence 3, expected 0 to 2", -1, TestBatch([1], sequences: [3])),
            (
                "row 0 has position 1 of sequence 0, expected 0", -1,
                TestBatch([1], positions: [1])
            ),
            (
                "row 1 has position 0 of sequence 0, expected 1", -1,
                TestBatch([1, 1], positions: [0, 0])
            ),
            ("the batch has 5 rows, expected 1 to 4", -1, TestBatch([1, 1, 1, 1, 1])),
            ("the batch has 0 rows, expected 1 to 4", -1, TestBatch([1]).with { $0.count = 0 }),
            ("the batch has a null array", -1, TestBatch([1]).with { $0.nullTokens = true }),
            (
                "roost_batch has struct_size 8, expected at least 48", -1,
                TestBatch([1]).with { $0.size = 8 }
            ),
            (
                "row 1 wants 2, expected 0 (nothing) or 1 (logits)", -1,
                TestBatch([1, 1], wants: [1, 2])
            ),
            ("roost_rows is null", -1, TestBatch([1]).with { $0.rows = 0 }),
            (
                "the buffer has 1 rows 32 bytes apart, expected 2 rows of 32 bytes", -1,
                TestBatch([1, 1]).with { $0.rows = 1 }
            ),
            (
                "the buffer has 8 rows 28 bytes apart, expected 1 rows of 32 bytes", -1,
                TestBatch([1]).with { $0.stride = 28 }
            ),
            (
                "the buffer is null or not aligned to 4 bytes", -1,
                TestBatch([1]).with { $0.misalignment = 1 }
            ),
        ]

        @Test(arguments: wrong.indices) func aWrongBatchIsRefusedAndChangesNothing(index: Int) {
            let (message, status, batch) = Self.wrong[index]
            withContext { context in
                let found = context.forward(batch).answer
                #expect(found == Answer(status: status, message: message))
                #expect(context.length(0) == 0)
                #expect(context.forward([1]).status == 0)
            }
        }

        @Test func aFullSequenceIsBusyUntilItIsCleared() {
            withContext { context in
                for _ in 0..<4 {
                    #expect(context.forward([1, 1, 1, 1]).status == 0)
                }
                let found = context.forward([1])
                #expect(found == Answer(status: -6, message: "sequence 0 is full: 16 positions"))
                #expect(context.clear(0).status == 0)
                #expect(context.forward([1]).status == 0)
            }
        }

        @Test func aCancelledCallDoesNothing() {
            withContext { context in
                let found = context.forward(TestBatch([1]), cancel: 1).answer
                #expect(found == Answer(status: -5, message: "cancelled by the host"))
                #expect(context.length(0) == 0)
            }
        }

        /// The word names the last call that is to stop, and numbers wrap.
        @Test(arguments: [
            (number: UInt32(7), word: UInt32(6), stops: false), (7, 7, true), (7, 8, true),
            (0, .max, false), (0, 0, true), (.max, 0, true), (1 << 31, 0, false),
        ])
        func aCancelMeetsTheCallsUpToTheOneItNames(number: UInt32, word: UInt32, stops: Bool) {
            withContext { context in
                let found = TestBatch([1], wants: [0]).withTable { batch in
                    answer(number: number, cancel: word) { call in
                        #expect((roost_cancelled(call) != 0) == stops)
                        return context.decode.forward(context.handle, batch, nil, call)
                    }
                }
                #expect(found.status == (stops ? -5 : 0))
            }
        }

        @Test func aCallPastItsDeadlineDoesNothing() {
            let host = TestHost()
            withContext(host: host) { context in
                host.now = 50
                #expect(context.forward(TestBatch([1]), deadline: 50).answer.status == 0)
                host.now = 51
                let found = context.forward(TestBatch([1], positions: [1]), deadline: 50).answer
                #expect(found == Answer(status: -5, message: "the call's deadline has passed"))
            }
        }

        @Test func truncateAndForkKeepPrefixes() {
            withContext { context in
                #expect(context.forward([1, 2, 1]).status == 0)
                #expect(context.truncate(0, 2).status == 0)
                #expect(context.fork(0, 1, 1).status == 0)
                #expect([0, 1].map { context.length($0) } == [2, 1])
            }
        }

        @Test func truncateAndForkOutOfRangeAreErrors() {
            withContext { context in
                #expect(context.forward([1, 2, 1]).status == 0)
                let long = context.truncate(0, 4)
                #expect(
                    long
                        == Answer(
                            status: -1, message: "sequence 0 has 3 positions, expected at least 4"))
                #expect(context.truncate(9, 0).status == -1)
                #expect(context.fork(0, 9, 1).status == -1)
                #expect(context.fork(0, 0, 1).status == -1)
                #expect(context.fork(0, 1, 4).status == -1)
                #expect(context.fork(0, 1, 1).status == 0)
                #expect(context.fork(0, 1, 1).status == -1)
                #expect(context.length(9) == nil)
                #expect(
                    context.clear(3)
                        == Answer(status: -1, message: "sequence 3, expected 0 to 2"))
            }
        }
    }
}
