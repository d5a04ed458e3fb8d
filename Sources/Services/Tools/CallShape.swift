import JSON

/// What stands around the arguments of a call, in the formats whose arguments are one JSON object.
struct CallShape: Sendable, Hashable {
    /// Before the first call of a list, between two, and after the last.
    var listStart = ""
    var separator = ""
    var listEnd = ""
    /// Before the name, between it and the arguments, and after them.
    var start: String
    var middle: String
    var end: String
}

extension ToolFormat {
    /// Nil for the formats that write arguments otherwise.
    var shape: CallShape? {
        func object(_ arguments: String, name: String = "name") -> CallShape {
            CallShape(
                start: "{\"\(name)\": \"", middle: "\", \"\(arguments)\": ", end: "}")
        }
        func list(_ shape: CallShape, _ start: String, _ end: String) -> CallShape {
            var shape = shape
            (shape.listStart, shape.separator, shape.listEnd) = (start, ", ", end)
            return shape
        }
        switch self {
        case .hermes:
            let inner = CallShape.bare
            return CallShape(
                separator: "\n", start: "<tool_call>\n" + inner.start, middle: inner.middle,
                end: inner.end + "\n</tool_call>")
        case .llama: return object("parameters")
        case .json: return .bare
        case .glm4: return CallShape(start: "", middle: "\n", end: "")
        case .mistral: return list(.bare, "[TOOL_CALLS][", "]")
        case .mistralArguments:
            return CallShape(start: "[TOOL_CALLS]", middle: "[ARGS]", end: "")
        case .granite: return list(.bare, "<|tool_call|>[", "]")
        case .phi: return list(.bare, "<|tool_call|>[", "]<|/tool_call|>")
        case .commandR:
            return list(object("parameters", name: "tool_name"), "Action: ```json\n[", "]\n```")
        case .commandA:
            return list(
                object("parameters", name: "tool_name"), "<|START_ACTION|>[", "]<|END_ACTION|>")
        case .deepSeek:
            return CallShape(
                listStart: "<｜tool▁calls▁begin｜>", separator: "\n",
                listEnd: "<｜tool▁calls▁end｜>", start: "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
                middle: "\n```json\n", end: "\n```<｜tool▁call▁end｜>")
        case .deepSeekV31:
            return CallShape(
                listStart: "<｜tool▁calls▁begin｜>", listEnd: "<｜tool▁calls▁end｜>",
                start: "<｜tool▁call▁begin｜>", middle: "<｜tool▁sep｜>",
                end: "<｜tool▁call▁end｜>")
        case .harmony:
            return CallShape(
                start: "<|channel|>commentary to=functions.",
                middle: " <|constrain|>json<|message|>", end: "<|call|>")
        case .qwenCoder, .glm45, .pythonic, .gemma: return nil
        }
    }

    /// Calls as the model would write them.
    func written(_ calls: [ToolCall]) -> String {
        if self == .gemma || self == .pythonic {
            let lines = calls.map(\.python)
            return self == .gemma
                ? "```tool_code\n" + lines.joined(separator: "\n") + "\n```"
                : "[" + lines.joined(separator: ", ") + "]"
        }
        let shape = shape ?? .bare
        return shape.listStart
            + calls.map { shape.start + $0.name + shape.middle + $0.arguments + shape.end }
            .joined(separator: shape.separator) + shape.listEnd
    }
}

extension CallShape {
    /// An object without a mark.
    static let bare = CallShape(
        start: "{\"name\": \"", middle: "\", \"arguments\": ", end: "}")
}

extension ToolCall {
    /// `name(key="value")`; arguments that are no object come as their text.
    fileprivate var python: String {
        guard let object = (try? JSONValue(parsing: arguments, depth: 64))?.object else {
            return "\(name)(\(arguments))"
        }
        let pairs = object.members.map { "\($0.key)=\(Self.python($0.value))" }
        return "\(name)(\(pairs.joined(separator: ", ")))"
    }

    private static func python(_ value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .array(let elements): "[" + elements.map(python).joined(separator: ", ") + "]"
        case .object(let object):
            "{"
                + object.members.map {
                    JSONValue.string($0.key).serialized() + ": " + python($0.value)
                }.joined(separator: ", ") + "}"
        default: value.serialized(.python)
        }
    }
}
