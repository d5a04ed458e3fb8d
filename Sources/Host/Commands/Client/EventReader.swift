/// Extracts the data of server-sent events from the pieces in which they arrive.
package struct EventReader {
    private var line: [UInt8] = []

    /// The data of the event that ends the streams of OpenAI's routes.
    package static let end = "[DONE]"

    package init() {}

    /// - Returns: the data of the events that `bytes` complete; comments are dropped.
    package mutating func events(_ bytes: some Sequence<UInt8>) -> [String] {
        var events: [String] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") {
                line.append(byte)
                continue
            }
            if let data = Self.data(line) { events.append(data) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private static func data(_ line: [UInt8]) -> String? {
        let field = Array("data: ".utf8)
        guard line.starts(with: field) else { return nil }
        return String(decoding: line.dropFirst(field.count), as: UTF8.self)
    }
}
