package import JSON

extension ChatTemplate {
    /// The messages of a request in the form that the template expects.
    ///
    /// The arguments of tool calls become the objects that their strings spell, and missing content
    /// beside them becomes empty, unless the template expects otherwise; `developer` becomes
    /// `system` if the template does not know it.
    package func adapted(_ messages: [JSONObject]) -> [JSONObject] {
        let knowsDevelopers = source.contains("developer")
        return messages.map { message in
            var message = message
            if !knowsDevelopers, message["role"] == "developer" { message["role"] = "system" }
            guard let calls = message["tool_calls"]?.array, !calls.isEmpty else { return message }
            if message["content"]?.string?.isEmpty ?? true {
                message["content"] = toolCallForm.contentIsNull ? .null : ""
            }
            if !toolCallForm.argumentsAreText {
                message["tool_calls"] = .array(calls.map(Self.withArgumentsRead))
            }
            return message
        }
    }

    /// A call whose arguments are an object; a string that does not spell one stays.
    private static func withArgumentsRead(_ call: JSONValue) -> JSONValue {
        guard var object = call.object, var function = call["function"]?.object,
            let text = function["arguments"]?.string
        else { return call }
        let spelled = text.utf8.allSatisfy(\.isASCIISpace) ? "{}" : text
        guard let arguments = try? JSONValue(parsing: spelled, depth: 64), arguments.object != nil
        else { return call }
        function["arguments"] = arguments
        object["function"] = .object(function)
        return .object(object)
    }

    // MARK: - Continuing

    /// Marks the end of a message. The blank shows whether a template keeps blanks at the end.
    private static let mark = "\u{E000}goes on here\u{E000} "

    /// The prompt of a conversation whose last message is to be continued: it ends with the text of
    /// that message, like `continue_final_message` of transformers.
    ///
    /// - Throws: `TemplateError.refused` if the last message cannot be continued.
    package func renderContinuing(
        messages: [JSONObject], tools: JSONValue?, bosToken: String, eosToken: String,
        extra: [String: JSONValue] = [:]
    ) throws(TemplateError) -> RenderedPrompt {
        var messages = messages
        guard var last = messages.popLast(), let text = last["content"]?.string,
            last["tool_calls"]?.array?.isEmpty ?? true
        else {
            throw .refused(
                "the last message has no text that can be continued, or calls tools; leave "
                    + "'continue_final_message' out")
        }
        last["content"] = .string(text + Self.mark)
        let prompt = try render(
            messages: .array((messages + [last]).map { .object($0) }), tools: tools,
            addGenerationPrompt: false, bosToken: bosToken, eosToken: eosToken, extra: extra)
        guard prompt.text.contains(exactly: text.strippedLeft().strippedRight()),
            let end = prompt.end(before: Self.mark)
        else {
            throw .refused(
                "the last message does not appear whole in the prompt, so that it cannot be continued; "
                    + "the chat template leaves out a part of it")
        }
        return prompt.prefix(end)
    }
}

extension RenderedPrompt {
    /// The end of the text before the last `mark`, whose blank the template may have stripped
    /// together with earlier ones.
    fileprivate func end(before mark: String) -> Int? {
        let letters = mark.strippedRight()
        guard let place = text.ranges(of: letters).last else { return nil }
        let start = place.lowerBound
        if text.utf8Slice(start..<text.utf8.count).starts(exactly: mark) { return start }
        return text.utf8Slice(0..<start).strippedRight().utf8.count
    }

    fileprivate func prefix(_ end: Int) -> RenderedPrompt {
        RenderedPrompt(
            text: text.utf8Slice(0..<end),
            plain: plain.compactMap { range in
                range.lowerBound < end ? range.lowerBound..<min(end, range.upperBound) : nil
            })
    }
}
