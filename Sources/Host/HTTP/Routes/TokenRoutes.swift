import Engine
import Hummingbird
import NIOCore

/// `POST /v1/tokenize` and `POST /v1/detokenize`.
struct TokenRoutes {
    let models: Models
    let body: Body

    var routes: [Route] {
        [
            Route(.post, "/v1/tokenize", .inference, tokenize),
            Route(.post, "/v1/detokenize", .inference, detokenize),
        ]
    }

    /// The tokens of a `text`, or of the prompt that `messages` become.
    private func tokenize(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let text = try fields.string("text")
        let chat = try fields.array("messages") == nil ? nil : ChatMessages(fields)
        let addsSpecial = try fields.bool("add_special") ?? true
        let parsesSpecial = try fields.bool("parse_special") ?? false
        guard (text == nil) != (chat == nil) else {
            throw APIError.missing(param: "text", expected: "either 'text' or 'messages'")
        }
        let hold = try await hold(fields, context)
        let engine = hold.engine.engine
        let tokens =
            if let chat {
                try await hold.engine.prompt.tokens(of: chat, engine: engine)
            } else {
                try await engine.tokenize(
                    text ?? "", addSpecial: addsSpecial, parseSpecial: parsesSpecial)
            }
        return Response(
            json: await TokenAnswer(
                model: hold.name, tokens: tokens, contextLength: engine.contextLength
            ).json)
    }

    private func detokenize(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        guard let value = fields.value("tokens") else {
            throw APIError.missing(param: "tokens", expected: "an array of token ids")
        }
        let tokens = try CompletionRequest.tokenIDs(value, path: "tokens")
        let hold = try await hold(fields, context)
        let text = try Self.text(of: tokens, hold.engine.engine)
        return Response(["model": .string(hold.name), "text": .string(text)])
    }

    private static func text(of tokens: [Int32], _ engine: TextEngine) throws -> String {
        do {
            return try engine.detokenize(tokens)
        } catch {
            throw APIError.invalid(param: "tokens", "is refused: \(error)")
        }
    }

    private func hold(
        _ fields: Fields, _ context: HTTPContext
    ) async throws -> ModelHold<TextServing> {
        let hold = try await models.text(try fields.string("model"), for: .completion)
        context.record.note { $0.model = hold.name }
        return hold
    }
}

/// Writes the answer of `/v1/tokenize`: a text of megabytes has millions of tokens, which no tree of values
/// is built for.
private struct TokenAnswer: Sendable {
    let model: String
    let tokens: [Int32]
    let contextLength: Int

    /// So many tokens are written before other requests have their turn.
    private static let portion = 1 << 16

    var json: ByteBuffer {
        get async {
            var buffer = ByteBuffer(string: "{\"model\":\"")
            JSONText.escape(model, into: &buffer)
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
