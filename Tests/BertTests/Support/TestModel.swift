import Foundation
import PluginABI
import PluginTesting
import TestFixtures

extension PluginLibrary {
    static let bert = PluginLibrary("libBert.so")
}

extension TestModel {
    /// - Parameter settings: F32 unless said otherwise.
    convenience init(
        _ path: String, _ settings: String = #"{"precision": "f32"}"#, budget: UInt64 = 0
    ) throws {
        try self.init(.bert, path, settings: settings, budget: budget, hasContext: true)
    }

    /// The folder stays until the model is open.
    convenience init(
        _ folder: TestFolder, _ settings: String = #"{"precision": "f32"}"#
    ) throws {
        defer { withExtendedLifetime(folder) {} }
        try self.init(folder.path, settings)
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
        let table = try vectors
        let name = try collected { table.label(handle, UInt32(index), $0, $1) }
        return String(decoding: name, as: UTF8.self)
    }

    /// - Parameters:
    ///   - flags: `ROOST_EMBED_*`.
    ///   - checks: how often the plugin finds that the deadline has not passed.
    func embed(
        _ texts: [String], flags: UInt32 = 0, checks: Int? = nil,
        cancel: UnsafePointer<UInt32>? = nil
    ) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { strings in
            try collectedRows(texts.count, width: Int(table.dim)) { out in
                try checked(cancel: cancel, checks: checks) {
                    table.embed(
                        ownContext, strings.baseAddress, UInt32(strings.count), flags, &out, $0)
                }
            }
        }
    }

    func embed(tokens: [[Int32]], flags: UInt32 = 0) throws -> [[Float]] {
        let table = try vectors
        let offsets = tokens.reduce(into: [UInt32(0)]) { $0.append($0.last! + UInt32($1.count)) }
        return try collectedRows(tokens.count, width: Int(table.dim)) { out in
            try checked {
                table.embed_tokens(
                    ownContext, Array(tokens.joined()), offsets, UInt32(tokens.count), flags, &out,
                    $0)
            }
        }
    }

    func embeddingTokens(of text: String, flags: UInt32 = 0) throws -> [Int32] {
        let table = try vectors
        let bytes = try withString(text) { text in
            try collected { table.embed_tokenize(handle, text, flags, $0, $1) }
        }
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    func scores(_ query: String, _ documents: [String]) throws -> [Float] {
        let table = try vectors
        var scores = [Float](repeating: .nan, count: documents.count)
        try withString(query) { query in
            try withStrings(documents) { documents in
                try checked {
                    table.score_pairs(
                        ownContext, query, documents.baseAddress, UInt32(documents.count), &scores,
                        $0)
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
            try collectedRows(texts.count, width: Int(table.n_labels)) { out in
                try checked {
                    table.classify(ownContext, strings.baseAddress, UInt32(strings.count), &out, $0)
                }
            }
        }
    }

    func classify(_ texts: [String], pairs: [String]) throws -> [[Float]] {
        let table = try vectors
        return try withStrings(texts) { texts in
            try withStrings(pairs) { pairs in
                try collectedRows(texts.count, width: Int(table.n_labels)) { out in
                    try checked {
                        table.classify_pairs(
                            ownContext, texts.baseAddress, pairs.baseAddress, UInt32(texts.count),
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
                try checked { table.begin(ownContext, task, json, &job, $0) }
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
