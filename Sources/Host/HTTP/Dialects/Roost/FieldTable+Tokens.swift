import JSON

extension FieldTable {
    /// For the routes between texts and tokens.
    package static let tokens = FieldTable([
        "content": .means("text"), "prompt": .means("text"),
        "add_special_tokens": .means("add_special"),
        "with_pieces": .refused(unless: [false]), "return_token_strs": .refused(unless: [false]),
        "mm_processor_kwargs": .refused(),
    ])
}
