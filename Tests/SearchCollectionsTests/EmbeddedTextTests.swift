import JSON
import SearchCollections
import Testing

@Suite struct EmbeddedTextTests {
    /// The first is what the golden vectors of the reference were made from.
    @Test(arguments: [
        (
            ["Sourdough baking", "How to keep a starter alive."],
            "Sourdough baking. How to keep a starter alive."
        ),
        (["Why?", "Because"], "Why? Because"), (["One", "", "  ", "two"], "One. two"),
        ([" a \n", "\tb "], "a. b"), (["なぜ？", "なぜなら。", "x"], "なぜ？ なぜなら。 x"), (["only"], "only"),
        ([], ""), (["", ""], ""),
    ])
    func columnsAreSentences(parts: [String], text: String) {
        #expect(EmbeddedText.joined(parts) == text)
    }

    @Test func whatIsNoTextIsWrittenAsJSON() {
        let row: JSONObject = ["title": "Kite", "year": 1990, "none": .null, "tags": ["a", "b"]]
        let columns = ["title", "year", "none", "tags", "absent"]
        #expect(EmbeddedText.of(row, columns: columns) == #"Kite. 1990. ["a","b"]"#)
    }
}
