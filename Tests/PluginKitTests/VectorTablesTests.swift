import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct VectorTablesTests {
        /// A model's table, and a context of it.
        private struct Opened {
            let model: OpaquePointer
            let context: OpaquePointer
            let table: roost_ext_vectors
        }

        private func withVectors(_ path: String = "vectors", _ body: (Opened) throws -> Void) throws
        {
            try withModel(path: path) { model in
                let table = try #require(plugin.extension(model, ROOST_EXT_VECTORS))
                var parameters = roost_context_params()
                parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
                parameters.n_seq = 1
                var context: OpaquePointer?
                #expect(answer { plugin.context_new(model, &parameters, &context, $0) }.status == 0)
                defer { plugin.context_free(context) }
                try body(
                    Opened(
                        model: model, context: try #require(context),
                        table: table.load(as: roost_ext_vectors.self)))
            }
        }

        /// Lends texts, and room for `rows` rows of `width` floats, which it returns.
        private func fill(
            _ texts: [String], width: Int, rows: Int? = nil, stride: Int? = nil,
            _ body: (
                UnsafePointer<roost_str>?, UnsafeMutablePointer<roost_rows>,
                UnsafePointer<roost_call>
            ) -> roost_status
        ) -> (answer: Answer, rows: [[Float]]) {
            let (count, stride) = (rows ?? texts.count, stride ?? width * 4 + 4)
            var floats = [Float](repeating: -1, count: (count + 1) * (width + 1))
            let bytes = texts.map { Array($0.utf8) }
            let found = floats.withUnsafeMutableBufferPointer { floats in
                var out = roost_rows()
                out.struct_size = UInt32(MemoryLayout<roost_rows>.size)
                (out.n_rows, out.row_stride) = (UInt32(count), UInt64(stride))
                out.data = floats.baseAddress
                return withStrings(bytes) { texts in answer { body(texts, &out, $0) } }
            }
            let table = (0..<texts.count).map { row in
                Array(floats[row * (width + 1)..<row * (width + 1) + width])
            }
            // Between the rows nothing is written.
            #expect(
                stride != width * 4 + 4
                    || (0..<count).allSatisfy { floats[$0 * (width + 1) + width] == -1 })
            return (found, table)
        }

        private func withStrings<Result>(
            _ texts: [[UInt8]], _ body: (UnsafePointer<roost_str>?) -> Result
        ) -> Result {
            let all = Array(texts.joined()) + [0]
            return all.withUnsafeBytes { all in
                var start = 0
                let strings = texts.map { text in
                    defer { start += text.count }
                    return roost_str(
                        ptr: all.baseAddress?.advanced(by: start)
                            .assumingMemoryBound(to: CChar.self), len: UInt64(text.count))
                }
                return strings.withUnsafeBufferPointer { body($0.baseAddress) }
            }
        }

        @Test func theTableSaysWhatTheModelCanDo() throws {
            try withVectors { opened in
                let table = opened.table
                #expect(table.struct_size == 80)
                #expect((table.dim, table.n_labels, table.max_tokens) == (3, 2, 4))
                #expect(table.embed != nil && table.embed_tokens != nil)
                let labels = (0..<2).map { index in
                    let sink = TestSink()
                    let named = answer { table.label(opened.model, UInt32(index), sink.table, $0) }
                    #expect(named.status == 0)
                    return sink.text
                }
                #expect(labels == ["odd", "even"])
                #expect(
                    answer { table.label(opened.model, 2, TestSink().table, $0) }
                        == Answer(status: -1, message: "label 2, expected 0 to 1"))
            }
        }

        @Test func whatAModelCannotDoIsNull() throws {
            try withVectors("labels") { opened in
                let table = opened.table
                #expect(table.dim == 0)
                #expect(table.embed == nil && table.embed_tokens == nil)
                #expect(table.score_pairs == nil)
                #expect(table.classify != nil && table.embed_tokenize != nil)
            }
            withModel { model in
                #expect(plugin.extension(model, ROOST_EXT_VECTORS) == nil)
                #expect(plugin.extension(model, ROOST_EXT_TASK) == nil)
            }
        }

        @Test func embeddingsComeInRows() throws {
            try withVectors { opened in
                let found = fill(["abc", "", "é"], width: 3) { texts, rows, call in
                    opened.table.embed(opened.context, texts, 3, 1, rows, call)
                }
                #expect(found.answer.status == 0)
                #expect(found.rows == [[3, 0, 1], [0, 0, 1], [2, 0, 1]])
            }
        }

        @Test func tokensAreTheTextsWithTheirPrefix() throws {
            try withVectors { opened in
                let sink = TestSink()
                let status = withStrings([Array("abcdefg".utf8)]) { texts in
                    answer {
                        opened.table.embed_tokenize(
                            opened.model, texts!.pointee, 1, sink.table, $0)
                    }
                }
                #expect(status.status == 0)
                #expect(sink.ids == [99, 97, 98, 99, 100])
                let offsets: [UInt32] = [0, 1, 4]
                let found = fill(["", ""], width: 3) { _, rows, call in
                    opened.table.embed_tokens(
                        opened.context, [5, 6, 7, 8], offsets, 2, 0, rows, call)
                }
                #expect(found.answer.status == 0)
                #expect(found.rows == [[0, 1, 5], [0, 3, 6]])
            }
        }

        @Test(
            arguments: [
                ([0, 5], [1, 2, 3, 4, 5], "5 tokens, expected 1 to 4"),
                ([0, 0], [1], "0 tokens"), ([2, 1], [1, 2], "-1 tokens"),
                ([0, 1], [-3], "token -3"),
            ] as [([UInt32], [Int32], String)])
        func tokensThatMakeNoSenseAreRefused(offsets: [UInt32], ids: [Int32], says: String) throws {
            try withVectors { opened in
                let found = fill([""], width: 3) { _, rows, call in
                    opened.table.embed_tokens(opened.context, ids, offsets, 1, 0, rows, call)
                }
                #expect(found.answer.status == -1)
                #expect(found.answer.message.contains(says))
            }
        }

        @Test func argumentsThatMakeNoSenseAreRefused() throws {
            try withVectors { opened in
                let embed = opened.table.embed!
                let flags = fill(["a"], width: 3) { embed(opened.context, $0, 1, 8, $1, $2) }
                #expect(flags.answer.status == -1)
                let both = fill(["a"], width: 3) { embed(opened.context, $0, 1, 3, $1, $2) }
                #expect(both.answer.status == -1)
                let none = fill([], width: 3) { embed(opened.context, $0, 0, 0, $1, $2) }
                #expect(none.answer.status == -1)
                let few = fill(["a", "b"], width: 3, rows: 1) {
                    embed(opened.context, $0, 2, 0, $1, $2)
                }
                #expect(few.answer.message.contains("expected 2 rows of 12 bytes"))
                let narrow = fill(["a"], width: 3, stride: 8) {
                    embed(opened.context, $0, 1, 0, $1, $2)
                }
                #expect(narrow.answer.status == -1)
                let failed = fill(["fail"], width: 3) { embed(opened.context, $0, 1, 0, $1, $2) }
                #expect(failed.answer == Answer(status: -3 - 4, flags: 1, message: "no weights"))
            }
        }

        @Test func textThatIsNotUTF8IsRefused() throws {
            try withVectors { opened in
                let status = withStrings([[0xFF, 0x41]]) { texts in
                    fill([""], width: 3) { _, rows, call in
                        opened.table.embed(opened.context, texts, 1, 0, rows, call)
                    }
                }
                #expect(status.answer == Answer(status: -1, message: "text is not UTF-8"))
            }
        }

        @Test func scoresAndLabelsAreRaw() throws {
            try withVectors { opened in
                var scores: [Float] = [0, 0]
                let status = withStrings([[1, 2, 3], [], [9]].map { $0.map { UInt8($0) } }) {
                    texts in
                    answer {
                        opened.table.score_pairs(
                            opened.context, texts![0], texts! + 1, 2, &scores, $0)
                    }
                }
                #expect(status.status == 0 && scores == [3, 4])
                let labels = fill(["a", "ab"], width: 2) {
                    opened.table.classify(opened.context, $0, 2, $1, $2)
                }
                #expect(labels.rows == [[1, -1], [-1, 1]])
                let few = withStrings([Array("few".utf8)]) { texts in
                    answer {
                        opened.table.score_pairs(
                            opened.context, texts![0], texts!, 1, &scores, $0)
                    }
                }
                #expect(few == Answer(status: -9, message: "0 scores of 1 documents"))
            }
        }

        @Test func pairsAreLabelledTogether() throws {
            try withVectors { opened in
                let labels = withStrings(
                    [[1, 2], [], [3], [4, 5, 6]].map { $0.map { UInt8($0) } }
                ) {
                    texts in
                    fill(["", ""], width: 2) { _, rows, call in
                        opened.table.classify_pairs(
                            opened.context, texts!, texts! + 2, 2, rows, call)
                    }
                }
                #expect(labels.rows == [[2, 1], [0, 3]])
            }
        }

        @Test func tokensAreCountedBeforeAndAfterTheCut() throws {
            try withVectors { opened in
                func count(_ texts: [String]) -> (Answer, read: UInt32, whole: UInt32) {
                    var (read, whole) = (UInt32(0), UInt32(0))
                    let found = withStrings(texts.map { Array($0.utf8) }) { strings in
                        answer {
                            opened.table.count_tokens(
                                opened.model, strings![0], texts.count > 1 ? strings! + 1 : nil, 0,
                                &read, &whole, $0)
                        }
                    }
                    return (found, read, whole)
                }
                let alone = count(["abcdef"])
                #expect(alone.0.status == 0 && alone.read == 4 && alone.whole == 6)
                let pair = count(["a", "b"])
                #expect(pair.read == 3 && pair.whole == 3)
                #expect(count(["wrong"]).0.message == "6 tokens read of 5")
            }
        }

        @Test func infoHasTheKeysOfVectorsAndTasks() throws {
            try withVectors { opened in
                let sink = TestSink()
                #expect(answer { plugin.info_json(opened.model, sink.table, $0) }.status == 0)
                #expect(
                    sink.text == #"{"name": "lengths", "dimensions": 3, "max_tokens": 4, "#
                        + #""pooling": "mean", "query_prefix": "query: ", "matryoshka": false, "#
                        + #""tasks": ["letters"]}"#)
            }
        }

        // MARK: - Tasks

        private func begin(
            _ opened: Opened, _ task: roost_ext_task, _ input: String, name: String = "letters"
        ) -> (answer: Answer, job: OpaquePointer?) {
            var job: OpaquePointer?
            let found = withStrings([Array(name.utf8), Array(input.utf8)]) { texts in
                answer { task.begin(opened.context, texts![0], texts![1], &job, $0) }
            }
            return (found, job)
        }

        private func advance(
            _ task: roost_ext_task, _ job: OpaquePointer?
        ) -> (answer: Answer, text: String, progress: roost_progress) {
            let sink = TestSink()
            var progress = roost_progress()
            progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
            let found = answer { task.advance(job, 10, sink.table, &progress, $0) }
            return (found, sink.text, progress)
        }

        private func withTasks(_ body: (Opened, roost_ext_task) throws -> Void) throws {
            try withVectors { opened in
                let table = try #require(plugin.extension(opened.model, ROOST_EXT_TASK))
                try body(opened, table.load(as: roost_ext_task.self))
                #expect(LetterJob.living == 0)
            }
        }

        @Test func aTaskPutsALineAnEventUntilItIsDone() throws {
            try withTasks { opened, task in
                let sink = TestSink()
                #expect(answer { task.list_json(opened.model, sink.table, $0) }.status == 0)
                #expect(
                    sink.text
                        == #"[{"name": "letters", "input_schema": {"type": "string"}, "event_schema": {}}]"#
                )
                let job = begin(opened, task, "ab").job
                let first = advance(task, job)
                #expect(first.text == "{\"letter\": \"a\"}\n")
                #expect((first.progress.done, first.progress.step, first.progress.of) == (0, 1, 2))
                #expect(advance(task, job).progress.done == 1)
                #expect(advance(task, job).answer.status == -1)
                #expect(LetterJob.living == 1)
                task.end(job)
            }
        }

        @Test func aTaskMayEndAtAnyTime() throws {
            try withTasks { opened, task in
                task.end(begin(opened, task, "ab").job)
                let failing = begin(opened, task, "!a").job
                #expect(advance(task, failing).answer.message == "cannot go on")
                #expect(advance(task, failing).answer.message.contains("only end may follow"))
                task.end(failing)
                let broken = begin(opened, task, "\n").job
                #expect(advance(task, broken).answer.message.contains("line break"))
                task.end(broken)
            }
        }

        @Test func aTaskThatDoesNotExistIsRefused() throws {
            try withTasks { opened, task in
                let found = begin(opened, task, "a", name: "words")
                #expect(
                    found.answer == Answer(status: -1, message: "no task 'words', expected letters")
                )
                #expect(begin(opened, task, "").answer.message == "no letters")
            }
        }
    }
}
