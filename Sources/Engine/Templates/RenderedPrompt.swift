/// What a chat template makes of a conversation.
package struct RenderedPrompt: Hashable, Sendable {
    package var text: String
    /// Where in its UTF-8 the request's own words stand, in ranges that ascend and lie apart: what spells
    /// a control token there is characters. The rest is the template's.
    package var plain: [Range<Int>]

    package init(text: String, plain: [Range<Int>] = []) {
        self.text = text
        self.plain = plain
    }
}
