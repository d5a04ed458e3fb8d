import Grammar
import JSON

/// What `grammar-validity.py` and `grammar-speed.py` need of the grammars.
///
/// Reads one JSON object per line from the standard input and answers with one per line:
///
///     {"schema": …, "instances": ["…"], "samples": 4}
///
/// With `speed VOCABULARY`, a file with one token per line in hexadecimal digits, it measures how long
/// compiling takes and the mask for every token of the instances. Without, it writes texts that random
/// tokens make of the grammar, and says which instances the grammar accepts.
@main
struct GrammarBench {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "speed", let path = arguments.dropFirst().first {
            let trie = try VocabularyFile.trie(path)
            while let line = readLine() { print(try Speed.measure(line, trie).serialized()) }
        } else {
            var sampling = Sampling()
            while let line = readLine() { print(try sampling.answer(line).serialized()) }
        }
    }
}

/// A line of the input.
struct Task {
    let expression: GrammarExpression
    let instances: [String]
    let samples: Int

    init(_ line: String) throws {
        let json = try JSONValue(parsing: line)
        var options = SchemaOptions()
        options.opensObjects = json["open"]?.bool ?? false
        expression =
            json["regex"]?.string.map { .regex($0) } ?? json["grammar"]?.string.map { .gbnf($0) }
            ?? .schema(json["schema"] ?? true, options)
        instances = json["instances"]?.array?.compactMap(\.string) ?? []
        samples = json["samples"]?.integer ?? 4
    }
}

/// Writes texts of random tokens.
struct Sampling {
    private static let pieces = [
        "\", \"", "\": ", "\":", "{\"", "\"}", "\"]", "\", ", "\",", "[\"", "[[", "]]", "}}", "],",
        "},", "null", "true", "false", "the", " a", "foo", "bar", "é", "日本", "\\n", "\\u00",
        "12", "000", "0.5", "e+", "-1", ": \"", "  ", "\n ", "2024-02-29", "a@b", "://",
    ]
    private let trie = TokenTrie(count: 256 + Self.pieces.count) { token in
        token < 256 ? [UInt8(token)] : Array(Self.pieces[Int(token) - 256].utf8)[...]
    }
    private var random = SystemRandomNumberGenerator()
    /// Then what ends something is chosen where it can be, and later no more is written.
    private static let (patience, most) = (60, 3000)

    mutating func answer(_ line: String) throws -> JSONValue {
        let task = try Task(line)
        do {
            return try answer(task)
        } catch {
            return ["error": .string(String(describing: error))]
        }
    }

    private mutating func answer(_ task: Task) throws -> JSONValue {
        let grammar = try Grammar(task.expression)
        let bound = try TokenGrammar(grammar, trie)
        var samples: [JSONValue] = []
        for _ in 0..<task.samples { samples.append(text(bound).map { .string($0) } ?? .null) }
        var accepts: [JSONValue] = []
        for instance in task.instances { accepts.append(.bool(grammar.matches(instance))) }
        return ["samples": .array(samples), "accepts": .array(accepts)]
    }

    /// - Returns: nil for one that does not come to an end.
    private mutating func text(_ bound: TokenGrammar) -> String? {
        let cursor = bound.begin()
        var bytes: [UInt8] = []
        for step in 0..<Self.most {
            if cursor.isFinal || cursor.accepts && (step > Self.patience || Bool.random()) {
                return String(decoding: bytes, as: UTF8.self)
            }
            let allowed = cursor.allowedTokens().tokens
            let closing = allowed.filter { $0 < 256 && "\"]}".utf8.contains(UInt8($0)) }
            let choices = step > Self.patience && !closing.isEmpty ? closing : allowed
            guard let token = choices.randomElement(using: &random),
                cursor.append(token) != nil
            else { return nil }
            bytes += trie.spelling(of: token)
        }
        return nil
    }
}
