import ArgumentParser
import FoundationEssentials
import JSON

/// `roost summarize`
struct SummarizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summarize",
        abstract: "Says what is in a text in fewer words, with a model of a running host.",
        discussion: """
            roost summarize minutes.txt
            pbpaste | roost summarize
            """)

    @Argument(help: "The text's file; without it, what is piped in.")
    var file: String?

    @Option(help: "The model; by default the host's for summaries.")
    var model: String?

    @Option(help: "The longest summary, in tokens; of a text in parts, of each part.")
    var maxTokens: Int?

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let text = try text()
        guard !text.trimmed.isEmpty else { throw ValidationError("there is no text") }
        let client = client.client()
        if output.json {
            let answer = try await client.json("POST", "/v1/summarize", body: request(text))
            return StandardOutput.line(answer.serialized())
        }
        try await client.events("POST", "/v1/summarize", body: request(text, streams: true)) {
            StandardOutput.show(try Self.delta($0))
        }
        StandardOutput.line()
    }

    private func text() throws -> String {
        guard let file else {
            if StandardInput.isTerminal {
                throw ValidationError("name a file, or pipe a text in")
            }
            var lines: [String] = []
            while let line = readLine(strippingNewline: false) { lines.append(line) }
            return lines.joined()
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("cannot read the file \(file)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func request(_ text: String, streams: Bool = false) -> JSONValue {
        var request = JSONObject([(key: "input", value: .string(text))])
        request["model"] = model.map { .string($0) }
        request["max_tokens"] = maxTokens.map { .integer($0) }
        if streams { request["stream"] = true }
        return .object(request)
    }

    /// The text of an event; the last, the whole answer, has none.
    private static func delta(_ event: String) throws -> String {
        guard let event = try? JSONValue(parsing: event) else {
            throw ClientError.notUnderstood("an event of the stream is not JSON")
        }
        if event["error"] != nil {
            throw ClientError(status: 500, body: Array(event.serialized().utf8))
        }
        return event["object"] == "summary.delta" ? event["text"]?.string ?? "" : ""
    }
}
