import JSON
import Services

/// `tools` and `tool_choice` of the Responses API, whose functions have no object of their own.
enum ResponseTools {
    static func tools(_ fields: Fields) throws -> [Tool] {
        try (fields.array("tools") ?? []).enumerated().map { index, element in
            let tool = try element.fields(at: "tools[\(index)]")
            let type = try tool.required("type")
            guard type == "function" else {
                throw APIError.unsupported(
                    param: tool.full("type"),
                    "is \"\(type.prefix(64))\", a tool that this host does not have; expected "
                        + "\"function\"")
            }
            return Tool(
                name: try Tool.name(tool), description: try tool.string("description"),
                parameters: try tool.fields("parameters")?.object,
                isStrict: try tool.bool("strict") ?? false)
        }
    }

    static func choice(_ fields: Fields, among tools: [Tool]) throws -> ToolChoice {
        guard let value = fields.value("tool_choice") else { return .auto }
        switch value.string {
        case "auto": return .auto
        case "none": return .none
        case "required": return .required
        default: break
        }
        guard value.object != nil, let choice = try fields.fields("tool_choice") else {
            throw fields.wrong(
                "tool_choice", value,
                expected: "\"auto\", \"none\", \"required\" or an object that names a function")
        }
        guard try choice.required("type") == "function" else {
            throw APIError.unsupported(
                param: choice.full("type"), "is not supported, only \"function\"")
        }
        let name = try choice.required("name")
        guard tools.contains(where: { $0.name == name }) else {
            throw APIError.invalid(param: choice.full("name"), "is none of 'tools'")
        }
        return .named(name)
    }
}
