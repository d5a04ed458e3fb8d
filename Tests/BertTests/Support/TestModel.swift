import Foundation
import PluginABI
import PluginTesting

extension PluginLibrary {
    static let bert = PluginLibrary("libBert.so")
}

/// An open model with one context.
final class TestModel {
    private let plugin = PluginLibrary.bert
    private let handle: OpaquePointer
    private let context: OpaquePointer

    /// - Parameter settings: the model's settings; F32 unless said otherwise.
    init(_ path: String, _ settings: String = #"{"precision": "f32"}"#, budget: UInt64 = 0) throws {
        handle = try PluginLibrary.bert.open(path, settings: settings, budget: budget)
        context = try Self.context(of: handle)
    }

    /// The folder stays until the model is open.
    convenience init(
        _ folder: TestFolder, _ settings: String = #"{"precision": "f32"}"#
    ) throws {
        defer { withExtendedLifetime(folder) {} }
        try self.init(folder.path, settings)
    }

    private static func context(of model: OpaquePointer) throws -> OpaquePointer {
        var parameters = roost_context_params()
        parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
        parameters.n_seq = 1
        var context: OpaquePointer?
        try checked { PluginLibrary.bert.table.context_new(model, &parameters, &context, $0) }
        return context!
    }

    deinit {
        plugin.table.context_free(context)
        plugin.table.close(handle)
    }

    private func table<Table>(_ id: String, as type: Table.Type = Table.self) throws -> Table {
        guard let table = plugin.table.extension(handle, id) else {
            throw BoundaryError(status: -2, flags: 0, message: "no \(id)")
        }
        return table.load(as: type)
    }

    func has(_ id: String) -> Bool { plugin.table.extension(handle, id) != nil }

    func info() throws -> [String: Any] {
        let sink = ByteSink()
        sink.collect { precondition(plugin.table.info_json(handle, $0) == 0) }
        let object = try JSONSerialization.jsonObject(with: Data(sink.bytes))
        return object as? [String: Any] ?? [:]
    }

    func selfTest() throws -> String {
        let table: roost_ext_selftest = try table(ROOST_EXT_SELFTEST)
        let sink = ByteSink()
        try sink.collect { out in try checked { table.run(context, 5000, out, $0) } }
        return String(decoding: sink.bytes, as: UTF8.self)
    }
}

// MARK: - Vectors

/// Flags of `embed`.
let (query, passage) = (UInt32(ROOST_EMBED_QUERY), UInt32(ROOST_EMBED_PASSAGE))
let noNormalize = UInt32(ROOST_EMBED_NO_NORMALIZE)

extension TestModel {
    var vectors: roost_ext_vectors {
        get throws { try table(ROOST_EXT_VECTORS) }
    }

    func label(_ index: Int) throws -> String {
        let (table, sink) = (try vectors, ByteSink())
        sink.collect { precondition(table.label(handle, UInt32(index), $0) == 0) }
        return String(decoding: sink.bytes, as: UTF8.self)
    }

    /// - Parameters:
    ///   - flags: `ROOST_EMBED_*`.
    ///   - checks: how often the plugin finds that the deadline has not passed.
    func embed(
        _ texts: [String], flags: UInt32 = 0, checks: Int? = nil,
        cancel: UnsafePointer<Int32>? = nil
    ) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { strings in
            try rows(texts.count, width: Int(table.dim)) { out in
                try checked(cancel: cancel, checks: checks) {
                    table.embed(
                        context, strings.baseAddress, UInt32(strings.count), flags, &out, $0)
                }
            }
        }
    }

    func embed(tokens: [[Int32]], flags: UInt32 = 0) throws -> [[Float]] {
        let table = try vectors
        let offsets = tokens.reduce(into: [UInt32(0)]) { $0.append($0.last! + UInt32($1.count)) }
        return try rows(tokens.count, width: Int(table.dim)) { out in
            try checked {
                table.embed_tokens(
                    context, Array(tokens.joined()), offsets, UInt32(tokens.count), flags, &out, $0)
            }
        }
    }

    func embeddingTokens(of text: String, flags: UInt32 = 0) throws -> [Int32] {
        let table = try vectors
        let sink = ByteSink()
        try withString(text) { text in
            try sink.collect { out in
                try checked { table.embed_tokenize(handle, text, flags, out, $0) }
            }
        }
        return sink.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    func scores(_ query: String, _ documents: [String]) throws -> [Float] {
        let table = try vectors
        var scores = [Float](repeating: .nan, count: documents.count)
        try withString(query) { query in
            try withStrings(documents) { documents in
                try checked {
                    table.score_pairs(
                        context, query, documents.baseAddress, UInt32(documents.count), &scores, $0)
                }
            }
        }
        return scores
    }

    /// What the model has functions for.
    var embeds: Bool { get throws { try vectors.embed != nil } }
    var classifies: Bool { get throws { try vectors.classify != nil } }

    func classify(_ texts: [String]) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { strings in
            try rows(texts.count, width: Int(table.n_labels)) { out in
                try checked {
                    table.classify(context, strings.baseAddress, UInt32(strings.count), &out, $0)
                }
            }
        }
    }

    func classify(_ texts: [String], pairs: [String]) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { texts in
            try withStrings(pairs) { pairs in
                try rows(texts.count, width: Int(table.n_labels)) { out in
                    try checked {
                        table.classify_pairs(
                            context, texts.baseAddress, pairs.baseAddress, UInt32(texts.count),
                            &out,
                            $0)
                    }
                }
            }
        }
    }

    func countTokens(
        of text: String, pair: String? = nil, flags: UInt32 = 0
    ) throws -> (read: Int, whole: Int) {
        let table = try vectors
        var (read, whole) = (UInt32(0), UInt32(0))
        try withStrings([text, pair ?? ""]) { texts in
            try checked {
                table.count_tokens(
                    handle, texts[0], pair == nil ? nil : texts.baseAddress! + 1, flags, &read,
                    &whole, $0)
            }
        }
        return (Int(read), Int(whole))
    }

    private func rows(
        _ count: Int, width: Int, _ body: (inout roost_rows) throws -> Void
    ) throws -> [[Float]] {
        var buffer = [Float](repeating: .nan, count: count * width)
        try buffer.withUnsafeMutableBufferPointer { buffer in
            var out = roost_rows()
            out.struct_size = UInt32(MemoryLayout<roost_rows>.size)
            out.n_rows = UInt32(count)
            out.data = buffer.baseAddress
            out.row_stride = UInt64(width * MemoryLayout<Float>.size)
            try body(&out)
        }
        return (0..<count).map { Array(buffer[$0 * width..<($0 + 1) * width]) }
    }
}

// MARK: - Tasks

extension TestModel {
    /// Runs a task to its end; its events.
    ///
    /// - Parameter milliseconds: how long each step may take.
    func run(
        _ task: String, _ input: [String: Any], milliseconds: UInt32 = 1000
    ) throws -> [[String: Any]] {
        let json = try JSONSerialization.data(withJSONObject: input)
        return try run(task, json: String(decoding: json, as: UTF8.self), milliseconds)
    }

    func run(_ task: String, json: String, _ milliseconds: UInt32 = 1000) throws -> [[String: Any]]
    {
        let table: roost_ext_task = try table(ROOST_EXT_TASK)
        var job: OpaquePointer?
        try withString(task) { task in
            try withString(json) { json in
                try checked { table.begin(context, task, json, &job, $0) }
            }
        }
        defer { table.end(job) }
        let sink = ByteSink()
        var progress = roost_progress()
        progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        while progress.done == 0 {
            try sink.collect { out in
                try checked { table.advance(job, milliseconds, out, &progress, $0) }
            }
        }
        return try String(decoding: sink.bytes, as: UTF8.self).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return object as? [String: Any] ?? [:]
        }
    }
}

// MARK: - Requests

/// What `probe` says of a path.
func probe(_ path: String, _ settings: String = "") throws -> roost_probe {
    try PluginLibrary.bert.probe(path, settings: settings)
}

func probe(_ folder: TestFolder) throws -> roost_probe {
    defer { withExtendedLifetime(folder) {} }
    return try probe(folder.path)
}
