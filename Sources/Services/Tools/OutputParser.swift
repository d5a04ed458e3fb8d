/// Tells the text of an output from the thoughts before it and the calls of tools in it, as it is
/// written.
///
/// The parts do not depend on how the output is cut into pieces: everything is read byte by byte. What
/// begins like a call and is none is text. A mark that the vocabulary has as a control token is one only
/// as that token: the same characters are text.
package struct OutputParser: Sendable {
    /// One of the two.
    private var marked: MarkedOutput?
    private var channels: ChannelOutput?
    private var out = OutputParts()

    /// - Parameters:
    ///   - format: nil if no calls are looked for.
    ///   - tools: a call of another one is text.
    ///   - reasoning: nil if no thoughts are looked for.
    ///   - beginsInReasoning: the prompt has opened them.
    ///   - tokens: the marks that are control tokens of the vocabulary.
    package init(
        _ format: ToolFormat?, tools: [Tool], reasoning: ReasoningMarks?,
        beginsInReasoning: Bool = false, tokens: Set<String> = []
    ) {
        let bytes: @Sendable (String) -> [UInt8] = {
            tokens.contains($0) ? Marker.bytes($0) : Array($0.utf8)
        }
        let declared = DeclaredTools(tools)
        if format == .harmony {
            channels = ChannelOutput(declared, bytes: bytes)
        } else {
            marked = MarkedOutput(
                format?.notation, declared, reasoning, beginsInReasoning: beginsInReasoning,
                bytes: bytes)
        }
    }

    /// Marks that may be control tokens.
    package static func marks(_ format: ToolFormat?, _ reasoning: ReasoningMarks?) -> [String] {
        if format == .harmony { return ChannelOutput.marks }
        return (format?.notation.marks ?? [])
            + (reasoning.map { [$0.start, $0.end] + $0.silent } ?? [])
    }

    package mutating func push(_ text: String) -> [OutputPart] {
        for byte in text.utf8 { push(byte) }
        return out.take()
    }

    /// A control token, one of `marks`.
    package mutating func push(mark: String) -> [OutputPart] {
        for byte in Marker.bytes(mark) { push(byte) }
        return out.take()
    }

    /// The end of the output: what is held back is text, and a call that is not whole stays so.
    ///
    /// - Parameter isCut: the output may have gone on.
    package mutating func finish(isCut: Bool) -> [OutputPart] {
        marked?.finish(&out, isCut: isCut)
        channels?.finish(&out, isCut: isCut)
        return out.take()
    }

    private mutating func push(_ byte: UInt8) {
        marked?.push(byte, &out)
        channels?.push(byte, &out)
    }
}
