package import JSON

/// A function that a model may call.
package struct Tool: Sendable, Hashable {
    /// 1 to 64 of `A`-`Z`, `a`-`z`, `0`-`9`, `_` and `-`.
    package var name: String
    package var description: String?
    /// The JSON Schema of its arguments, an object; nil takes any object.
    package var parameters: JSONObject?
    /// Whether the arguments are held to the schema also where the model is free not to call it.
    package var isStrict: Bool

    package init(
        name: String, description: String? = nil, parameters: JSONObject? = nil,
        isStrict: Bool = false
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
    }

    /// In OpenAI's form, which chat templates read.
    package var json: JSONValue {
        var function = JSONObject([(key: "name", value: .string(name))])
        function["description"] = description.map { .string($0) }
        function["parameters"] = parameters.map { .object($0) }
        return ["type": "function", "function": .object(function)]
    }
}

/// Whether a model calls tools.
package enum ToolChoice: Sendable, Hashable {
    case none
    /// The model decides.
    case auto
    /// At least one, whichever.
    case required
    /// This one.
    case named(String)
}

/// A call that a model wrote.
package struct ToolCall: Sendable, Hashable {
    package var id: String
    package var name: String
    /// A JSON object as it was written; of a call that was cut off, its beginning.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    /// In OpenAI's form, which chat templates read.
    package var json: JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}

/// A part of a call, in the order in which the model writes it.
package struct ToolCallDelta: Sendable, Hashable {
    /// Of the call among those of its reply, from 0.
    package var index: Int
    /// Both are in the first part of each call, and in no other.
    package var id: String?
    package var name: String?
    /// What follows the arguments so far; empty in the first part.
    package var arguments: String

    package init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// How much a model thinks before it answers.
package struct ReasoningOptions: Sendable, Hashable {
    /// The word that chat templates get: `low`, `medium`, `high`, …
    package var effort: String?
    /// Whether it thinks at all; nil is what the template does by itself.
    package var isEnabled: Bool?
    /// Tokens after which the end of the thoughts is forced; nil is no limit.
    package var budget: Int?
    /// Whether thoughts are told apart from the text; otherwise they are part of it, with their marks.
    package var isSeparate = true
    /// Whether thoughts that are told apart are sent.
    package var isShown = true

    package init() {}
}
