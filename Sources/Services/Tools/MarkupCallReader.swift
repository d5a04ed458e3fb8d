/// A call with its arguments between tags.
///
/// Qwen 3 Coder's, in which a value stands on lines of its own:
///
///     <function=name>
///     <parameter=key>
///     value
///     </parameter>
///     </function>
///
/// and GLM 4.5's:
///
///     name
///     <arg_key>key</arg_key>
///     <arg_value>value</arg_value>
///
/// A value is a text where the tool's schema says so, else JSON.
struct MarkupCallReader: CallReader {
    /// The tags of a notation.
    struct Tags: Sendable {
        /// After the name of the tool.
        var nameEnd: String
        var keyStart: String
        var keyEnd: String
        /// Between key and value, if not the end of the key alone.
        var valueStart: String?
        var valueEnd: String
        /// After the last value.
        var end: String
        /// A newline at each end of a value is not part of it.
        var valuesHaveLines: Bool

        static let qwen = Tags(
            nameEnd: ">", keyStart: "<parameter=", keyEnd: ">", valueEnd: "</parameter>",
            end: "</function>", valuesHaveLines: true)
        static let glm = Tags(
            nameEnd: "\n", keyStart: "<arg_key>", keyEnd: "</arg_key>", valueStart: "<arg_value>",
            valueEnd: "</arg_value>", end: "</tool_call>", valuesHaveLines: false)
    }

    private enum Place {
        case name, between, key, beforeValue, value
    }

    private let tools: DeclaredTools
    private let tags: Tags
    private let bytes: @Sendable (String) -> [UInt8]
    private var place = Place.name
    private var matcher: LiteralMatcher
    private(set) var hasBegun = false
    private var tool: Tool?
    private var text: [UInt8] = []
    private var arguments = ArgumentText()
    private var isText = false
    /// Whether the next byte is a value's first, and whether a newline may be its last.
    private var isFirst = true
    private var holdsLine = false

    /// - Parameter bytes: how a tag looks in the output; see `Marker`.
    init(_ tools: DeclaredTools, _ tags: Tags, bytes: @escaping @Sendable (String) -> [UInt8]) {
        self.tools = tools
        self.tags = tags
        self.bytes = bytes
        matcher = LiteralMatcher([tags.nameEnd, tags.keyStart, tags.end].map(bytes))
    }

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        matcher.push(byte)
        while let event = matcher.next() {
            let step: CallStep
            switch event {
            case .byte(let byte): step = pass(byte, &out)
            case .literal(let tag): step = pass(tag: tag, &out)
            }
            if step != .more { return step }
        }
        return .more
    }

    private mutating func pass(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        switch place {
        case .name:
            text.append(byte)
            return tools.mayName(text.trimmed) ? .more : .failed
        case .between, .beforeValue: return byte.isSpace ? .more : .failed
        case .key: text.append(byte)
        case .value:
            if byte == Marker.open { return .failed }
            add(byte, &out)
        }
        return .more
    }

    private mutating func pass(tag: [UInt8], _ out: inout OutputParts) -> CallStep {
        switch place {
        case .name: return begin(tag, &out)
        case .between: return next(tag, &out)
        case .key:
            let key = String(decoding: text.trimmed, as: UTF8.self)
            isText = tool?.isText(key) ?? false
            out.add(arguments.key(key).utf8, to: .arguments)
            if let start = tags.valueStart {
                expect(.beforeValue, [start])
            } else {
                beginValue(&out)
            }
        case .beforeValue: beginValue(&out)
        case .value: endValue(&out)
        }
        return .more
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {
        if place == .value {
            for byte in matcher.take() { add(byte, &out) }
            if !isCut {
                endValue(&out)
            } else if !isText {
                out.add(text, to: .arguments)
            }
        }
        if !isCut, place == .between { out.add(arguments.end.utf8, to: .arguments) }
    }

    private mutating func expect(_ place: Place, _ literals: [String]) {
        self.place = place
        matcher = LiteralMatcher(literals.map(bytes))
        text = []
    }

    private mutating func begin(_ tag: [UInt8], _ out: inout OutputParts) -> CallStep {
        guard let name = tools.name(text.trimmed) else { return .failed }
        tool = tools[name]
        out.begin(call: name)
        hasBegun = true
        expect(.between, [tags.keyStart, tags.end])
        return next(tag, &out)
    }

    /// - Parameter tag: after the name or between two values.
    private mutating func next(_ tag: [UInt8], _ out: inout OutputParts) -> CallStep {
        if tag == bytes(tags.keyStart) { expect(.key, [tags.keyEnd]) }
        guard tag == bytes(tags.end) else { return .more }
        out.add(arguments.end.utf8, to: .arguments)
        out.endCall()
        hasBegun = false
        return .done
    }

    private mutating func beginValue(_ out: inout OutputParts) {
        expect(.value, [tags.valueEnd])
        (isFirst, holdsLine) = (true, false)
        if isText { out.add(UInt8(ascii: "\""), to: .arguments) }
    }

    private mutating func add(_ byte: UInt8, _ out: inout OutputParts) {
        guard tags.valuesHaveLines else { return addOne(byte, &out) }
        let isLine = byte == UInt8(ascii: "\n")
        if isFirst {
            isFirst = false
            if isLine { return }
        }
        if holdsLine { addOne(UInt8(ascii: "\n"), &out) }
        holdsLine = isLine
        if !isLine { addOne(byte, &out) }
    }

    private mutating func addOne(_ byte: UInt8, _ out: inout OutputParts) {
        if isText {
            out.add(ArgumentText.inside([byte]), to: .arguments)
        } else {
            text.append(byte)
        }
    }

    private mutating func endValue(_ out: inout OutputParts) {
        if isText {
            out.add(UInt8(ascii: "\""), to: .arguments)
        } else {
            out.add(ArgumentText.value(text).utf8, to: .arguments)
        }
        expect(.between, [tags.keyStart, tags.end])
    }
}
