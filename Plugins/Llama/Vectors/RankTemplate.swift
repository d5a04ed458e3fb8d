import PluginCommon
import TensorRuntime
import Tokenizers

/// How a query and a document become the text that a model judges.
struct RankTemplate: Sendable {
    private let parts: [Part]

    private enum Part {
        case text(String)
        case query
        case document
    }

    /// Qwen3-Reranker's, Zhang et al. 2025 (arXiv:2506.05176), section 2.
    static let qwen3 = """
        <|im_start|>system
        Judge whether the Document meets the requirements based on the Query and the Instruct \
        provided. Note that the answer can only be "yes" or "no".<|im_end|>
        <|im_start|>user
        <Instruct>: {instruction}
        <Query>: {query}
        <Document>: {document}<|im_end|>
        <|im_start|>assistant
        <think>

        </think>


        """

    /// What the same model is told if nobody says otherwise.
    static let instruction =
        "Given a web search query, retrieve relevant passages that answer the query"

    /// - Parameter text: with {query}, {document} once and last, and perhaps {instruction}.
    init(_ text: String, instruction: String?) throws {
        let key = "rank_template"
        guard instruction == nil || text.contains("{instruction}") else {
            throw LlamaError.setting(
                "instruction", found: "given", expected: "none: the template has no {instruction}")
        }
        let whole = text.replacing("{instruction}", with: instruction ?? Self.instruction)
        let halves = whole.split(separator: "{document}", omittingEmptySubsequences: false)
        guard halves.count == 2 else {
            throw LlamaError.setting(
                key, found: "a text with {document} \(halves.count - 1) times", expected: "once")
        }
        let queries = halves[0].split(separator: "{query}", omittingEmptySubsequences: false)
        guard queries.count > 1, !halves[1].contains("{query}") else {
            throw LlamaError.setting(
                key, found: "a text without {query} before {document}", expected: "one with it")
        }
        let before = queries.flatMap { [Part.query, .text(String($0))] }.dropFirst()
        parts = before + [.document, .text(String(halves[1]))]
    }

    /// The tokens of a query and a document, whose end is cut if they are too many. Neither can write
    /// tokens that are more than text.
    ///
    /// - Parameter most: nil for no limit.
    func tokens(
        _ query: String, _ document: String, _ tokenizer: any Tokenizer, atMost most: Int?
    ) throws -> [Int32] {
        let whole = try tokens(parts, query, document, tokenizer)
        guard let most, whole.count > most else { return whole }
        let end = try tokens(parts.suffix(1), query, document, tokenizer)
        guard end.count < most else {
            throw LlamaError.setting(
                "max_tokens", found: "\(most)", expected: "more than the template's \(end.count)")
        }
        let begin = try tokens(parts.dropLast(), query, document, tokenizer)
        return begin.prefix(most - end.count) + end
    }

    private func tokens(
        _ parts: some Sequence<Part>, _ query: String, _ document: String,
        _ tokenizer: any Tokenizer
    ) throws -> [Int32] {
        var text = ""
        var plain: [Range<Int>] = []
        for part in parts {
            let start = text.utf8.count
            switch part {
            case .text(let own): text += own
            case .query: text += query
            case .document: text += document
            }
            if case .text = part { continue }
            if start < text.utf8.count { plain.append(start..<text.utf8.count) }
        }
        return try tokenizer.encode(text, addSpecial: false, parseSpecial: true, plain: plain)
    }
}
