import ModelJSON
import Testing

@Suite struct JSONReaderTests {
    private func parsed(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    private func string(_ json: String) throws -> String? {
        if case .string(let value) = try parsed(json) { value } else { nil }
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1", "nul",
        "NaN", "Infinity", "-Infinity", "'a'", "\"a", "\"\n\"", "\"\\x\"", "\"\\u12\"",
        "\"\\u00g0\"", "[1 2]", "{\"a\" 1}", "1 2", "[]]", "1e999", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\", "[\"\\u",
    ])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: JSONFault.self) { try parsed(text) }
    }

    @Test func aFaultSaysWhereWhatWasFoundAndExpected() {
        #expect(throws: JSONFault.unexpected(offset: 6, found: "'?'", expected: "a value")) {
            try parsed("{\"a\": ?}")
        }
        #expect(throws: JSONFault.notUTF8(offset: 1)) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func nestingBeyondTheLimitIsAFaultNotACrash() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONFault.self) { try parsed(deep) }
        _ = try parsed(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        var reader = try JSONReader(Array(deep.utf8))
        #expect(throws: JSONFault.self) { try reader.skip() }
    }

    @Test func escapesAreRead() throws {
        #expect(
            try string(#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00 é""#)
                == "\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600} é")
    }

    @Test func integersAreExactAndWhatDoesNotFitIsADouble() throws {
        guard case .integer(.max) = try parsed("9223372036854775807"),
            case .number(9_223_372_036_854_775_808) = try parsed("9223372036854775808"),
            case .number(1) = try parsed("1.0"), case .number(300) = try parsed("3e2")
        else {
            Issue.record("a number is read as another")
            return
        }
    }

    @Test(arguments: ["-1", "1.5", "1e2", "9223372036854775808", "\"1\"", ""])
    func whatIsNoWholeNumberIsNoNatural(text: String) throws {
        var reader = try JSONReader(Array(text.utf8))
        #expect(throws: JSONFault.self) { try reader.natural() }
    }

    @Test func aKeyMayComeTwiceUnlessThatIsRefused() throws {
        let text = Array(#"{"a": {"b": 1}, "c": {"b": 2, "b": 3}}"#.utf8)
        var lenient = try JSONReader(text)
        try lenient.skip()
        var strict = try JSONReader(text, distinctKeys: true)
        #expect(throws: JSONFault.duplicateKey("b", offset: 30)) { try strict.skip() }
    }

    @Test func aStringComesInItsPiecesBetweenEscapes() throws {
        var reader = try JSONReader(Array(#""plain\ntext""#.utf8))
        var pieces: [String] = []
        try reader.string { pieces.append(String(decoding: $0, as: UTF8.self)) }
        #expect(pieces == ["plain", "\n", "text"])
        try reader.end()
    }
}
