import PluginABI

/// A low-rank adapter, as the settings or an admin name it.
package struct AdapterSource: Sendable, Equatable {
    /// A file or a directory.
    package var path: String
    /// The adapter's own settings: a JSON object, or empty.
    package var configJSON: String

    package init(path: String, configJSON: String = "") {
        self.path = path
        self.configJSON = configJSON
    }
}

/// What a plugin says of an adapter that it has read.
package struct AdapterDescription: Sendable, Equatable {
    /// The largest of its maps.
    package var rank: Int
    /// Of the model's memory.
    package var bytes: UInt64

    package init(rank: Int, bytes: UInt64) {
        self.rank = rank
        self.bytes = bytes
    }
}

package struct LoadAdapterCall: ModelCall {
    package typealias Answer = AdapterDescription
    package static let step = CallStep.loadAdapter
    package static let isLane = false
    package var number: UInt32
    package var source: AdapterSource

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&number, &source.path, &source.configJSON)
    }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.load }

    package func check(on host: HostSide) throws { try host.description.checkTakesAdapters() }

    package func perform(on plugin: PluginSide) throws -> AdapterDescription {
        let load = try require(plugin.model.adapters.load, "load", in: Self.step)
        var out = roost_adapter()
        out.struct_size = UInt32(MemoryLayout<roost_adapter>.size)
        try source.path.withPluginString { path in
            try source.configJSON.withPluginString { config in
                var source = roost_adapter_source(
                    struct_size: UInt32(MemoryLayout<roost_adapter_source>.size), adapter: number,
                    path: path, config_json: config)
                try Self.blamingFiles {
                    try plugin.call(Self.step) { load(plugin.model.model, &source, &out, $0) }
                }
            }
        }
        return AdapterDescription(rank: Int(out.rank), bytes: out.bytes)
    }

    /// Files that do not fit are the fault of whoever named them, not the model's.
    private static func blamingFiles(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch ModelFailure.refused(let code, [], let message)
            where [.model, .io, .outOfMemory].contains(code)
        {
            throw ModelFailure.argument(message)
        }
    }
}

package struct UnloadAdapterCall: ModelCall {
    package static let step = CallStep.unloadAdapter
    package static let isLane = false
    package var number: UInt32

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&number) }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.load }

    package func check(on host: HostSide) throws { try host.description.checkTakesAdapters() }

    package func perform(on plugin: PluginSide) throws {
        let unload = try require(plugin.model.adapters.unload, "unload", in: Self.step)
        try plugin.call(Self.step) { unload(plugin.model.model, number, $0) }
    }
}

extension ModelInstance {
    fileprivate var adapters: roost_ext_adapters {
        get throws {
            try supported(
                extensions.table(.adapters, as: roost_ext_adapters.self),
                else: "the model takes no adapters")
        }
    }
}

extension ModelDescription {
    package var takesAdapters: Bool {
        decode != nil && extensions.contains(ExtensionID.adapters.rawValue)
    }

    fileprivate func checkTakesAdapters() throws {
        guard takesAdapters else {
            throw ModelFailure.unsupported(
                "the model takes no adapters: its plugin has no \(ExtensionID.adapters.rawValue)")
        }
    }
}

// MARK: - For the engine

extension LoadedModel {
    /// Reads an adapter, which rows of later batches may name, while the model goes on. From any
    /// thread; blocks.
    ///
    /// - Parameter number: above 0, and never that of another.
    package func loadAdapter(
        _ source: AdapterSource, as number: UInt32
    ) throws -> AdapterDescription {
        try call(LoadAdapterCall(number: number, source: source))
    }

    /// Releases an adapter that no sequence's next rows name. From any thread; blocks.
    package func unloadAdapter(_ number: UInt32) throws {
        try call(UnloadAdapterCall(number: number))
    }
}

extension AdapterDescription: WireValue {
    package init() { self.init(rank: 0, bytes: 0) }

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&rank, &bytes) }
}
