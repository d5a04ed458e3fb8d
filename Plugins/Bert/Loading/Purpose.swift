import PluginCommon

/// What a checkpoint was trained for.
enum Purpose: Sendable {
    case embedding
    case sequenceClassification
    case tokenClassification
    case questionAnswering
}

extension HeadConfiguration {
    /// - Throws: `ConfigurationError.unsupported` for a head that this plugin lacks.
    var purpose: Purpose {
        get throws {
            guard let name = architectures?.first else { return .embedding }
            if name.hasSuffix("ForSequenceClassification") { return .sequenceClassification }
            if name.hasSuffix("ForTokenClassification") { return .tokenClassification }
            if name.hasSuffix("ForQuestionAnswering") { return .questionAnswering }
            let kinds = ["Model", "ForMaskedLM", "ForPreTraining"]
            guard kinds.contains(where: name.hasSuffix) else {
                throw ConfigurationError.unsupported(
                    "architectures", found: name,
                    expected: "…Model, …ForMaskedLM, …ForSequenceClassification, "
                        + "…ForTokenClassification or …ForQuestionAnswering")
            }
            return .embedding
        }
    }
}
