import JSON
import Services

/// `tools` and `tool_choice` of the Messages API.
enum AnthropicTools {
    static func tools(_ fields: Fields) throws -> [Tool] {
        try (fields.array("tools") ?? []).enumerated().map { index, element in
            let tool = try element.fields(at: "tools[\(index)]")
            if let type = try tool.string("type"), type != "custom" {
                throw APIError.unsupported(
                    param: tool.full("type"),
                    "is \"\(type.prefix(64))\", a tool of another host; expected tools of your own, "
                        + "of the type \"custom\"")
            }
            return Tool(
                name: try Tool.name(tool), description: try tool.string("description"),
                parameters: try tool.fields("input_schema")?.object,
                isStrict: try tool.bool("strict") ?? false)
        }
    }

    static func choice(
        _ fields: Fields, among tools: [Tool]
    ) throws -> (choice: ToolChoice, isParallel: Bool) {
        guard let choice = try fields.fields("tool_choice") else { return (.auto, true) }
        let isParallel = try choice.bool("disable_parallel_tool_use") != true
        switch try choice.required("type") {
        case "auto": return (.auto, isParallel)
        case "none": return (.none, isParallel)
        case "any": return (.required, isParallel)
        case "tool":
            let name = try choice.required("name")
            guard tools.contains(where: { $0.name == name }) else {
                throw APIError.invalid(param: choice.full("name"), "is none of 'tools'")
            }
            return (.named(name), isParallel)
        default:
            throw APIError.invalid(
                param: choice.full("type"), "is unknown, expected auto, any, tool or none")
        }
    }
}
