/// The ids that a model's own tokenizer puts around a text.
struct Template: Sendable, Equatable {
    var prefix: [Int32] = []
    var suffix: [Int32] = []
}
