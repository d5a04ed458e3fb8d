import Engine
import JSON

/// Puts a completion together that is sent in one piece.
struct CompletionCollector {
    private struct Choice {
        var text = ""
        var tokens: [TokenLogProb] = []
        var finish = FinishReason.stop
    }

    private let head: CompletionHead
    private var choices: [Choice]

    init(_ head: CompletionHead, choices: Int) {
        self.head = head
        self.choices = Array(repeating: Choice(), count: choices)
    }

    mutating func add(_ event: GenerationEvent, to index: Int) {
        switch event {
        case .text(let text, let tokens):
            choices[index].text += text
            choices[index].tokens += tokens
        case .finished(let reason, _):
            choices[index].finish = reason
        }
    }

    func json(_ usage: UsageSum) -> String {
        var members = head.members(object: head.shape.objectName)
        members["choices"] = .array(choices.enumerated().map { .object(json($1, index: $0)) })
        members["usage"] = usage.json
        return JSONValue.object(members).serialized()
    }

    private func json(_ choice: Choice, index: Int) -> JSONObject {
        var object = JSONObject([(key: "index", value: .integer(index))])
        switch head.shape {
        case .chat:
            object["message"] = [
                "role": "assistant", "content": .string(choice.text), "refusal": nil,
            ]
        case .text:
            object["text"] = .string(choice.text)
        }
        object["logprobs"] = head.hasLogprobs ? head.shape.logprobs(choice.tokens) : .null
        object["finish_reason"] = .string(choice.finish.word)
        return object
    }
}
