import PluginABI

/// Where a function puts output of unknown length.
struct Sink {
    private let sink: roost_sink

    init(_ sink: roost_sink) throws {
        guard sink.put != nil else {
            throw PluginError(.argument, "the sink has no function")
        }
        self.sink = sink
    }

    /// - Throws: `cancelled` when the host takes no more.
    func put(_ bytes: UnsafeRawBufferPointer) throws {
        guard sink.put?(sink.ctx, bytes.baseAddress, UInt64(bytes.count)) == 0 else {
            throw PluginError(.cancelled, "the sink said stop")
        }
    }

    func put(_ text: String) throws {
        var text = text
        try text.withUTF8 { try put(UnsafeRawBufferPointer($0)) }
    }

    func put(_ ids: [Int32]) throws {
        try ids.withUnsafeBytes(put)
    }
}
