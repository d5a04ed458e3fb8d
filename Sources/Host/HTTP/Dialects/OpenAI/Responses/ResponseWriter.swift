import Engine
import JSON
import Services

/// Makes a reply into a response and into the events that tell of it, in their order.
struct ResponseWriter: Sendable {
    let id = Identifier.random(prefix: "resp_")
    let created = WallClock.now.seconds
    private let model: String
    private let isBackground: Bool
    /// The members that are repeated from the request.
    private let repeated: JSONObject
    private var output: [JSONValue] = []
    private var item: OpenItem?
    /// Of the next event.
    private var sequence = 0
    private var end = ReplyEnd.stop
    private var usage: UsageSum?

    init(_ request: ResponseRequest, model: String) {
        self.model = model
        isBackground = request.isBackground
        repeated = request.repeated
    }

    // MARK: - The response

    enum Status: String {
        case queued
        case inProgress = "in_progress"
        case completed
        case incomplete
        case failed
        case cancelled
    }

    /// How a reply that has come to its end ended.
    var ending: Status { end == .length ? .incomplete : .completed }

    func response(_ status: Status, error: APIError? = nil) -> JSONObject {
        var response = JSONObject([
            (key: "id", value: .string(id)), (key: "object", value: "response"),
            (key: "created_at", value: .integer(created)),
            (key: "status", value: .string(status.rawValue)),
            (key: "background", value: .bool(isBackground)),
            (key: "completed_at", value: status == .completed ? .now : .null),
            (key: "error", value: error.map(\.ofResponse) ?? .null),
            (
                key: "incomplete_details",
                value: status == .incomplete
                    ? .object(JSONObject([(key: "reason", value: "max_output_tokens")])) : .null
            ),
            (key: "model", value: .string(model)), (key: "output", value: .array(output)),
        ])
        for member in repeated.members { response[member.key] = member.value }
        response["usage"] = usage.map(\.ofResponse) ?? .null
        return response
    }

    // MARK: - Its events

    mutating func opening() -> [JSONValue] {
        [event("response.created", .inProgress), event("response.in_progress", .inProgress)]
    }

    /// The last event.
    mutating func closing(_ status: Status, error: APIError? = nil) -> JSONValue {
        event("response.\(status.rawValue)", status, error: error)
    }

    private mutating func event(
        _ type: String, _ status: Status, error: APIError? = nil
    ) -> JSONValue {
        event(type, [("response", .object(response(status, error: error)))])
    }

    private mutating func event(_ type: String, _ members: [(String, JSONValue)]) -> JSONValue {
        defer { sequence += 1 }
        return .object(
            JSONObject(
                [
                    (key: "type", value: .string(type)),
                    (key: "sequence_number", value: .integer(sequence)),
                ] + members.map { (key: $0.0, value: $0.1) }))
    }

    mutating func write(_ event: ReplyEvent) -> [JSONValue] {
        switch event {
        case .text(let text, let tokens, _):
            guard !text.isEmpty || !tokens.isEmpty else { return [] }
            return open(.message) + add(text, tokens)
        case .reasoning(let text, _):
            return text.isEmpty ? [] : open(.reasoning) + add(text, [])
        case .toolCall(let delta, _):
            var events: [JSONValue] = []
            if let callID = delta.id, let name = delta.name {
                events = close() + open(.call(id: callID, name: name))
            }
            return delta.arguments.isEmpty ? events : events + add(delta.arguments, [])
        case .finish(let end, _):
            self.end = end
            return close(isCut: end == .length)
        case .usage(let usage):
            self.usage = usage
            return []
        }
    }

    // MARK: - Its items

    /// Ends the item before, unless that one goes on.
    private mutating func open(_ kind: OpenItem.Kind) -> [JSONValue] {
        if let item, item.kind == kind { return [] }
        var events = close()
        let item = OpenItem(kind)
        self.item = item
        events.append(
            event(
                "response.output_item.added",
                [("output_index", .integer(output.count)), ("item", item.opening)]))
        if let part = item.part(text: "") {
            events.append(event("response.content_part.added", place(item) + [("part", part)]))
        }
        return events
    }

    private func place(_ item: OpenItem) -> [(String, JSONValue)] {
        let place: [(String, JSONValue)] = [
            ("item_id", .string(item.id)), ("output_index", .integer(output.count)),
        ]
        return item.hasParts ? place + [("content_index", 0)] : place
    }

    private mutating func add(_ text: String, _ tokens: [TokenLogProb]) -> [JSONValue] {
        item?.text += text
        item?.tokens += tokens
        guard let item else { return [] }
        var members = place(item) + [("delta", .string(text))]
        if item.kind == .message { members.append(("logprobs", tokens.ofResponse)) }
        return [event("response.\(item.kind.word).delta", members)]
    }

    private mutating func close(isCut: Bool = false) -> [JSONValue] {
        guard let item else { return [] }
        self.item = nil
        var events: [JSONValue] = []
        let done = "response.\(item.kind.word).done"
        switch item.kind {
        case .message:
            let members: [(String, JSONValue)] = [
                ("text", .string(item.text)), ("logprobs", item.tokens.ofResponse),
            ]
            events.append(event(done, place(item) + members))
        case .reasoning: events.append(event(done, place(item) + [("text", .string(item.text))]))
        case .call(_, let name):
            let members: [(String, JSONValue)] = [
                ("name", .string(name)), ("arguments", .string(item.text)),
            ]
            events.append(event(done, place(item) + members))
        }
        if let part = item.part(text: item.text) {
            events.append(event("response.content_part.done", place(item) + [("part", part)]))
        }
        let whole = item.whole(isCut: isCut)
        events.append(
            event(
                "response.output_item.done",
                [("output_index", .integer(output.count)), ("item", whole)]))
        output.append(whole)
        return events
    }
}

/// An item of the output that is being written.
private struct OpenItem: Sendable {
    enum Kind: Equatable {
        case reasoning
        case message
        case call(id: String, name: String)

        /// What its events are named after.
        var word: String {
            switch self {
            case .reasoning: "reasoning_text"
            case .message: "output_text"
            case .call: "function_call_arguments"
            }
        }
    }

    let kind: Kind
    let id: String
    var text = ""
    var tokens: [TokenLogProb] = []

    init(_ kind: Kind) {
        self.kind = kind
        let prefix =
            switch kind {
            case .reasoning: "rs_"
            case .message: "msg_"
            case .call: "fc_"
            }
        id = Identifier.random(prefix: prefix)
    }

    var hasParts: Bool {
        if case .call = kind { false } else { true }
    }

    /// Its one part, with this much of its text; nil for a call, which has none.
    func part(text: String) -> JSONValue? {
        switch kind {
        case .reasoning: ["type": "reasoning_text", "text": .string(text)]
        case .message:
            [
                "type": "output_text", "text": .string(text), "annotations": [],
                "logprobs": text.isEmpty ? [] : tokens.ofResponse,
            ]
        case .call: nil
        }
    }

    var opening: JSONValue { json(status: "in_progress", content: [], arguments: "") }

    func whole(isCut: Bool) -> JSONValue {
        json(
            status: isCut ? "incomplete" : "completed",
            content: [part(text: text)].compactMap { $0 }, arguments: text)
    }

    private func json(status: String, content: [JSONValue], arguments: String) -> JSONValue {
        switch kind {
        case .reasoning:
            [
                "id": .string(id), "type": "reasoning", "summary": [],
                "content": .array(content), "status": .string(status),
            ]
        case .message:
            [
                "id": .string(id), "type": "message", "status": .string(status),
                "role": "assistant", "content": .array(content),
            ]
        case .call(let callID, let name):
            [
                "id": .string(id), "type": "function_call", "status": .string(status),
                "call_id": .string(callID), "name": .string(name), "arguments": .string(arguments),
            ]
        }
    }
}

extension JSONValue {
    fileprivate static var now: JSONValue { .integer(WallClock.now.seconds) }
}

extension [TokenLogProb] {
    /// `logprobs` of a part or an event.
    fileprivate var ofResponse: JSONValue {
        isEmpty ? [] : LogprobsJSON.chat(self)["content"] ?? []
    }
}

extension UsageSum {
    fileprivate var ofResponse: JSONValue {
        [
            "input_tokens": .integer(promptTokens),
            "input_tokens_details": [
                "cached_tokens": .integer(cachedTokens), "cache_write_tokens": 0,
            ],
            "output_tokens": .integer(completionTokens),
            "output_tokens_details": ["reasoning_tokens": 0],
            "total_tokens": .integer(promptTokens + completionTokens),
        ]
    }
}

extension APIError {
    /// `error` of a response that failed.
    var ofResponse: JSONValue {
        [
            "code": .string(status == 429 ? "rate_limit_exceeded" : code ?? "server_error"),
            "message": .string(description),
        ]
    }
}
