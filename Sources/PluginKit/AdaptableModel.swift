import PluginABI
import Synchronization

/// A model whose rows can go through low-rank adapters: `roost.text.adapters/1`.
///
/// Contexts find the adapter of a row, which is `Batch.adapters`, in `adapters`.
public protocol AdaptableModel: Model {
    associatedtype Adapter: ModelAdapter

    /// The loaded ones, which the kit keeps account of.
    var adapters: LoadedAdapters<Adapter> { get }

    /// Reads an adapter, while contexts of the model compute.
    ///
    /// - Throws: `model` for one that does not fit, `outOfMemory` for one that is over the budget.
    func readAdapter(_ request: AdapterRequest) throws -> Adapter
}

/// An adapter that has been read.
public protocol ModelAdapter: Sendable {
    /// The largest of its maps.
    var rank: Int { get }
    /// Of memory, in addition to the model's.
    var bytes: UInt64 { get }
}

/// Which adapter to read; valid during the call.
public struct AdapterRequest {
    /// A file or a directory.
    public let path: String
    /// The adapter's own settings, a JSON object; empty when there are none.
    public let configJSON: String
    public let call: Call

    public init(path: String, configJSON: String = "", call: Call) {
        self.path = path
        self.configJSON = configJSON
        self.call = call
    }
}

/// The adapters of a model by their numbers. From any thread.
public final class LoadedAdapters<Adapter: ModelAdapter>: Sendable {
    private let loaded = Mutex<[Int: Adapter]>([:])

    public init() {}

    public var bytes: UInt64 { loaded.withLock { $0.values.reduce(0) { $0 + $1.bytes } } }

    /// - Throws: `argument` for one that is not loaded.
    public func adapter(_ number: Int) throws -> Adapter {
        guard let adapter = loaded.withLock({ $0[number] }) else { throw Self.unknown(number) }
        return adapter
    }

    package func add(_ adapter: Adapter, as number: Int) throws {
        try checkIsFree(number)
        loaded.withLock { $0[number] = adapter }
    }

    package func remove(_ number: Int) throws {
        // It is released here, outside of the lock.
        guard loaded.withLock({ $0.removeValue(forKey: number) }) != nil else {
            throw Self.unknown(number)
        }
    }

    fileprivate func checkIsFree(_ number: Int) throws {
        guard number > 0, loaded.withLock({ $0[number] == nil }) else {
            throw PluginError(
                .argument,
                "the number \(number) for an adapter, expected one above 0 that no loaded one has")
        }
    }

    private static func unknown(_ number: Int) -> PluginError {
        PluginError(.argument, "adapter \(number) is not loaded")
    }
}

// MARK: - The table

enum AdaptersTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_adapters(
            struct_size: structSize(roost_ext_adapters.self), reserved: 0, load: loadAdapter,
            unload: unloadAdapter))
}

private func loadAdapter(
    model: OpaquePointer?, source: UnsafePointer<roost_adapter_source>?,
    out: UnsafeMutablePointer<roost_adapter>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let source = try checked(source, "roost_adapter_source", size: \.struct_size)
        let request = AdapterRequest(
            path: try source.path.string("path"),
            configJSON: try source.config_json.string("config_json"), call: call)
        guard !request.path.isEmpty, !request.path.utf8.contains(0) else {
            throw PluginError(.argument, "the path of the adapter is empty or contains a NUL")
        }
        let adapter = try adaptable(model).load(request, as: Int(source.adapter))
        let found = roost_adapter(
            struct_size: structSize(roost_adapter.self), rank: UInt32(clamping: adapter.rank),
            bytes: adapter.bytes)
        try fill(out, "roost_adapter", size: \.struct_size, with: found)
    }
}

private func unloadAdapter(
    model: OpaquePointer?, adapter: UInt32, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in try adaptable(model).unload(Int(adapter)) }
}

private func adaptable(_ model: OpaquePointer?) throws -> any AdaptableModel {
    guard let model = try model.box(ModelBox.self, "model").model as? any AdaptableModel else {
        throw PluginError(.unsupported, "the model takes no adapters")
    }
    return model
}

extension AdaptableModel {
    fileprivate func load(
        _ request: AdapterRequest, as number: Int
    ) throws -> any ModelAdapter {
        try adapters.checkIsFree(number)
        let adapter = try readAdapter(request)
        try adapters.add(adapter, as: number)
        return adapter
    }

    fileprivate func unload(_ number: Int) throws {
        try adapters.remove(number)
    }
}
