import JSON
import Services

extension Conversation {
    /// Reads `tools`, `tool_choice` and `parallel_tool_calls`.
    mutating func readTools(_ fields: Fields) throws {
        tools = try Tool.list(fields)
        if let choice = try ToolChoice(fields, among: tools) { toolChoice = choice }
        parallelToolCalls = try fields.bool("parallel_tool_calls") ?? true
    }
}

extension Tool {
    private static let most = 512

    /// `tools`
    fileprivate static func list(_ fields: Fields) throws -> [Tool] {
        let elements = try fields.array("tools") ?? []
        guard elements.count <= most else {
            throw APIError.invalid(
                param: "tools", "has \(elements.count) elements, expected up to \(most)")
        }
        var names: Set<String> = []
        return try elements.enumerated().map { index, element in
            let path = "tools[\(index)]"
            guard let object = element.object else {
                throw APIError.invalid(param: path, "is \(element.shown), expected an object")
            }
            let tool = try Tool(Fields(object, path: path))
            guard names.insert(tool.name).inserted else {
                throw APIError.invalid(
                    param: "\(path).function.name", "is the name of an earlier tool too")
            }
            return tool
        }
    }

    private init(_ fields: Fields) throws {
        let type = try fields.required("type")
        guard type == "function" else {
            throw APIError.unsupported(
                param: fields.full("type"), "is not \"function\", which is all that is called")
        }
        guard let function = try fields.fields("function") else {
            throw APIError.missing(
                param: fields.full("function"), expected: "an object with 'name' and 'parameters'")
        }
        self.init(
            name: try Self.name(function), description: try function.string("description"),
            parameters: try Self.parameters(function),
            isStrict: try function.bool("strict") ?? false)
    }

    /// `name`
    static func name(_ function: Fields) throws -> String {
        let name = try function.required("name")
        guard isName(name) else {
            throw APIError.invalid(
                param: function.full("name"),
                "is wrong, expected 1 to 64 letters, digits, '_', '-' and '.'")
        }
        return name
    }

    /// Whether a tool can be called so; the dot is for names with a namespace.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// The schema, which describes an object.
    private static func parameters(_ function: Fields) throws -> JSONObject? {
        guard let schema = try function.fields("parameters") else { return nil }
        if let type = schema.value("type"), type != "object" {
            throw APIError.invalid(
                param: schema.full("type"),
                "is not \"object\"; the arguments of a call are an object")
        }
        return schema.object
    }
}

extension ToolChoice {
    /// `tool_choice`; nil if it is not given.
    fileprivate init?(_ fields: Fields, among tools: [Tool]) throws {
        guard let value = fields.value("tool_choice") else { return nil }
        switch value.string {
        case "none": self = .none
        case "auto": self = .auto
        case "required", "any": self = .required
        default: self = .named(try Self.name(value, fields))
        }
        guard self != .none, self != .auto else { return }
        if tools.isEmpty {
            throw APIError.invalid(
                param: "tool_choice", "asks for a call, but there are no 'tools'")
        }
        if case .named(let name) = self, !tools.contains(where: { $0.name == name }) {
            throw APIError.invalid(
                param: "tool_choice", "names a tool that is not among 'tools'")
        }
    }

    /// `{"type": "function", "function": {"name": …}}`
    private static func name(_ value: JSONValue, _ fields: Fields) throws -> String {
        guard value.object != nil, let choice = try fields.fields("tool_choice") else {
            throw fields.wrong(
                "tool_choice", value,
                expected: "\"none\", \"auto\", \"required\" or an object that names a function")
        }
        guard try choice.required("type") == "function" else {
            throw APIError.unsupported(
                param: choice.full("type"), "is not supported, only \"function\"")
        }
        guard let function = try choice.fields("function") else {
            throw APIError.missing(param: choice.full("function"), expected: "an object")
        }
        return try function.required("name")
    }
}

// MARK: - Reasoning

extension ReasoningOptions {
    /// `reasoning_effort`, as OpenAI has it, and what other servers call the same: `enable_thinking`,
    /// `think`, `thinking`, `reasoning`, `thinking_budget`, `reasoning_format`.
    init(_ fields: Fields) throws {
        self.init()
        if let word = try fields.string("reasoning_effort") {
            try set(word, param: fields.full("reasoning_effort"))
        }
        if let value = fields.value("think") { try read(think: value, fields) }
        isEnabled = try fields.bool("enable_thinking") ?? isEnabled
        if let thinking = try fields.fields("thinking") { try read(thinking: thinking) }
        if let reasoning = try fields.fields("reasoning") { try read(reasoning: reasoning) }
        // As in llama.cpp, -1 is no limit and 0 no thoughts.
        for name in Self.budgets {
            if let tokens = try fields.integer(name, in: -1...Int.max) { set(budget: tokens) }
        }
        isSeparate = try fields.bool("separate_reasoning") ?? true
        if try fields.string("reasoning_format") == "none" { isSeparate = false }
        isShown = try fields.bool("include_reasoning") ?? isShown
    }

    private static let budgets = [
        "thinking_budget", "thinking_budget_tokens", "thinking_token_budget", "reasoning_budget",
    ]
    private static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]

    private mutating func set(_ word: String, param: String) throws {
        guard Self.efforts.contains(word) else {
            throw APIError.invalid(
                param: param, "is unknown, expected \(Self.efforts.joined(separator: ", "))")
        }
        isEnabled = word != "none"
        effort = word == "none" ? nil : word
    }

    private mutating func set(budget tokens: Int) {
        if tokens == 0 { isEnabled = false }
        budget = tokens > 0 ? tokens : nil
    }

    /// Ollama's: a flag or a word.
    private mutating func read(think value: JSONValue, _ fields: Fields) throws {
        if let flag = value.bool {
            isEnabled = flag
        } else if let word = value.string {
            try set(word, param: "think")
        } else {
            throw fields.wrong("think", value, expected: "true, false or a level")
        }
    }

    /// Anthropic's and DeepSeek's: `{"type": "enabled", "budget_tokens": 1024}`
    private mutating func read(thinking: Fields) throws {
        switch try thinking.required("type") {
        case "enabled", "adaptive", "auto": isEnabled = true
        case "disabled": isEnabled = false
        default:
            throw APIError.invalid(
                param: thinking.full("type"), "is unknown, expected \"enabled\" or \"disabled\"")
        }
        budget = try thinking.integer("budget_tokens", in: 1...Int.max)
    }

    /// OpenRouter's: `{"effort": "low", "max_tokens": 1024, "enabled": true, "exclude": false}`
    private mutating func read(reasoning: Fields) throws {
        if let word = try reasoning.string("effort") {
            try set(word, param: reasoning.full("effort"))
        }
        isEnabled = try reasoning.bool("enabled") ?? isEnabled
        budget = try reasoning.integer("max_tokens", in: 1...Int.max) ?? budget
        isShown = try !(reasoning.bool("exclude") ?? false)
    }
}
