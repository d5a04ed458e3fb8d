import Foundation
import PluginABI
import Synchronization

/// libBert.so, opened and attached as a host would.
struct PluginLibrary: @unchecked Sendable {
    static let bert = PluginLibrary()

    let table: roost_plugin
    let this: UnsafeMutableRawPointer?

    private typealias Query = @convention(c) (UInt32) -> UnsafePointer<roost_plugin>?

    private init() {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let directory = executable.deletingLastPathComponent().path
        guard let image = dlopen("\(directory)/libBert.so", RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(image, "roost_plugin_query_v1")
        else { fatalError(String(cString: dlerror())) }
        table = unsafeBitCast(symbol, to: Query.self)(0)!.pointee
        let host = UnsafeMutablePointer<roost_host>.allocate(capacity: 1)
        host.initialize(to: Self.host)
        var this: UnsafeMutableRawPointer?
        guard table.attach(host, &this, nil) == 0 else { fatalError("attach failed") }
        self.this = this
    }

    private static var host: roost_host {
        var host = roost_host()
        host.struct_size = UInt32(MemoryLayout<roost_host>.size)
        host.log = { _, _, _, _ in }
        host.now_ns = { _ in CountingClock.next() }
        return host
    }
}

/// The host's clock: each look at it is a nanosecond later. The plugin looks only in calls that have
/// a deadline.
enum CountingClock {
    private static let time = Atomic<UInt64>(1)

    static func next() -> UInt64 { time.add(1, ordering: .relaxed).newValue }

    /// The deadline that passes after `looks` more looks.
    static func after(_ looks: Int) -> UInt64 { time.load(ordering: .relaxed) + UInt64(looks) }
}

/// A status other than ROOST_OK, with its sentence.
struct BoundaryError: Error, CustomStringConvertible {
    let status: roost_status
    let flags: UInt32
    let message: String

    var description: String { "\(status): \(message)" }
}

/// Calls a function that takes a `roost_call`; throws what it reports.
func checked(
    cancel: UnsafePointer<Int32>? = nil, checks: Int? = nil,
    _ body: (UnsafePointer<roost_call>) -> roost_status
) throws {
    try checkedError { err in
        var call = roost_call()
        call.struct_size = UInt32(MemoryLayout<roost_call>.size)
        call.cancel = cancel
        call.deadline_ns = checks.map(CountingClock.after) ?? 0
        call.err = err
        return body(&call)
    }
}

/// Calls a function that takes a `roost_err`; throws what it reports.
func checkedError(_ body: (UnsafeMutablePointer<roost_err>) -> roost_status) throws {
    var buffer = [CChar](repeating: 0, count: 512)
    try buffer.withUnsafeMutableBufferPointer { buffer in
        var err = roost_err()
        err.struct_size = UInt32(MemoryLayout<roost_err>.size)
        err.cap = UInt32(buffer.count)
        err.message = buffer.baseAddress
        let status = body(&err)
        if status != 0 {
            let message = err.code == 0 ? "" : String(cString: buffer.baseAddress!)
            throw BoundaryError(status: status, flags: err.flags, message: message)
        }
    }
}

/// Lends a text as the boundary's string.
func withString<Result>(_ text: String, _ body: (roost_str) throws -> Result) rethrows -> Result {
    var text = text
    return try text.withUTF8 { bytes in
        try body(
            roost_str(
                ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
                len: UInt64(bytes.count)))
    }
}

/// Collects what a function puts.
final class ByteSink {
    private(set) var bytes: [UInt8] = []

    /// Calls `body` with the sink's table.
    func collect(_ body: (roost_sink) throws -> Void) rethrows {
        try withExtendedLifetime(self) {
            let context = Unmanaged.passUnretained(self).toOpaque()
            try body(
                roost_sink(ctx: context) { context, bytes, count in
                    let sink = Unmanaged<ByteSink>.fromOpaque(context!).takeUnretainedValue()
                    sink.bytes += UnsafeRawBufferPointer(start: bytes, count: Int(count))
                    return 0
                })
        }
    }
}
