/// The rest of an output as the code of an interpreter, which is a tool with the parameter `code`.
struct CodeCallReader: CallReader {
    /// What the interpreter is called.
    static let names = ["code_interpreter", "python", "ipython"]

    private let name: String
    private(set) var hasBegun = false

    init(_ name: String) {
        self.name = name
    }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        if byte >= Marker.close { return .failed }
        if !hasBegun {
            out.begin(call: name)
            out.add(#"{"code": ""#.utf8, to: .arguments)
            hasBegun = true
        }
        out.add(ArgumentText.inside([byte]), to: .arguments)
        return .more
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        guard !isCut else { return }
        out.add(#""}"#.utf8, to: .arguments)
    }
}
