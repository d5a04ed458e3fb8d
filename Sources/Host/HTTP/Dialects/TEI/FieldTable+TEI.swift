import JSON

extension FieldTable {
    /// Of `/embed` and `/decode`; `/predict` has the table of classification.
    package static let tei = FieldTable([
        "prompt_name": .means("input_type"),
        "truncation_direction": .refused(unless: ["Right", "right"]),
        "skip_special_tokens": .refused(unless: [true]),
    ])
}
