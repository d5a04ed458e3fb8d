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
