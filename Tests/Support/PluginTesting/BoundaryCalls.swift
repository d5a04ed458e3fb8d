package import PluginABI

/// A status other than ROOST_OK, with its sentence.
package struct BoundaryError: Error, CustomStringConvertible {
    package let status: roost_status
    package let flags: UInt32
    package let message: String

    package init(status: roost_status, flags: UInt32, message: String) {
        self.status = status
        self.flags = flags
        self.message = message
    }

    package var description: String { "\(status): \(message)" }
}

/// What a plugin refuses to do with; nil where it does it.
package func refusal(of body: () throws -> Void) throws -> BoundaryError? {
    do {
        try body()
        return nil
    } catch let error as BoundaryError {
        return error
    }
}

/// The number of every call that ``checked`` makes; a word with it cancels them.
package let ownCall: UInt32 = 1

/// Calls a function that takes a `roost_call`; throws what it reports.
///
/// - Parameter checks: how often the plugin finds that the deadline has not passed; nil: no deadline.
package func checked(
    cancel: UnsafePointer<UInt32>? = nil, checks: Int? = nil,
    _ body: (UnsafePointer<roost_call>) -> roost_status
) throws {
    try checkedError { err in
        var call = roost_call()
        call.struct_size = UInt32(MemoryLayout<roost_call>.size)
        call.number = ownCall
        call.cancel = cancel
        call.err = err
        guard let checks else { return body(&call) }
        return CountingClock.withDeadline(after: checks) { deadline in
            call.deadline_ns = deadline
            return body(&call)
        }
    }
}

/// Calls a function that takes a `roost_err`; throws what it reports.
private func checkedError(_ body: (UnsafeMutablePointer<roost_err>) -> roost_status) throws {
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
package func withString<Result>(_ text: String, _ body: (roost_str) throws -> Result) rethrows
    -> Result
{
    var text = text
    return try text.withUTF8 { bytes in
        try body(
            roost_str(
                ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
                len: UInt64(bytes.count)))
    }
}

/// Collects what a function puts.
package final class ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Calls `body` with the sink's table.
    package func collect(_ body: (roost_sink) throws -> Void) rethrows {
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

/// The bytes that a function puts.
package func collected(
    _ body: (roost_sink, UnsafePointer<roost_call>) -> roost_status
) throws -> [UInt8] {
    let sink = ByteSink()
    try sink.collect { out in try checked { body(out, $0) } }
    return sink.bytes
}

/// The rows that a function fills.
package func collectedRows(
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

/// Lends texts as the boundary's strings.
package func withStrings<Result>(
    _ texts: [String], _ body: (UnsafeBufferPointer<roost_str>) throws -> Result
) rethrows -> Result {
    let bytes = Array(texts.map(\.utf8).joined()).map { CChar(bitPattern: $0) }
    return try bytes.withUnsafeBufferPointer { bytes in
        var start = 0
        let strings = texts.map { text in
            defer { start += text.utf8.count }
            return roost_str(
                ptr: bytes.baseAddress.map { $0 + start }, len: UInt64(text.utf8.count))
        }
        return try strings.withUnsafeBufferPointer(body)
    }
}
