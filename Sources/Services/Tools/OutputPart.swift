/// What a part of a model's output is.
package enum OutputPart: Sendable, Hashable {
    /// For the user.
    case text(String)
    /// Thoughts, without the marks around them.
    case reasoning(String)
    /// A call begins; its arguments follow.
    case call(name: String)
    /// More of the arguments of the call that began last.
    case arguments(String)
    /// That call is whole.
    case callEnd
}

/// The parts of an output in the order in which they were written; neighbours of one kind are one part.
struct OutputParts {
    /// Calls that have begun.
    private(set) var calls = 0
    private var parts: [OutputPart] = []
    private var kind = Kind.text
    private var bytes: [UInt8] = []

    enum Kind {
        case text, reasoning, arguments
    }

    /// The bytes of a text so far are whole characters whenever the parts are taken.
    mutating func add(_ byte: UInt8, to kind: Kind) {
        // Marks around a control token; see `Marker`.
        if byte >= Marker.close { return }
        if kind != self.kind { flush() }
        self.kind = kind
        bytes.append(byte)
    }

    mutating func add(_ more: some Sequence<UInt8>, to kind: Kind) {
        for byte in more { add(byte, to: kind) }
    }

    mutating func begin(call name: String) {
        flush()
        calls += 1
        parts.append(.call(name: name))
    }

    mutating func endCall() {
        flush()
        parts.append(.callEnd)
    }

    mutating func take() -> [OutputPart] {
        flush()
        defer { parts = [] }
        return parts
    }

    private mutating func flush() {
        guard !bytes.isEmpty else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        switch kind {
        case .text: parts.append(.text(text))
        case .reasoning: parts.append(.reasoning(text))
        case .arguments: parts.append(.arguments(text))
        }
        bytes = []
    }
}

/// A control token in a stream of text, told apart from the same characters as text: between two bytes
/// that UTF-8 does not have.
enum Marker {
    static let open: UInt8 = 0xFF
    static let close: UInt8 = 0xFE

    static func bytes(_ text: String) -> [UInt8] { [open] + text.utf8 + [close] }
}

extension UInt8 {
    /// Blank, tab, newline or return.
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}

extension [UInt8] {
    /// Without blanks at either end.
    var trimmed: [UInt8] {
        guard let first = firstIndex(where: { !$0.isSpace }),
            let last = lastIndex(where: { !$0.isSpace })
        else { return [] }
        return Array(self[first...last])
    }
}
