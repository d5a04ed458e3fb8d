/// What the tests of running time look at.
@_spi(Testing) public protocol StepCounting {
    func encodeCountingSteps(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> (ids: [Int32], steps: Int)
}

/// What the tests of single stages look at.
@_spi(Testing) public protocol StageShowing {
    func normalized(_ text: [UInt8]) -> [UInt8]

    /// The words that the model sees.
    func words(ofNormalized text: [UInt8]) throws -> [[UInt8]]
}

extension TextPipeline: StepCounting, StageShowing {
    func encodeCountingSteps(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> (ids: [Int32], steps: Int) {
        try encodeCountingSteps(
            text, addSpecial: addSpecial, parseSpecial: parseSpecial, plain: [])
    }

    func normalized(_ text: [UInt8]) -> [UInt8] { normalizer?.normalize(text.span) ?? text }

    func words(ofNormalized text: [UInt8]) throws -> [[UInt8]] {
        guard let preTokenizer else { return [text] }
        var words: [[UInt8]] = []
        try preTokenizer.split(text.span, Place(beginsText: true, tracked: false)) { word, _ in
            words.append(Array(copying: word))
        }
        return words
    }
}
