import Engine
import Hummingbird
import JSON
import NIOCore
import PluginHost

/// `POST /v1/tokenize` and `POST /v1/detokenize`, of models of text, of vectors and of images.
struct TokenRoutes {
    let models: Models
    let body: Body
    let inputs: InputList

    private static let writing = BlockingPool("roost-detokenize", limit: 2)

    var routes: [Route] {
        [
            Route(.post, "/v1/tokenize", .inference, tokenize),
            Route(.post, "/v1/detokenize", .inference, detokenize),
        ]
    }

    /// The tokens of a `text`, or of the prompt rendered from `messages`, in which only the
    /// template's own words become control tokens.
    private func tokenize(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked: TokenizeRequest
        switch try await body.read(request, context, .tokens, { try read($0) }) {
        case .one(let request): asked = request
        case .list(let request):
            // Without a model's name it is asked as text-embeddings-inference would be.
            let hold = try await hold(request.model ?? models.ofTEI, context)
            let answer = try await request.answer(hold.tokenizer)
            return await .long { answer }
        }
        let hold = try await hold(asked.model, context)
        return Response(
            json: await TokenAnswer(
                model: hold.name, input: asked.input, tokens: try await asked.tokens(hold),
                contextLength: hold.engine.longestText
            ).json)
    }

    /// Which of several APIs has sent the body: only text-embeddings-inference's has `inputs`.
    private enum Asked: Sendable {
        case one(TokenizeRequest)
        case list(TEITokenizeRequest)
    }

    private func read(_ fields: Fields) throws -> Asked {
        guard fields.value("inputs") != nil else { return .one(try TokenizeRequest(fields)) }
        return .list(try TEITokenizeRequest(fields, inputs))
    }

    private func detokenize(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (tokens, model) = try await body.read(request, context, .tokens) { fields in
            guard let value = fields.value("tokens") else {
                throw APIError.missing(param: "tokens", expected: "an array of token ids")
            }
            return (
                try value.tokenIDs(at: "tokens"), try fields.string("model")
            )
        }
        let hold = try await hold(model, context)
        // Millions of tokens are tens of megabytes of text.
        let json = try await Self.writing.run {
            let text = try Self.text(of: tokens, hold.tokenizer)
            // llama.cpp's clients read `content`.
            let answer: JSONValue = [
                "model": .string(hold.name), "text": .string(text), "content": .string(text),
            ]
            return answer.serialized()
        }
        return Response(json: json)
    }

    private static func text(of tokens: [Int32], _ tokenizer: ModelTokenizer?) throws -> String {
        do {
            return try tokenizer?.detokenize(tokens) ?? ""
        } catch {
            throw APIError.invalid(param: "tokens", "is refused: \(error)")
        }
    }

    private func hold(
        _ model: String?, _ context: HTTPContext
    ) async throws -> ModelHold<ModelServing> {
        let hold = try await models.tokens(model)
        context.record.note { $0.model = hold.name }
        return hold
    }
}

/// The body of `POST /v1/tokenize`.
private struct TokenizeRequest: Sendable {
    let model: String?
    private let text: String?
    private let chat: Conversation?
    private let addsSpecial: Bool
    private let parsesSpecial: Bool

    init(_ fields: Fields) throws {
        model = try fields.string("model")
        text = try fields.string("text")
        chat = try fields.array("messages") == nil ? nil : Conversation(fields)
        addsSpecial = try fields.bool("add_special") ?? true
        parsesSpecial = try fields.bool("parse_special") ?? false
        guard (text == nil) != (chat == nil) else {
            throw APIError.missing(param: "text", expected: "either 'text' or 'messages'")
        }
        guard chat != nil else { return }
        for key in ["add_special", "parse_special"] where fields.value(key) != nil {
            throw APIError.unsupported(
                param: key, "is for 'text'; of 'messages' the chat template makes these tokens")
        }
    }

    /// The member that is tokenized.
    var input: StaticString { chat == nil ? "text" : "messages" }

    func tokens(_ hold: ModelHold<ModelServing>) async throws -> [Int32] {
        guard let chat else {
            return try await hold.tokenizer?.tokenize(
                text ?? "", addSpecial: addsSpecial, parseSpecial: parsesSpecial) ?? []
        }
        guard let text = hold.engine.text, !text.engine.readsSource else {
            throw APIError.unsupported(
                param: "messages", "is for models that chat, and '\(hold.name)' does not")
        }
        return try await text.prompt.tokens(of: chat, engine: text.engine)
    }
}

extension ModelServing {
    /// Tokens of the longest text: of prompt and output, or that are read; 0 when unknown.
    fileprivate var longestText: Int {
        text?.engine.contextLength ?? vectors?.capabilities.maxTokens
            ?? images?.capabilities.maxTokens ?? 0
    }
}

/// Writes the answer of `/v1/tokenize` without a tree of values: a text of megabytes has millions
/// of tokens.
private struct TokenAnswer: Sendable {
    let model: String
    /// Which member the tokens are of.
    let input: StaticString
    let tokens: [Int32]
    let contextLength: Int

    /// This many tokens are written before other requests get their turn.
    private static let portion = 1 << 16

    var json: ByteBuffer {
        get async {
            var buffer = ByteBuffer(string: "{\"model\":\"")
            JSONText.escape(model, into: &buffer)
            buffer.writeStaticString("\",\"input\":\"")
            buffer.writeStaticString(input)
            buffer.writeStaticString("\",\"tokens\":[")
            for (index, token) in tokens.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                buffer.writeString(token.description)
                if index % Self.portion == Self.portion - 1 { await Task.yield() }
            }
            buffer.writeString(
                "],\"count\":\(tokens.count),\"context_length\":\(contextLength)}")
            return buffer
        }
    }
}
