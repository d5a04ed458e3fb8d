import Foundation
package import PluginABI

/// An open model of a plugin.
package final class TestModel {
    package let plugin: PluginLibrary
    package let handle: OpaquePointer
    /// For the calls of a model whose tests need no more than one.
    package private(set) var ownContext: OpaquePointer?

    /// - Parameters:
    ///   - settings: the model's settings, JSON or empty.
    ///   - hasContext: makes `ownContext`.
    package init(
        _ plugin: PluginLibrary, _ path: String, settings: String, budget: UInt64,
        hasContext: Bool = false
    ) throws {
        self.plugin = plugin
        handle = try plugin.open(path, settings: settings, budget: budget)
        if hasContext { ownContext = try makeContext() }
    }

    deinit {
        ownContext.map { plugin.table.context_free($0) }
        plugin.table.close(handle)
    }

    package func makeContext(
        sequences: UInt32 = 1, contextLength: UInt32 = 0, batchSize: UInt32 = 0
    ) throws -> OpaquePointer {
        var parameters = roost_context_params()
        parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
        parameters.n_seq = sequences
        parameters.n_ctx = contextLength
        parameters.n_batch = batchSize
        var context: OpaquePointer?
        try checked { plugin.table.context_new(handle, &parameters, &context, $0) }
        return context!
    }

    package func has(_ id: String) -> Bool { plugin.table.extension(handle, id) != nil }

    /// The table of an extension.
    package func table<Table>(_ id: String, as type: Table.Type = Table.self) throws -> Table {
        guard let table = plugin.table.extension(handle, id) else {
            throw BoundaryError(status: -2, flags: 0, message: "no \(id)")
        }
        return table.load(as: type)
    }

    package func info() throws -> [String: Any] {
        let bytes = try collected { plugin.table.info_json(handle, $0, $1) }
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        return object as? [String: Any] ?? [:]
    }

    /// - Parameter context: `ownContext` unless said otherwise.
    package func selfTest(
        in context: OpaquePointer? = nil, milliseconds: UInt32 = 5000
    ) throws -> String {
        let table: roost_ext_selftest = try table(ROOST_EXT_SELFTEST)
        let report = try collected { table.run(context ?? ownContext, milliseconds, $0, $1) }
        return String(decoding: report, as: UTF8.self)
    }
}

// MARK: - Adapters

extension TestModel {
    package func load(adapter path: String, as number: UInt32) throws -> roost_adapter {
        let table: roost_ext_adapters = try table(ROOST_EXT_ADAPTERS)
        var found = roost_adapter()
        found.struct_size = UInt32(MemoryLayout<roost_adapter>.size)
        try withString(path) { path in
            var source = roost_adapter_source(
                struct_size: UInt32(MemoryLayout<roost_adapter_source>.size), adapter: number,
                path: path, config_json: roost_str())
            try checked { table.load(handle, &source, &found, $0) }
        }
        return found
    }

    package func unload(adapter number: UInt32) throws {
        let table: roost_ext_adapters = try table(ROOST_EXT_ADAPTERS)
        try checked { table.unload(handle, number, $0) }
    }
}

// MARK: - Tokens

extension TestModel {
    package func tokenize(
        _ text: String, addSpecial: Bool = true, parseSpecial: Bool = false
    ) throws -> [Int32] {
        let table: roost_ext_tokens = try table(ROOST_EXT_TOKENS)
        let flags: UInt32 = (addSpecial ? 1 : 0) | (parseSpecial ? 2 : 0)
        let bytes = try withString(text) { text in
            try collected { table.tokenize(handle, text, flags, $0, $1) }
        }
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    package var vocabulary: roost_vocab {
        get throws {
            let table: roost_ext_tokens = try table(ROOST_EXT_TOKENS)
            var vocabulary = roost_vocab()
            vocabulary.struct_size = UInt32(MemoryLayout<roost_vocab>.size)
            try checked { table.vocab(handle, &vocabulary, $0) }
            return vocabulary
        }
    }
}
