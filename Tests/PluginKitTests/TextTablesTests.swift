import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct TextTablesTests {
        private func tokens(_ model: OpaquePointer) throws -> roost_ext_tokens {
            try #require(plugin.extension(model, ROOST_EXT_TOKENS)).load(as: roost_ext_tokens.self)
        }

        private func tokenize(
            _ model: OpaquePointer, _ bytes: [UInt8], flags: UInt32 = 0, into sink: TestSink
        ) throws -> Answer {
            let tokens = try tokens(model)
            return bytes.withUnsafeBytes { bytes in
                let text = roost_str(
                    ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    len: UInt64(bytes.count))
                return answer { tokens.tokenize(model, text, flags, sink.table, $0) }
            }
        }

        @Test func theVocabularyIsOneBlockOfBytesWithOffsets() throws {
            try withModel { model in
                var found = roost_vocab()
                found.struct_size = UInt32(MemoryLayout<roost_vocab>.size)
                let table = try tokens(model)
                #expect(answer { table.vocab(model, &found, $0) }.status == 0)
                #expect(found.n == 8)
                #expect((found.bos, found.eos, found.eot, found.pad) == (0, 1, -1, -1))
                #expect(found.flags == 1)
                let pieces = (0..<Int(found.n)).map { token in
                    (found.offset[token]..<found.offset[token + 1]).map {
                        UInt8(bitPattern: found.bytes[Int($0)])
                    }
                }
                let texts = ["<s>", "</s>", "a", "bc", "", "\u{FF}é"]
                #expect(pieces.prefix(6) == texts.map { Array($0.utf8) }[...])
                #expect(pieces[6...] == [[0xFF], []])
                #expect((0..<8).map { found.attr[$0] } == [1, 1, 0, 0, 0, 0, 4, 8])
            }
        }

        @Test func tokenizePutsIdsIntoTheSink() throws {
            try withModel { model in
                let sink = TestSink()
                let found = try tokenize(model, Array("ab".utf8), flags: 1, into: sink)
                #expect(found.status == 0)
                #expect(sink.ids == [0, 97, 98])
            }
        }

        private func tokenizeMixed(
            _ model: OpaquePointer, _ plain: [roost_range], into sink: TestSink
        ) throws -> Answer {
            let tokens = try tokens(model)
            return "abc".withCString { text in
                plain.withUnsafeBufferPointer { plain in
                    answer {
                        tokens.tokenize_mixed(
                            model, roost_str(ptr: text, len: 3), plain.baseAddress,
                            UInt32(plain.count), 2, sink.table, $0)
                    }
                }
            }
        }

        @Test func theModelIsToldWhatSomebodyElseWrote() throws {
            try withModel { model in
                let sink = TestSink()
                let plain = [roost_range(start: 0, end: 1), roost_range(start: 2, end: 3)]
                let found = try tokenizeMixed(model, plain, into: sink)
                #expect(found.status == 0)
                // The model under test marks what is plain.
                #expect(sink.ids == [-97, 98, -99])
            }
        }

        @Test(arguments: [[(0, 4)], [(1, 1)], [(2, 1)], [(1, 2), (0, 1)], [(0, 2), (1, 3)]])
        func rangesThatDoNotAscendAreRefused(_ bounds: [(Int, Int)]) throws {
            try withModel { model in
                let plain = bounds.map { roost_range(start: UInt64($0.0), end: UInt64($0.1)) }
                let found = try tokenizeMixed(model, plain, into: TestSink())
                #expect(found.status == -1)
            }
        }

        @Test func anEmptyTextHasNoTokens() throws {
            try withModel { model in
                let sink = TestSink()
                let found = try tokenize(model, [], into: sink)
                #expect(found.status == 0)
                #expect(sink.ids.isEmpty)
            }
        }

        @Test(arguments: [[0xFF], [0xC3], [0xE2, 0x82], [0x61, 0xED, 0xA0, 0x80]] as [[UInt8]])
        func brokenUTF8IsRefused(bytes: [UInt8]) throws {
            try withModel { model in
                let found = try tokenize(model, bytes, into: TestSink())
                #expect(found == Answer(status: -1, message: "text is not UTF-8"))
            }
        }

        @Test func unknownFlagsAreRefused() throws {
            try withModel { model in
                let found = try tokenize(model, [97], flags: 4, into: TestSink())
                #expect(found.status == -1)
            }
        }

        @Test func aSinkThatSaysStopEndsTheCall() throws {
            try withModel { model in
                let found = try tokenize(model, [97], into: TestSink(limit: 0))
                #expect(found == Answer(status: -5, message: "the sink said stop"))
                #expect(
                    answer { plugin.info_json(model, TestSink(limit: 0).table, $0) }
                        == Answer(status: -5, message: "the sink said stop"))
            }
        }

        @Test func theSelfTestReportsEveryCheck() {
            withContext { context in
                let (status, report) = selfTest(context, limit: 100)
                #expect(status == 0)
                #expect(
                    report.hasPrefix(#"{"passed": true, "checks": [{"name": "logits are finite""#))
                #expect(report.contains("one by one equals at once"))
                #expect(report.contains("after a fork equals at once"))
                #expect([0, 1, 2].map { context.length($0) } == [0, 0, 0])
            }
        }

        @Test func theSelfTestNoticesAModelThatChangesItsMind() {
            withContext { context in
                let (status, report) = selfTest(context, limit: 0)
                #expect(status == 0)
                #expect(report.hasPrefix(#"{"passed": false"#))
            }
        }

        @Test func theSelfTestNeedsAnEmptyContext() {
            withContext { context in
                #expect(context.forward([1]).status == 0)
                #expect(selfTest(context, limit: 100).status == -6)
                #expect(context.length(0) == 1)
            }
        }

        private func selfTest(
            _ context: TestContext, limit: UInt32
        ) -> (status: roost_status, report: String) {
            let sink = TestSink()
            guard let table = plugin.extension(context.model, ROOST_EXT_SELFTEST) else {
                return (-2, "")
            }
            let test = table.load(as: roost_ext_selftest.self)
            let found = answer { test.run(context.handle, limit, sink.table, $0) }
            return (found.status, sink.text)
        }
    }
}
