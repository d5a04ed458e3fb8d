/// Reads one call, or a list of calls, in the notation of a model, a byte at a time.
protocol CallReader: Sendable {
    /// Whether a call has begun that has not ended: its name is sent.
    var hasBegun: Bool { get }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep

    /// The output ends within a call that has begun. Sends what is held back of its arguments.
    ///
    /// - Parameter isCut: the output may have gone on; otherwise the model has ended it, and arguments
    ///   that are translated into JSON are ended too.
    mutating func finish(_ out: inout OutputParts, isCut: Bool)
}

enum CallStep {
    case more
    /// The byte was the last.
    case done
    /// The byte does not belong to it: after a call that has begun, its arguments stay as they are;
    /// before it has, there is none.
    case failed
}

/// The tools that a request declares, as readers of calls ask for them.
struct DeclaredTools: Sendable {
    private let tools: [String: Tool]

    init(_ tools: [Tool]) {
        self.tools = Dictionary(
            tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(_ name: String) -> Tool? { tools[name] }

    /// Whether a name that has been written so far can become a tool's.
    func mayName(_ bytes: [UInt8]) -> Bool {
        tools.keys.contains { $0.utf8.starts(with: bytes) }
    }

    func name(_ bytes: [UInt8]) -> String? {
        let name = String(decoding: bytes, as: UTF8.self)
        return tools[name] == nil ? nil : name
    }
}
