import JSON

/// Calls as Python writes them: `name(key="value")`, `[name(key=1), other()]`, `print(name(1))`; and
/// Llama's of built-in tools, `name.call(key="value")`.
///
/// An argument is sent when it is whole. Those without a key take the parameters in the order of the
/// schema.
struct PythonCallReader: CallReader {
    private enum Place {
        case start, name, argument, call
    }

    private let tools: DeclaredTools
    private var place = Place.start
    private(set) var hasBegun = false
    private var isInList = false
    private var isPrinted = false
    private var name: [UInt8] = []
    private var tool: Tool?
    private var text: [UInt8] = []
    private var scan = PythonScan()
    private var arguments = ArgumentText()
    private var given = 0

    init(_ tools: DeclaredTools) {
        self.tools = tools
    }

    private static let suffix = Array(".call".utf8)
    private static let printing = Array("print".utf8)

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        if byte >= Marker.close { return .failed }
        switch place {
        case .start:
            if byte.isSpace { return .more }
            if byte == UInt8(ascii: "["), !isInList {
                isInList = true
                return .more
            }
            return beginName(byte)
        case .name: return readName(byte)
        case .argument: return readArgument(byte, &out)
        case .call: return afterCall(byte)
        }
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {}

    private mutating func beginName(_ byte: UInt8) -> CallStep {
        (name, isPrinted, place) = ([], false, .name)
        return readName(byte)
    }

    private mutating func readName(_ byte: UInt8) -> CallStep {
        guard byte == UInt8(ascii: "(") else {
            name.append(byte)
            return isPossible ? .more : .failed
        }
        if name == Self.printing, tools.name(name) == nil, !isPrinted {
            (name, isPrinted) = ([], true)
            return .more
        }
        if tools.name(name) == nil, name.suffix(Self.suffix.count) == Self.suffix[...] {
            name.removeLast(Self.suffix.count)
        }
        guard let found = tools.name(name) else { return .failed }
        tool = tools[found]
        (text, scan, arguments, given) = ([], PythonScan(), ArgumentText(), 0)
        place = .argument
        return .more
    }

    /// Whether the name so far can become a tool's, or that of the function around its call.
    private var isPossible: Bool {
        if tools.mayName(name) || Self.printing.starts(with: name) { return true }
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        return Self.suffix.starts(with: name[dot...]) && tools.name(Array(name[..<dot])) != nil
    }

    private mutating func readArgument(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        let isEnd = scan.isOutside && byte == UInt8(ascii: ")")
        guard isEnd || scan.isOutside && byte == UInt8(ascii: ",") else {
            text.append(byte)
            return scan.push(byte) ? .more : .failed
        }
        guard isEnd && text.trimmed.isEmpty || send(&out) else { return .failed }
        (text, scan) = ([], PythonScan())
        guard isEnd else { return .more }
        begin(&out)
        out.add(arguments.end.utf8, to: .arguments)
        out.endCall()
        (hasBegun, place) = (false, .call)
        return .more
    }

    private mutating func begin(_ out: inout OutputParts) {
        guard !hasBegun, let tool else { return }
        out.begin(call: tool.name)
        hasBegun = true
    }

    /// - Returns: false if it is no argument.
    private mutating func send(_ out: inout OutputParts) -> Bool {
        var key: String?
        var literal = text
        if let place = scan.equals {
            key = String(decoding: Array(text[..<place]).trimmed, as: UTF8.self)
            literal = Array(text[(place + 1)...])
        } else if let names = tool?.parameterNames, given < names.count {
            key = names[given]
        }
        guard let key, let value = PythonLiteral.value(literal) else { return false }
        given += 1
        begin(&out)
        out.add((arguments.key(key) + value.serialized(.python)).utf8, to: .arguments)
        return true
    }

    private mutating func afterCall(_ byte: UInt8) -> CallStep {
        if byte.isSpace { return .more }
        if isPrinted {
            isPrinted = false
            return byte == UInt8(ascii: ")") ? .more : .failed
        }
        guard isInList else { return beginName(byte) }
        if byte == UInt8(ascii: "]") { return .done }
        place = .start
        return byte == UInt8(ascii: ",") ? .more : .failed
    }
}

/// Where an argument stands that is being read: in a text, in brackets, outside of both.
private struct PythonScan: Sendable {
    private var depth = 0
    private var quote: UInt8?
    private var isEscaped = false
    private var count = 0
    /// The place of the sign between key and value.
    private(set) var equals: Int?

    var isOutside: Bool { depth == 0 && quote == nil }

    /// - Returns: false for a bracket too many.
    mutating func push(_ byte: UInt8) -> Bool {
        defer { count += 1 }
        if let quote {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == quote {
                self.quote = nil
            }
            return true
        }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        case UInt8(ascii: "="): if depth == 0 { equals = equals ?? count }
        default: break
        }
        return depth >= 0
    }
}
