/// How a model writes calls of tools, by the name that `tool_format` of `plugins.toml` and `tool_calls`
/// of a plugin's `info_json` give it.
package enum ToolFormat: String, CaseIterable, Sendable {
    /// Hermes, Qwen 2.5 and 3, SmolLM3, Granite 4: `<tool_call>{"name": …, "arguments": …}</tool_call>`
    case hermes
    /// Qwen 3 Coder and 3.5: tags for the function and each parameter.
    case qwenCoder = "qwen-coder"
    /// GLM 4.5: `<tool_call>name`, then `<arg_key>` and `<arg_value>`.
    case glm45 = "glm-4.5"
    /// GLM 4: the name on a line, then an object.
    case glm4 = "glm-4"
    /// Llama 3.x: a bare object, or one after `<|python_tag|>`; built-in tools and code too.
    case llama = "llama-json"
    /// Llama 3.2, Llama 4 and others: `[name(key="value")]`
    case pythonic = "llama-python"
    /// Gemma: the same in a fence that is called `tool_code`.
    case gemma
    /// `[TOOL_CALLS]` with an array of objects.
    case mistral
    /// The same with `name[ARGS]{…}`.
    case mistralArguments = "mistral-args"
    /// Granite 3: `<|tool_call|>` with an array of objects.
    case granite
    /// Phi 4 mini: the same with an end.
    case phi
    /// Command R and R+: `Action:` with a fence.
    case commandR = "command-r"
    /// Command R7B and A: `<|START_ACTION|>` with an array of objects.
    case commandA = "command-a"
    /// DeepSeek V3 and R1: kind, name and a fence.
    case deepSeek = "deepseek"
    /// DeepSeek V3.1: the name, then an object.
    case deepSeekV31 = "deepseek-v3.1"
    /// gpt-oss: channels.
    case harmony
    /// A bare object or one in a fence, for templates that say nothing of it.
    case json
}

extension ToolFormat {
    /// The one that a chat template writes calls in; nil for a template that says nothing of it.
    package init?(template source: String) {
        guard let found = Self.signs.first(where: { $0.words.allSatisfy(source.contains) }) else {
            return nil
        }
        self = found.format
    }

    /// What templates of each format have and those of later ones have not.
    private static let signs: [(format: ToolFormat, words: [String])] = [
        (.harmony, ["<|channel|>"]),
        (.deepSeek, ["<｜tool▁call▁begin｜>", "```json"]),
        (.deepSeekV31, ["<｜tool▁call▁begin｜>"]),
        (.commandA, ["<|START_ACTION|>"]),
        (.commandR, ["Action:", "directly_answer"]),
        (.mistralArguments, ["[TOOL_CALLS]", "[ARGS]"]),
        (.mistral, ["[TOOL_CALLS]"]),
        (.qwenCoder, ["<function=", "<parameter="]),
        (.glm45, ["<arg_key>"]),
        (.phi, ["<|tool|>"]),
        (.granite, ["<|tool_call|>"]),
        (.hermes, ["<tool_call>"]),
        (.gemma, ["tool_code"]),
        (.glm4, ["<|observation|>"]),
        (.llama, ["<|python_tag|>"]),
        (.pythonic, ["[func_name1("]),
        (.llama, ["\"parameters\"", "ipython"]),
    ]

    /// Of `harmony` none: it is read otherwise.
    var notation: CallNotation {
        switch self {
        case .hermes, .qwenCoder, .glm45:
            CallNotation(
                openings: [
                    ("<tool_call>", .tagged), ("<function=", .markup(.qwen)),
                ], closings: ["</tool_call>"])
        case .glm4:
            CallNotation(bare: .named(mark: "\n", identifier: ""), closings: ["<|observation|>"])
        case .llama:
            CallNotation(
                openings: [("<|python_tag|>", .pythonTag)], bare: .bareJSON, closings: [";", ","])
        case .pythonic:
            CallNotation(
                openings: [("<|python_start|>", .python)], bare: .python,
                closings: ["<|python_end|>"])
        case .gemma:
            CallNotation(
                openings: [("```tool_code", .python)], bare: .python, closings: ["```"])
        case .mistral, .mistralArguments: CallNotation(openings: [("[TOOL_CALLS]", .mistral)])
        case .granite:
            CallNotation(
                openings: [("<|tool_call|>", .json), ("<tool_call>", .json)],
                closings: ["</tool_call>", "<|end_of_tool_call|>"])
        case .phi:
            CallNotation(
                openings: [("<|tool_call|>", .json), ("functools", .json)],
                closings: ["<|/tool_call|>"])
        case .commandR:
            CallNotation(
                openings: [("Action: ```json", .json), ("Action:```json", .json)],
                closings: ["```"])
        case .commandA:
            CallNotation(
                openings: [("<|START_ACTION|>", .json)], closings: ["<|END_ACTION|>"],
                silent: ["<|START_RESPONSE|>", "<|END_RESPONSE|>"])
        case .deepSeek, .deepSeekV31:
            CallNotation(
                openings: [
                    ("<｜tool▁call▁begin｜>", .named(mark: "<｜tool▁sep｜>", identifier: ""))
                ],
                closings: ["```", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"],
                silent: ["<｜tool▁calls▁begin｜>"])
        case .harmony: CallNotation()
        case .json:
            CallNotation(
                openings: [("```json", .bareJSON)], bare: .bareJSON, closings: ["```", ";", ","])
        }
    }
}
