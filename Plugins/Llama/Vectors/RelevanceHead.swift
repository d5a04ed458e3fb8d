import PluginCommon
import TensorRuntime
import Tokenizers

/// What makes a logit of relevance of a judged text's last state.
enum RelevanceHead: Sendable {
    /// A classifier of one row.
    case classifier(Linear)  // [1, D]
    /// A classifier of two, one for yes and one for no, of which it is the difference:
    /// softmax([no, yes]) is the sigmoid of it.
    case yesOrNo(Linear, yes: Int, no: Int)  // [2, D]
    /// The same of two words of the vocabulary.
    case words(yes: Int, no: Int)

    /// - Parameter states: [W, D].
    /// - Returns: W of them.
    func callAsFunction(_ states: Tensor, _ network: any DecoderNetwork) throws -> [Float] {
        switch self {
        case .classifier(let output): try output(states).floats
        case .yesOrNo(let output, let yes, let no): difference(try output(states), yes, no)
        case .words(let yes, let no): difference(try network.logits(states), yes, no)
        }
    }

    private func difference(_ logits: Tensor, _ yes: Int, _ no: Int) -> [Float] {
        logits.withFloats { numbers in
            (0..<logits.rowCount).map { row in
                numbers[row * logits.width + yes] - numbers[row * logits.width + no]
            }
        }
    }
}

// MARK: - Loading

extension RelevanceHead {
    /// Takes two words of the vocabulary.
    ///
    /// - Throws: `ConfigurationError` if one of them is several tokens.
    init(_ tokenizer: any Tokenizer) throws {
        let word = { (text: String) in
            let ids = try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            guard ids.count == 1 else {
                throw ConfigurationError.range(
                    "purpose",
                    found: "rank of a vocabulary in which '\(text)' is \(ids.count) tokens",
                    expected: "one token for 'yes' and one for 'no'")
            }
            return Int(ids[0])
        }
        self = .words(yes: try word("yes"), no: try word("no"))
    }

    /// - Parameters:
    ///   - weights: of the classifier.
    ///   - labels: the names of its rows.
    init(_ weights: Weights, labels: [String], width: Int) throws {
        let output = try Linear(weights, from: width, to: labels.count)
        if labels.count == 1 {
            self = .classifier(output)
            return
        }
        let names = labels.map { $0.lowercased() }
        guard names.count == 2, let yes = names.firstIndex(of: "yes"),
            let no = names.firstIndex(of: "no")
        else {
            throw ConfigurationError.unsupported(
                "labels", found: labels.prefix(4).joined(separator: ", "), expected: "yes and no")
        }
        self = .yesOrNo(output, yes: yes, no: no)
    }
}
