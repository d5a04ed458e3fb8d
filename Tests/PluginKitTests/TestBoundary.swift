import PluginABI
import PluginKit

nonisolated(unsafe) let plugin = PluginTable.query(CountingPlugin.self).pointee

/// The "file" of the test host.
nonisolated(unsafe) private let testBytes: UnsafePointer<UInt8> = {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 4)
    bytes.update(from: [1, 2, 3, 4], count: 4)
    return UnsafePointer(bytes)
}()

/// A host as the tests need one: it keeps the log and counts memory.
final class TestHost {
    private(set) var lines: [String] = []
    private(set) var allocations = 0
    private(set) var maps = 0
    var now: UInt64 = 1000

    /// The host's table, cut to `size` bytes when given.
    func withTable<Result>(size: Int? = nil, _ body: (UnsafePointer<roost_host>) -> Result)
        -> Result
    {
        var table = roost_host()
        table.struct_size = UInt32(size ?? MemoryLayout<roost_host>.size)
        table.ctx = Unmanaged.passUnretained(self).toOpaque()
        table.log = { context, level, place, text in
            TestHost.of(context).lines.append(
                "\(level) \(swiftString(place)): \(swiftString(text))")
        }
        table.now_ns = { TestHost.of($0).now }
        table.alloc = { context, size, alignment, tag in
            TestHost.of(context).allocations += 1
            return UnsafeMutableRawPointer.allocate(
                byteCount: Int(size), alignment: Int(alignment))
        }
        table.free = { context, memory in
            TestHost.of(context).allocations -= 1
            memory?.deallocate()
        }
        addFilesAndThreads(to: &table)
        return withUnsafePointer(to: table, body)
    }

    private func addFilesAndThreads(to table: inout roost_host) {
        table.map_file = { context, path, out, call in
            guard swiftString(path) == "weights.bin" else {
                PluginError(.io, "no file of that name").write(to: call?.pointee.err)
                return -4
            }
            TestHost.of(context).maps += 1
            out?.pointee = roost_map(ptr: testBytes, len: 4, id: 99)
            return 0
        }
        table.unmap = { context, id in
            if id == 99 { TestHost.of(context).maps -= 1 }
        }
        table.parallel_for = { _, count, body, argument in
            for index in (0..<count).reversed() { body?(argument, index) }
        }
    }

    static func of(_ context: UnsafeMutableRawPointer?) -> TestHost {
        Unmanaged<TestHost>.fromOpaque(context!).takeUnretainedValue()
    }
}

func swiftString(_ text: roost_str) -> String {
    let bytes = UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len))
    return String(decoding: bytes, as: UTF8.self)
}

/// A status with what stood in the error buffer.
struct Answer: Equatable {
    var status: roost_status
    var flags: UInt32 = 0
    var message = ""
}

/// Calls a function with an error buffer of `capacity` bytes.
func answer(
    capacity: Int = 256, number: UInt32 = 1, cancel: UInt32 = 0, deadline: UInt64 = 0,
    _ body: (UnsafePointer<roost_call>) -> roost_status
) -> Answer {
    withError(capacity: capacity) { err in
        withUnsafePointer(to: cancel) { cancel in
            var call = roost_call()
            call.struct_size = UInt32(MemoryLayout<roost_call>.size)
            call.number = number
            call.cancel = cancel
            call.deadline_ns = deadline
            call.err = err
            return body(&call)
        }
    }
}

/// Lends an error buffer, with a guard byte behind it.
func withError(
    capacity: Int = 256, _ body: (UnsafeMutablePointer<roost_err>) -> roost_status
) -> Answer {
    var buffer = [CChar](repeating: 0x55, count: capacity + 1)
    return buffer.withUnsafeMutableBufferPointer { buffer in
        var err = roost_err()
        err.struct_size = UInt32(MemoryLayout<roost_err>.size)
        err.cap = UInt32(capacity)
        err.message = buffer.baseAddress
        let status = body(&err)
        precondition(buffer[capacity] == 0x55, "written beyond the buffer")
        guard status != 0 else { return Answer(status: 0) }
        precondition(err.code == status)
        let text = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let message = capacity == 0 ? "" : String(validating: text, as: UTF8.self) ?? "not UTF-8"
        return Answer(status: status, flags: err.flags, message: message)
    }
}

/// Collects what goes into a sink; says stop after `limit` puts.
final class TestSink {
    private(set) var bytes: [UInt8] = []
    private var left: Int

    init(limit: Int = .max) {
        left = limit
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var ids: [Int32] {
        bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }

    /// The sink's table; from here on the sink stays for ever.
    var table: roost_sink {
        roost_sink(ctx: Unmanaged.passRetained(self).toOpaque()) { context, bytes, count in
            let sink = Unmanaged<TestSink>.fromOpaque(context!).takeUnretainedValue()
            guard sink.left > 0 else { return 1 }
            sink.left -= 1
            sink.bytes += UnsafeRawBufferPointer(start: bytes, count: Int(count))
            return 0
        }
    }
}

/// Attaches, opens a model and makes a context; all is undone at the end.
func withContext<Result>(
    path: String = "model", sequences: UInt32 = 3, host: TestHost = TestHost(),
    _ body: (TestContext) throws -> Result
) rethrows -> Result {
    try withModel(path: path, host: host) { model in
        var parameters = roost_context_params()
        parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
        parameters.n_seq = sequences
        var context: OpaquePointer?
        let made = answer { plugin.context_new(model, &parameters, &context, $0) }
        precondition(made.status == 0, made.message)
        defer { plugin.context_free(context) }
        return try body(TestContext(model: model, handle: context!))
    }
}

func withModel<Result>(
    path: String = "model", host: TestHost = TestHost(), _ body: (OpaquePointer) throws -> Result
) rethrows -> Result {
    try withAttached(host) { this in
        var model: OpaquePointer?
        let opened = open(this, path, &model)
        precondition(opened.status == 0, opened.message)
        defer { plugin.close(model) }
        return try body(model!)
    }
}

func withAttached<Result>(
    _ host: TestHost = TestHost(), size: Int? = nil,
    _ body: (UnsafeMutableRawPointer?) throws -> Result
) rethrows -> Result {
    var this: UnsafeMutableRawPointer?
    // The table must outlive the call: it stays valid until detach.
    let table = UnsafeMutablePointer<roost_host>.allocate(capacity: 1)
    defer { table.deallocate() }
    host.withTable(size: size) { table.initialize(to: $0.pointee) }
    let attached = answer { plugin.attach(table, &this, $0) }
    precondition(attached.status == 0, attached.message)
    defer { plugin.detach(this) }
    return try body(this)
}

/// The request for a path, of the full size.
func withRequest(
    _ path: String, _ body: (UnsafePointer<roost_open>) -> roost_status
) -> roost_status {
    var path = path
    return path.withUTF8 { bytes in
        var request = roost_open()
        request.struct_size = UInt32(MemoryLayout<roost_open>.size)
        request.path = roost_str(
            ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
            len: UInt64(bytes.count))
        return body(&request)
    }
}

func open(
    _ this: UnsafeMutableRawPointer?, _ path: String, _ model: inout OpaquePointer?
) -> Answer {
    answer { call in withRequest(path) { plugin.open(this, $0, &model, call) } }
}
