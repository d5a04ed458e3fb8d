import Foundation
import PluginABI
import PluginTesting

extension PluginLibrary {
    static let summarizer = PluginLibrary("libSummarizer.so")
}

/// What `probe` says of a path.
func probe(_ path: String) throws -> roost_probe { try PluginLibrary.summarizer.probe(path) }

/// An open model.
final class TestModel {
    private let plugin = PluginLibrary.summarizer
    private let handle: OpaquePointer
    private let tokens: roost_ext_tokens
    fileprivate let encode: roost_ext_encode

    /// - Parameter settings: the model's settings; F32 keys and values unless said otherwise.
    init(_ path: String, settings: String = #"{"cache_type": "f32"}"#, budget: UInt64 = 0) throws {
        handle = try PluginLibrary.summarizer.open(path, settings: settings, budget: budget)
        tokens = plugin.table.extension(handle, ROOST_EXT_TOKENS)!.load(as: roost_ext_tokens.self)
        encode = plugin.table.extension(handle, ROOST_EXT_ENCODE)!.load(as: roost_ext_encode.self)
    }

    deinit {
        plugin.table.close(handle)
    }

    /// The token that a sequence begins with.
    var start: Int32 { encode.decoder_start }

    func tokenize(
        _ text: String, addSpecial: Bool = true, parseSpecial: Bool = true
    ) throws -> [Int32] {
        let flags: UInt32 = (addSpecial ? 1 : 0) | (parseSpecial ? 2 : 0)
        let sink = ByteSink()
        try withString(text) { text in
            try sink.collect { out in
                try checked { tokens.tokenize(handle, text, flags, out, $0) }
            }
        }
        return sink.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    var vocabulary: roost_vocab {
        var vocabulary = roost_vocab()
        vocabulary.struct_size = UInt32(MemoryLayout<roost_vocab>.size)
        precondition(tokens.vocab(handle, &vocabulary) == 0)
        return vocabulary
    }

    /// What tokens write, those of control left out.
    func text(of ids: [Int32]) -> String {
        let v = vocabulary
        let bytes = ids.filter { v.attr[Int($0)] & 1 == 0 }.flatMap { id in
            (v.offset[Int(id)]..<v.offset[Int(id) + 1]).map { UInt8(bitPattern: v.bytes[Int($0)]) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return v.flags & 1 != 0 && text.hasPrefix(" ") ? String(text.dropFirst()) : text
    }

    func info() throws -> [String: Any] {
        let sink = ByteSink()
        sink.collect { precondition(plugin.table.info_json(handle, $0) == 0) }
        let object = try JSONSerialization.jsonObject(with: Data(sink.bytes))
        return object as? [String: Any] ?? [:]
    }

    func context(sequences: UInt32 = 1, contextLength: UInt32 = 0) throws -> TestContext {
        var parameters = roost_context_params()
        parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
        parameters.n_seq = sequences
        parameters.n_ctx = contextLength
        var context: OpaquePointer?
        try checked { plugin.table.context_new(handle, &parameters, &context, $0) }
        let decode = plugin.table.extension(handle, ROOST_EXT_DECODE)!
        let selfTest = plugin.table.extension(handle, ROOST_EXT_SELFTEST)!
        return TestContext(
            self, context!, decode.load(as: roost_ext_decode.self),
            selfTest.load(as: roost_ext_selftest.self))
    }

    fileprivate func free(_ context: OpaquePointer) {
        plugin.table.context_free(context)
    }
}

/// One token of one sequence.
struct Row {
    var token: Int32
    var sequence: UInt32 = 0
    var position: UInt32
}

final class TestContext {
    let model: TestModel
    private let handle: OpaquePointer
    private let decode: roost_ext_decode
    private let selfTestTable: roost_ext_selftest
    let capabilities: roost_decode_caps

    fileprivate init(
        _ model: TestModel, _ handle: OpaquePointer, _ decode: roost_ext_decode,
        _ selfTest: roost_ext_selftest
    ) {
        self.model = model
        self.handle = handle
        self.decode = decode
        selfTestTable = selfTest
        var capabilities = roost_decode_caps()
        capabilities.struct_size = UInt32(MemoryLayout<roost_decode_caps>.size)
        precondition(decode.caps(handle, &capabilities) == 0)
        self.capabilities = capabilities
    }

    deinit {
        model.free(handle)
    }

    func selfTest() throws -> String {
        let sink = ByteSink()
        try sink.collect { out in
            try checked { selfTestTable.run(handle, 5000, out, $0) }
        }
        return String(decoding: sink.bytes, as: UTF8.self)
    }
}

// MARK: - Steps

extension TestContext {
    /// - Parameter checks: how often the plugin finds that the deadline has not passed.
    func encode(
        _ source: [Int32], for sequence: UInt32 = 0, cancel: UnsafePointer<Int32>? = nil,
        checks: Int? = nil
    ) throws {
        try source.withUnsafeBufferPointer { source in
            try checked(cancel: cancel, checks: checks) {
                model.encode.encode(
                    handle, sequence, source.baseAddress, UInt32(source.count), $0)
            }
        }
    }

    /// A row of logits, or of hidden states, for each of these.
    ///
    /// - Parameter checks: how often the plugin finds that the deadline has not passed.
    func forward(_ rows: [Row], hidden: Bool = false, checks: Int? = nil) throws -> [[Float]] {
        let width = Int(hidden ? capabilities.n_hidden : capabilities.n_vocab)
        var buffer = [Float](repeating: .nan, count: width * rows.count)
        try buffer.withUnsafeMutableBufferPointer { buffer in
            var out = roost_rows()
            out.struct_size = UInt32(MemoryLayout<roost_rows>.size)
            out.n_rows = UInt32(rows.count)
            out.data = buffer.baseAddress
            out.row_stride = UInt64(width * MemoryLayout<Float>.size)
            try withBatch(rows, want: hidden ? 2 : 1) { batch in
                try checked(checks: checks) { decode.forward(handle, batch, &out, $0) }
            }
        }
        return (0..<rows.count).map { Array(buffer[$0 * width..<($0 + 1) * width]) }
    }

    private func withBatch(
        _ rows: [Row], want: UInt8, _ body: (UnsafePointer<roost_batch>) throws -> Void
    ) throws {
        let (tokens, sequences) = (rows.map(\.token), rows.map(\.sequence))
        let (positions, wants) = (rows.map(\.position), rows.map { _ in want })
        try tokens.withUnsafeBufferPointer { tokens in
            try sequences.withUnsafeBufferPointer { sequences in
                try positions.withUnsafeBufferPointer { positions in
                    try wants.withUnsafeBufferPointer { wants in
                        var batch = roost_batch()
                        batch.struct_size = UInt32(MemoryLayout<roost_batch>.size)
                        batch.n = UInt32(rows.count)
                        batch.token = tokens.baseAddress
                        batch.seq = sequences.baseAddress
                        batch.pos = positions.baseAddress
                        batch.want = wants.baseAddress
                        try body(&batch)
                    }
                }
            }
        }
    }

    /// Appends tokens to a sequence; the logits of every row.
    func append(_ tokens: [Int32], to sequence: UInt32 = 0) throws -> [[Float]] {
        let start = try length(sequence)
        return try forward(
            tokens.enumerated().map { index, token in
                Row(token: token, sequence: sequence, position: start + UInt32(index))
            })
    }

    /// Writes with the likeliest token until the end token or `count` tokens behind the start.
    ///
    /// - Parameters:
    ///   - forced: the tokens behind the start token, whatever is likely.
    ///   - last: the token at the last place, whatever is likely.
    func greedy(
        _ source: [Int32], count: Int, forced: [Int32] = [], last: Int32? = nil
    ) throws -> [Int32] {
        clear()
        try encode(source)
        var tokens = [model.start]
        let end = model.vocabulary.eos
        while tokens.count <= count {
            let likeliest = argmax(try append([tokens[tokens.count - 1]])[0])
            let place = tokens.count - 1
            let chosen = place < forced.count ? forced[place] : likeliest
            tokens.append(tokens.count == count ? last ?? chosen : chosen)
            if tokens[tokens.count - 1] == end { break }
        }
        return tokens
    }
}

// MARK: - Sequences

extension TestContext {
    func length(_ sequence: UInt32) throws -> UInt32 {
        var length: UInt32 = 0
        let status = decode.seq_len(handle, sequence, &length)
        guard status == 0 else { throw BoundaryError(status: status, flags: 0, message: "") }
        return length
    }

    func clear(_ sequence: UInt32 = 0) {
        precondition(decode.seq_clear(handle, sequence) == 0)
    }

    func truncate(_ sequence: UInt32, to length: UInt32) throws {
        try checkedError { decode.seq_truncate(handle, sequence, length, $0) }
    }

    func fork(_ source: UInt32, to destination: UInt32, length: UInt32) throws {
        try checkedError { decode.seq_fork(handle, source, destination, length, $0) }
    }
}

func argmax(_ logits: [Float]) -> Int32 {
    Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
}

/// The largest absolute difference; infinite when the shapes differ or a number is not one.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}
