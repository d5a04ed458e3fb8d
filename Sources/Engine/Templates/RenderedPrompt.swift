/// The result of rendering a conversation with a chat template.
package struct RenderedPrompt: Hashable, Sendable {
    package var text: String
    /// The ranges of its UTF-8 that originate in the request, ascending and disjoint: a control
    /// token spelled there is plain characters. The rest is the template's.
    package var plain: [Range<Int>]

    package init(text: String, plain: [Range<Int>] = []) {
        self.text = text
        self.plain = plain
    }
}
