/// How a model marks its calls, and what it writes between the marks.
struct CallNotation: Sendable {
    enum Body: Sendable {
        /// An object or an array of objects.
        case json
        /// The same, whose members must all be a call's: there is no mark before it.
        case bareJSON
        /// An object, Qwen 3 Coder's tags or GLM 4.5's.
        case tagged
        /// A name, this mark, and an object; an id may follow the name after the other mark.
        case named(mark: String, identifier: String)
        /// `name[ARGS]{…}` or an array of objects.
        case mistral
        case markup(MarkupCallReader.Tags)
        case python
        /// An object, a call of a built-in tool, or code.
        case pythonTag
    }

    /// What a call begins with.
    var openings: [(literal: String, body: Body)] = []
    /// A call without such a mark, where a message begins.
    var bare: Body?
    /// What may follow a call; it is not part of the text.
    var closings: [String] = []
    /// What is never part of the text.
    var silent: [String] = []

    /// Everything that may be a control token.
    var marks: [String] {
        openings.map(\.literal) + closings + silent + inner
    }

    /// Marks within calls.
    private var inner: [String] {
        openings.flatMap { opening -> [String] in
            switch opening.body {
            case .named(let mark, let identifier): [mark, identifier]
            case .mistral: ["[ARGS]", "[CALL_ID]"]
            case .tagged: ["<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"]
            default: []
            }
        }
    }
}

extension CallNotation.Body {
    /// - Parameter bytes: how a mark looks in the output; see `Marker`.
    func reader(
        _ tools: DeclaredTools, bytes: @escaping @Sendable (String) -> [UInt8]
    ) -> any CallReader {
        switch self {
        case .json: return JSONCallReader(tools)
        case .bareJSON: return JSONCallReader(tools, isBare: true)
        case .named(let mark, let identifier):
            return NamedCallReader(tools, mark: bytes(mark), identifier: bytes(identifier))
        case .markup(let tags): return MarkupCallReader(tools, tags, bytes: bytes)
        case .python: return PythonCallReader(tools)
        case .tagged:
            return ChosenCallReader { byte in
                switch byte {
                case UInt8(ascii: "{"), UInt8(ascii: "["): JSONCallReader(tools)
                case UInt8(ascii: "<"), Marker.open: FunctionTagReader(tools, bytes: bytes)
                default: MarkupCallReader(tools, .glm, bytes: bytes)
                }
            }
        case .mistral:
            return ChosenCallReader { byte in
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") {
                    return JSONCallReader(tools)
                }
                return NamedCallReader(
                    tools, mark: bytes("[ARGS]"), identifier: bytes("[CALL_ID]"))
            }
        case .pythonTag:
            return ChosenCallReader { byte in
                if byte == UInt8(ascii: "{") { return JSONCallReader(tools) }
                if tools.mayName([byte]) { return PythonCallReader(tools) }
                return CodeCallReader.names.first { tools[$0] != nil }.map { CodeCallReader($0) }
            }
        }
    }

    /// Whether a call without a mark may begin with the byte.
    func mayBegin(with byte: UInt8, _ tools: DeclaredTools) -> Bool {
        switch self {
        case .bareJSON, .json: byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
        case .python: byte == UInt8(ascii: "[")
        default: tools.mayName([byte])
        }
    }
}

/// A reader that the first byte decides on.
struct ChosenCallReader: CallReader {
    private let choose: @Sendable (UInt8) -> (any CallReader)?
    private var chosen: (any CallReader)?

    init(_ choose: @escaping @Sendable (UInt8) -> (any CallReader)?) {
        self.choose = choose
    }

    var hasBegun: Bool { chosen?.hasBegun ?? false }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        if chosen == nil {
            if byte.isSpace { return .more }
            chosen = choose(byte)
        }
        return chosen?.push(byte, &out) ?? .failed
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        chosen?.finish(&out, isCut: isCut)
    }
}

/// `<function=` before Qwen 3 Coder's call.
private struct FunctionTagReader: CallReader {
    private let tag: [UInt8]
    private var matched = 0
    private var call: MarkupCallReader

    init(_ tools: DeclaredTools, bytes: @escaping @Sendable (String) -> [UInt8]) {
        tag = bytes("<function=")
        call = MarkupCallReader(tools, .qwen, bytes: bytes)
    }

    var hasBegun: Bool { call.hasBegun }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        guard matched == tag.count else {
            defer { matched += 1 }
            return byte == tag[matched] ? .more : .failed
        }
        return call.push(byte, &out)
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        call.finish(&out, isCut: isCut)
    }
}
