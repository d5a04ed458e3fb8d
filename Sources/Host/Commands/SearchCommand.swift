import ArgumentParser
import FoundationEssentials
import JSON
import SearchCollections

/// `roost search`
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Finds rows of a collection of a running host.",
        discussion: """
            roost search topics bread with wild yeast
            roost search --file recipes.csv "something with rhubarb"
            roost search topics --where "year>=1990" --where lang=en "fall of the wall"
            """)

    @Argument(help: "The collection, unless --file names one; then the words to look for.")
    var words: [String] = []

    @Option(help: "Search this CSV, JSONL or text file; the host keeps it as a collection.")
    var file: String?

    @Option(help: "vector (by meaning), text (by words) or hybrid (by both).")
    var mode: CollectionQuery.Mode = .vector

    @Option(help: "How many rows, from 1 to 1000.")
    var top = 10

    @Option(help: "Leave out rows with a lower score.")
    var minScore: Double?

    @Option(
        name: .customLong("where"),
        help: "A condition on a column: =, !=, >, >=, <, <= or ~ (contains). May be repeated.")
    var conditions: [SearchCondition] = []

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if words.count < (file == nil ? 2 : 1) {
            throw ValidationError(
                file == nil ? "name a collection and say what to look for" : "say what to look for")
        }
        if !(1...1000).contains(top) { throw ValidationError("--top is from 1 to 1000") }
    }

    func run() async throws {
        let client = client.client()
        let name = try await file.asyncMap { try await upload($0, client) } ?? words[0]
        let query = words.dropFirst(file == nil ? 1 : 0).joined(separator: " ")
        let path = "/v1/collections/\(name.percentEncoded)"
        let answer = try await client.json("POST", path + "/query", body: body(query))
        if output.json { return StandardOutput.line(answer.serialized()) }
        let collection = try await client.json("GET", path)
        StandardOutput.line(SearchTable(answer, collection).text)
    }

    private func body(_ query: String) -> JSONValue {
        var body = JSONObject([
            (key: "query", value: .string(query)), (key: "mode", value: .string(mode.rawValue)),
            (key: "top_k", value: .integer(top)),
        ])
        if let minScore { body["min_score"] = .number(minScore) }
        if !conditions.isEmpty { body["filter"] = ["and": .array(conditions.map(\.json))] }
        return .object(body)
    }

    /// Puts a file as a collection that is named after it and its content, unless it is there.
    private func upload(_ file: String, _ client: HostClient) async throws -> String {
        guard let format = DocumentFormat(fileName: file) else {
            throw ValidationError("\(file) is no .csv, .tsv, .jsonl, .json or .txt file")
        }
        guard let hash = FileHash.of(file, and: ""),
            let data = FileManager.default.contents(atPath: file)
        else { throw ValidationError("cannot read the file \(file)") }
        let name = Self.name(file) + "-" + hash.prefix(8)
        let path = "/v1/collections/\(name.percentEncoded)"
        do {
            _ = try await client.json("GET", path)
        } catch ClientError.refused(status: 404, _) {
            StandardError.write("\(file) becomes the collection '\(name)' of \(client.url)")
            _ = try await client.send(
                "PUT", path + "?wait=true", type: format.mediaType, body: Array(data))
        }
        return name
    }

    /// The name of a file without folder and ending, of characters that a collection may have.
    private static func name(_ file: String) -> String {
        let base = file.split(separator: "/").last ?? "file"
        let stem = base.prefix { $0 != "." }.map { character -> Character in
            character.isLetter || character.isNumber || "_-:".contains(character) ? character : "-"
        }
        let name = String(stem.drop { !$0.isLetter && !$0.isNumber }.prefix(100))
        return name.isEmpty ? "file" : name
    }
}

extension CollectionQuery.Mode: ExpressibleByArgument {}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows
        -> Value?
    {
        guard let self else { return nil }
        return try await body(self)
    }
}
