import Glibc
import PluginABI

/// A plugin's library that is mapped: its constructors have run.
struct PluginImage {
    typealias Query = @convention(c) (UInt32) -> UnsafePointer<roost_plugin>?

    let path: String
    private let entry: Query

    /// - Parameter path: an inspected staged copy; its constructors run here.
    init(_ path: String, trace: CallTrace) throws {
        self.path = path
        entry = try trace.during(.library) { try Self.entryPoint(of: path) }
    }

    /// Asks the plugin for its table, and checks that both sides are compatible.
    func query(_ isolation: Isolation, trace: CallTrace) throws -> QueriedPlugin {
        let table = try trace.during(.query) { try readTable() }
        let identity = try trace.during(.query) { try PluginIdentity(table) }
        if isolation == .inProcess, let foreign = identity.foreignToolchain {
            throw ModelFailure.load(
                stage: .query,
                reason: "the plugin was built with \(foreign), this host with "
                    + "\(ABI.toolchain); set isolation = \"worker\", or rebuild it"
            )
        }
        try Self.checkMembers(table)
        return QueriedPlugin(path: path, functions: table, identity: identity)
    }
}

/// What a plugin answered to its query.
struct QueriedPlugin {
    let path: String
    let functions: roost_plugin
    let identity: PluginIdentity
}

/// A plugin that is mapped and attached, once per staged file and process, and never unmapped.
final class PluginLibrary: @unchecked Sendable {
    let path: String
    let table: roost_plugin
    let identity: PluginIdentity
    let services: HostServices
    /// What attach gave; handed to probe and open.
    private let attached: UnsafeMutableRawPointer?
    private let loading = Monitor(false)

    /// Attaches a plugin.
    init(_ plugin: QueriedPlugin, trace: CallTrace, log: @escaping LogHandler) throws {
        path = plugin.path
        table = plugin.functions
        identity = plugin.identity
        services = HostServices(log: log)
        var attached: UnsafeMutableRawPointer?
        let host = services.table
        try callLoading(.attach, trace: trace) { plugin.functions.attach(host, &attached, $0) }
        self.attached = attached
    }

    /// Runs a [load] call: one at a time, unless the plugin allows more.
    func load<Result>(_ body: (UnsafeMutableRawPointer?) throws -> Result) rethrows -> Result {
        if PluginFlags(rawValue: table.flags).contains(.parallelOpen) { return try body(attached) }
        _ = loading.wait { busy -> Bool? in
            if busy { return nil }
            busy = true
            return true
        }
        defer { loading.withLock { $0 = false } }
        return try body(attached)
    }

    /// After the last model is closed; the library stays mapped.
    func detach(trace: CallTrace) {
        guard let detach = table.detach else { return }
        trace.during(.detach) { detach(attached) }
    }
}

// MARK: - Query

extension PluginImage {
    private func readTable() throws -> roost_plugin {
        guard let pointer = entry(ABI.minor) else {
            throw ModelFailure.load(
                stage: .query,
                reason: "\(ABI.entry) returned NULL to a host of ABI 1."
                    + "\(ABI.minor): the plugin has a mistake there, or takes only a newer host; "
                    + "update Roost, or build the plugin with an older roost_plugin.h")
        }
        let table = try PluginHost.readTable(
            pointer, as: roost_plugin.self, least: Self.leastTable, in: .query)
        guard table.min_host_minor <= ABI.minor else {
            throw ModelFailure.load(
                stage: .query,
                reason:
                    "the plugin needs a host of ABI 1.\(table.min_host_minor), this one has "
                    + "1.\(ABI.minor); update Roost, or build the plugin with an older "
                    + "roost_plugin.h")
        }
        return table
    }

    /// Up to the first function: any missing later ones are named one by one.
    private static let leastTable = MemoryLayout<roost_plugin>.offset(of: \.attach) ?? 0

    /// RTLD_NODELETE: neither Swift nor C++ survives being unmapped. RTLD_LOCAL: two revisions of
    /// one plugin must not see each other's symbols.
    private static func entryPoint(of path: String) throws -> Query {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw ModelFailure.load(
                stage: .library, reason: loaderReason(String(cString: dlerror()), of: path))
        }
        guard let symbol = dlsym(handle, ABI.entry) else {
            throw ModelFailure.load(
                stage: .library,
                reason:
                    "\(lastComponent(of: path)) exports no \(ABI.entry); is it a Roost plugin?"
            )
        }
        return unsafeBitCast(symbol, to: Query.self)
    }

    /// The loader's message, without the private copy's folder and with the remedy.
    private static func loaderReason(_ words: String, of path: String) -> String {
        let words = words.replacing(parentFolder(of: path) + "/", with: "")
        return words.contains("undefined symbol")
            ? words + "; link the library that defines it (-l…)" : words
    }

    private static func checkMembers(_ table: roost_plugin) throws {
        _ = try require(table.attach, "attach", in: .query)
        _ = try require(table.probe, "probe", in: .query)
        _ = try require(table.open, "open", in: .query)
        _ = try require(table.close, "close", in: .query)
        _ = try require(table.context_new, "context_new", in: .query)
        _ = try require(table.context_free, "context_free", in: .query)
        _ = try require(table.info_json, "info_json", in: .query)
        _ = try require(table.extension, "extension", in: .query)
    }
}

/// What a plugin says about itself.
package struct PluginIdentity: Sendable, Equatable {
    package internal(set) var id: String
    package internal(set) var version: String
    package internal(set) var license: String
    package internal(set) var toolchain: String
    /// The families of models that it serves: `["llama", "mistral"]`.
    package internal(set) var families: [String]
}

extension PluginIdentity {
    init(_ table: roost_plugin) throws {
        id = try String(table.id, named: "id", in: .query)
        version = try String(table.version, named: "version", in: .query)
        license = try String(table.license, named: "license", in: .query)
        toolchain = try String(table.toolchain, named: "toolchain", in: .query)
        families = try String(table.families_csv, named: "families_csv", in: .query)
            .split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        guard !id.isEmpty else {
            throw ModelFailure.broken(
                step: CallStep.query.name,
                reason: "id is empty, expected a name like \"org.example.markov\"")
        }
    }

    /// Swift has no stable ABI on Linux: two compilers' runtimes do not share a process.
    var foreignToolchain: String? {
        toolchain.hasPrefix("swift") && toolchain != ABI.toolchain ? toolchain : nil
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
