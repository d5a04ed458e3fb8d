/// How well labels fit a text, from a model's output for it.
package enum LabelScores {
    /// Of the labels that a model was trained for. One label alone is a yes or no.
    package static func trained(_ logits: [Float], isMultiLabel: Bool) -> [Float] {
        isMultiLabel || logits.count == 1 ? logits.map(\.sigmoid) : logits.softmax
    }

    /// The scale with which embedding models are trained to distinguish right from wrong sentences
    /// by a softmax over cosines (multiple negatives ranking, arXiv:1705.00652, with the usual
    /// factor).
    private static let scale: Float = 20

    /// Of candidate labels that no model was trained for: how close a text's embedding is to those of
    /// sentences with the labels.
    package static func zeroShot(
        text: [Float], labels: [[Float]], isMultiLabel: Bool
    ) -> [Float] {
        let cosines = labels.map { text.cosine(with: $0) }
        return isMultiLabel ? cosines.map { max(0, $0) } : cosines.map { $0 * scale }.softmax
    }

    /// Of candidate labels: whether a sentence with the label follows from the text, as a model of natural
    /// language inference says (Yin et al. 2019, arXiv:1909.00161); with the numbers that transformers'
    /// pipeline gives.
    ///
    ///     score(label) = softmax over the labels of the logits of entailment
    ///     score(label) = softmax(contradiction, entailment)[entailment]         where several labels may hold
    ///
    /// - Parameters:
    ///   - logits: for each label the model's logits, two or more.
    ///   - entailment: which of a label's logits says that it follows; the contradiction is the first or,
    ///     where that is the entailment, the last.
    package static func entailed(
        _ logits: [[Float]], entailment: Int, isMultiLabel: Bool
    ) -> [Float] {
        guard isMultiLabel || logits.count == 1 else {
            return logits.map { $0[entailment] }.softmax
        }
        return logits.map { logits in
            let contradiction = entailment == 0 ? logits.count - 1 : 0
            return [logits[contradiction], logits[entailment]].softmax[1]
        }
    }
}

extension [Float] {
    /// The indices of the scores, the largest first; equal ones in their order.
    package var ranking: [Int] { indices.sorted { (-self[$0], $0) < (-self[$1], $1) } }
}
