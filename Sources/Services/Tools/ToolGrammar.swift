package import Grammar
import JSON

/// What a reply may be like so that its calls are of declared tools, with arguments that are valid against
/// their schemas.
///
/// Thoughts and text are free; the constraint begins where a call begins.
package struct ToolGrammar: Sendable {
    private let reading: OutputReading
    private let choice: ToolChoice
    private let tokens: [String: Int32]

    /// - Parameters:
    ///   - reading: how the reply is read, with a format and tools.
    ///   - isControl: whether a mark's token is no text; the others are spelled in the grammar.
    package init(
        _ reading: OutputReading, _ choice: ToolChoice, isControl: (Int32) -> Bool = { _ in true }
    ) {
        self.reading = reading
        self.choice = choice
        tokens = Dictionary(
            reading.tokens.filter { isControl($0.key) }.map { ($0.value, $0.key) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Nil where nothing is constrained.
    package var expression: GrammarExpression? {
        guard let format = reading.format, !reading.tools.isEmpty, choice != .none else {
            return nil
        }
        let calls = calls(format)
        switch choice {
        case .none: return nil
        case .auto: return afterThoughts(free(format, calls))
        case .required, .named: return afterThoughts(calls.all)
        }
    }

    /// A reply that has this form behind its thoughts, and no calls.
    package func reply(in form: GrammarExpression) -> GrammarExpression {
        guard reading.format == .harmony else { return afterThoughts(form) }
        return afterThoughts(.sequence([pieces("<|channel|>final<|message|>"), form]))
    }
}

// MARK: - Calls

extension ToolGrammar {
    /// The calls of a reply: what the first begins with, the rest of it, and all.
    private struct Calls {
        var opening: String
        var rest: GrammarExpression
        var all: GrammarExpression
    }

    private func calls(_ format: ToolFormat) -> Calls {
        let tools = reading.tools.filter { tool in
            if case .named(let name) = choice { tool.name == name } else { true }
        }
        let notation = Notation(format)
        func call(_ start: String) -> GrammarExpression {
            .choice(
                tools.map { tool in
                    .sequence(
                        [pieces(start + tool.name + notation.middle)]
                            + arguments(of: tool, format) + [pieces(notation.end)])
                })
        }
        let isList = !notation.listStart.isEmpty
        var parts = [call(isList ? notation.start : "")]
        // The end of harmony's call ends the reply.
        if reading.isParallel, format != .harmony {
            let next = GrammarExpression.sequence([
                pieces(notation.separator), call(notation.start),
            ])
            parts.append(.repeated(next, 0...Int.max))
        }
        let rest = GrammarExpression.sequence(parts + [pieces(notation.listEnd)])
        let opening = isList ? notation.listStart : notation.start
        return Calls(opening: opening, rest: rest, all: .sequence([pieces(opening), rest]))
    }

    /// Text with calls in it; of formats without a mark, a call or a text that begins like none.
    private func free(_ format: ToolFormat, _ calls: Calls) -> GrammarExpression {
        if format == .harmony {
            let final = GrammarExpression.sequence([
                pieces("<|channel|>final<|message|>"), .textWithout([]),
            ])
            return .choice([final, calls.all])
        }
        guard let mark = Self.mark(calls.opening) else {
            return .choice([calls.all, .regex(#"([^\s{\[][\s\S]*)?"#)])
        }
        let rest = String(calls.opening.dropFirst(mark.count))
        let token = tokens[mark]
        let texts = token == nil ? [mark] : []
        let call = GrammarExpression.sequence([
            .textUntil(texts, tokens: token.map { [$0] } ?? []), pieces(rest), calls.rest,
        ])
        let calls = GrammarExpression.repeated(call, reading.isParallel ? 0...Int.max : 0...1)
        let reply = GrammarExpression.sequence([calls, .textWithout(texts)])
        guard format == .commandA else { return reply }
        return .choice([
            reply,
            .sequence([
                pieces("<|START_RESPONSE|>"), .textWithout(texts + ["<|END_RESPONSE|>"]),
                .repeated(pieces("<|END_RESPONSE|>"), 0...1),
            ]),
        ])
    }

    /// The mark that a call begins with; nil if it begins with a brace or a name.
    private static func mark(_ opening: String) -> String? {
        if opening.hasPrefix("```tool_code") { return "```tool_code" }
        if opening.hasPrefix("Action:") { return "Action: ```json" }
        guard let first = opening.first, first == "<" || first == "[" else { return nil }
        guard let end = opening.firstIndex(where: { $0 == (first == "<" ? ">" : "]") }) else {
            return nil
        }
        return String(opening[...end])
    }

    /// A text in which marks are the tokens that they are in the vocabulary.
    private func pieces(_ text: String) -> GrammarExpression {
        var rest = Substring(text)
        var parts: [GrammarExpression] = []
        var literal = ""
        while let first = rest.first {
            if let (mark, token) = tokens.first(where: { rest.hasPrefix($0.key) }) {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.token(token))
                rest = rest.dropFirst(mark.count)
            } else {
                literal.append(first)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.literal(literal)) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }
}

// MARK: - Thoughts

extension ToolGrammar {
    private func afterThoughts(_ answer: GrammarExpression) -> GrammarExpression {
        if reading.format == .harmony {
            let thoughts = GrammarExpression.sequence([
                pieces("<|channel|>"), .oneOf(["analysis", "commentary"]), pieces("<|message|>"),
                until("<|end|>"), pieces("<|start|>assistant"),
            ])
            return .sequence([.repeated(thoughts, 0...Int.max), answer])
        }
        guard let marks = reading.reasoning else { return answer }
        let rest = GrammarExpression.sequence([
            until(marks.end), .regex(#"\s{0,3}"#), answer,
        ])
        if reading.beginsInReasoning { return rest }
        return .choice([answer, .sequence([.regex(#"\s{0,2}"#), pieces(marks.start), rest])])
    }

    private func until(_ mark: String) -> GrammarExpression {
        guard let token = tokens[mark] else { return .textUntil([mark]) }
        return .textUntil([], tokens: [token])
    }
}

// MARK: - Arguments

extension ToolGrammar {
    /// What stands around the arguments, in every format.
    private struct Notation {
        var listStart = ""
        var separator = ""
        var listEnd = ""
        var start: String
        var middle: String
        var end: String

        init(_ format: ToolFormat) {
            if let shape = format.shape {
                (listStart, separator, listEnd) = (shape.listStart, shape.separator, shape.listEnd)
                (start, middle, end) = (shape.start, shape.middle, shape.end)
                // Its end is a token that ends the output.
                if format == .harmony { end = "" }
                return
            }
            switch format {
            case .qwenCoder:
                (start, middle) = ("<tool_call>\n<function=", ">\n")
                (end, separator) = ("</function>\n</tool_call>", "\n")
            case .glm45:
                (start, middle, end, separator) = ("<tool_call>", "\n", "</tool_call>", "\n")
            case .gemma:
                (listStart, separator, listEnd) = ("```tool_code\n", "\n", "\n```")
                (start, middle, end) = ("", "(", ")")
            default:
                (listStart, separator, listEnd) = ("[", ", ", "]")
                (start, middle, end) = ("", "(", ")")
            }
        }
    }

    private func arguments(of tool: Tool, _ format: ToolFormat) -> [GrammarExpression] {
        let schema = tool.parameters ?? JSONObject()
        switch format {
        case .qwenCoder:
            return parameters(of: tool).map { name, schema, isRequired in
                let value = self.value(schema, until: "\n</parameter>", isText: tool.isText(name))
                return optional(
                    !isRequired,
                    .sequence([
                        pieces("<parameter=\(name)>\n"), value, pieces("\n</parameter>\n"),
                    ]))
            }
        case .glm45:
            return parameters(of: tool).map { name, schema, isRequired in
                let value = self.value(schema, until: "</arg_value>", isText: tool.isText(name))
                return optional(
                    !isRequired,
                    .sequence([
                        pieces("<arg_key>\(name)</arg_key>\n<arg_value>"), value,
                        pieces("</arg_value>\n"),
                    ]))
            }
        case .pythonic, .gemma: return [keywords(of: tool)]
        default:
            var options = SchemaOptions()
            // One that names no parameters takes any.
            options.opensObjects = schema["properties"] == nil
            return [.schema(.object(schema.withObjectType), options)]
        }
    }

    private func optional(_ isOptional: Bool, _ part: GrammarExpression) -> GrammarExpression {
        isOptional ? .repeated(part, 0...1) : part
    }

    /// A text as it is, anything else as JSON.
    private func value(
        _ schema: JSONValue, until end: String, isText: Bool
    ) -> GrammarExpression {
        guard isText else { return .schema(schema) }
        let values = schema["enum"]?.array?.compactMap(\.string) ?? []
        return values.isEmpty ? .textWithout([end]) : .oneOf(values)
    }

    /// `key=value` for each; those that must be there come first.
    private func keywords(of tool: Tool) -> GrammarExpression {
        let all = parameters(of: tool).map { name, schema, isRequired in
            (
                isRequired: isRequired,
                text: GrammarExpression.sequence([.literal("\(name)="), .schema(schema)])
            )
        }
        let needed = all.filter(\.isRequired).map(\.text)
        let others = all.filter { !$0.isRequired }.map(\.text)
        func following(_ parts: ArraySlice<GrammarExpression>) -> [GrammarExpression] {
            parts.map { .repeated(.sequence([.literal(", "), $0]), 0...1) }
        }
        if !needed.isEmpty {
            let first = needed.enumerated().flatMap { index, part in
                index == 0 ? [part] : [.literal(", "), part]
            }
            return .sequence(first + following(others[...]))
        }
        return .choice(
            [.literal("")]
                + others.indices.map { index in
                    .sequence([others[index]] + following(others[(index + 1)...]))
                })
    }

    /// The parameters that the schema names, with their schemas, which may refer to its definitions.
    private func parameters(
        of tool: Tool
    ) -> [(name: String, schema: JSONValue, isRequired: Bool)] {
        guard let schema = tool.parameters, let properties = schema["properties"]?.object else {
            return []
        }
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        return properties.members.map { name, property in
            var own = property
            if var object = property.object {
                for key in ["$defs", "definitions"] where object[key] == nil {
                    object[key] = schema[key]
                }
                own = .object(object)
            }
            return (name, own, required.contains(name))
        }
    }
}

extension JSONObject {
    /// Arguments are an object also where the schema does not say it.
    fileprivate var withObjectType: JSONObject {
        guard self["type"] == nil else { return self }
        var object = self
        object["type"] = "object"
        return object
    }
}
