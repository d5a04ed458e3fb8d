import ArgumentParser
import FoundationEssentials
import JSON

/// `roost embed`
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Turns texts into vectors with a model of a running host.",
        discussion: """
            Writes a line of JSON per text, {"text", "embedding"}. With --compare it writes instead how \
            close each further text is to the first, from -1 to 1.
            """)

    @Argument(help: "The texts; without them, a text a line is read from the standard input.")
    var texts: [String] = []

    @Option(help: "Read the texts from this file, one a line.")
    var file: String?

    @Flag(help: "Compare the first text with each of the others.")
    var compare = false

    @Option(help: "The model; by default the host's for embeddings.")
    var model: String?

    @Option(help: "Cut the vectors to so many numbers, where the model allows it.")
    var dimensions: Int?

    @Option(help: "What the texts are: query or passage; by default neither.")
    var type: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if file != nil, !texts.isEmpty { throw ValidationError("give texts or --file, not both") }
    }

    func run() async throws {
        let texts = try lines()
        guard texts.count > (compare ? 1 : 0) else {
            throw ValidationError(compare ? "--compare needs two texts" : "there is no text")
        }
        if compare {
            try await writeSimilarities(of: texts)
        } else {
            try await writeVectors(of: texts)
        }
    }

    private func lines() throws -> [String] {
        if !texts.isEmpty { return texts }
        guard let file else {
            var lines: [String] = []
            while let line = readLine() { lines.append(line) }
            return lines
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("cannot read the file \(file)")
        }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map(String.init)
    }

    /// This many texts go into one request, so that the first lines come soon and no request is too
    /// large.
    private static let portion = 256

    private func writeVectors(of texts: [String]) async throws {
        let client = client.client()
        for start in stride(from: 0, to: texts.count, by: Self.portion) {
            let portion = Array(texts[start..<min(start + Self.portion, texts.count)])
            let answer = try await client.json("POST", "/v1/embeddings", body: request(portion))
            for (text, result) in zip(portion, answer["data"]?.array ?? []) {
                let line: JSONValue = [
                    "text": .string(text), "embedding": result["embedding"] ?? .null,
                ]
                StandardOutput.line(line.serialized())
            }
        }
    }

    private func request(_ texts: [String]) -> JSONValue {
        var request = JSONObject([(key: "input", value: .array(texts.map { .string($0) }))])
        request["model"] = model.map { .string($0) }
        request["dimensions"] = dimensions.map { .integer($0) }
        request["input_type"] = type.map { .string($0) }
        return .object(request)
    }

    private func writeSimilarities(of texts: [String]) async throws {
        var request = JSONObject([(key: "source", value: .string(texts[0]))])
        request["sentences"] = .array(texts.dropFirst().map { .string($0) })
        request["model"] = model.map { .string($0) }
        let answer = try await client.client().json(
            "POST", "/v1/similarity", body: .object(request))
        for (text, result) in zip(texts.dropFirst(), answer["data"]?.array ?? []) {
            let score = result["score"]?.number ?? 0
            StandardOutput.line("\((score * 10_000).rounded() / 10_000)  \(text)")
        }
    }
}
