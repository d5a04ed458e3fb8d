import Foundation
package import PluginABI
import Synchronization

/// A plugin's library, opened and attached as a host would.
package struct PluginLibrary: @unchecked Sendable {
    package let table: roost_plugin
    package let this: UnsafeMutableRawPointer?

    private typealias Query = @convention(c) (UInt32) -> UnsafePointer<roost_plugin>?

    /// - Parameter name: of a file beside the tests: "libBert.so".
    package init(_ name: String) {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let directory = executable.deletingLastPathComponent().path
        guard let image = dlopen("\(directory)/\(name)", RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(image, "roost_plugin_query_v1")
        else { fatalError(String(cString: dlerror())) }
        let table = unsafeBitCast(symbol, to: Query.self)(0)!.pointee
        let host = UnsafeMutablePointer<roost_host>.allocate(capacity: 1)
        host.initialize(to: Self.host)
        var this: UnsafeMutableRawPointer?
        do {
            try checked { table.attach(host, &this, $0) }
        } catch {
            fatalError("attach failed: \(error)")
        }
        (self.table, self.this) = (table, this)
    }

    private static var host: roost_host {
        var host = roost_host()
        host.struct_size = UInt32(MemoryLayout<roost_host>.size)
        host.log = { _, _, _, _ in }
        host.now_ns = { _ in CountingClock.next() }
        return host
    }
}

// MARK: - Requests

extension PluginLibrary {
    /// What `probe` says of a path.
    package func probe(_ path: String, settings: String = "") throws -> roost_probe {
        var probe = roost_probe()
        probe.struct_size = UInt32(MemoryLayout<roost_probe>.size)
        try withRequest(path, settings: settings, budget: 0) { request, call in
            table.probe(this, request, &probe, call)
        }
        return probe
    }

    /// An open model, which the caller closes.
    package func open(
        _ path: String, settings: String, budget: UInt64 = 0
    ) throws -> OpaquePointer {
        var handle: OpaquePointer?
        try withRequest(path, settings: settings, budget: budget) { request, call in
            table.open(this, request, &handle, call)
        }
        return handle!
    }

    private func withRequest(
        _ path: String, settings: String, budget: UInt64,
        _ body: (UnsafePointer<roost_open>, UnsafePointer<roost_call>) -> roost_status
    ) throws {
        try withString(path) { path in
            try withString(settings) { settings in
                var request = roost_open()
                request.struct_size = UInt32(MemoryLayout<roost_open>.size)
                request.path = path
                request.config_json = settings
                request.budget_bytes = budget
                try checked { body(&request, $0) }
            }
        }
    }
}

/// The host's clock: each look at it is a nanosecond later. A plugin looks only in calls that have a
/// deadline, and those are made one at a time: each counts its own looks alone.
package enum CountingClock {
    private static let time = Atomic<UInt64>(1)
    private static let turn = Mutex(())

    static func next() -> UInt64 { time.add(1, ordering: .relaxed).newValue }

    /// Calls `body` with the deadline that passes after `looks` looks of its own.
    static func withDeadline(
        after looks: Int, _ body: (UInt64) -> roost_status
    ) -> roost_status {
        turn.withLock { _ in body(time.load(ordering: .relaxed) + UInt64(looks)) }
    }
}
