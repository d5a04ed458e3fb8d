import JSON
import Testing

@Suite struct JSONValueTests {
    private func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

    @Test func membersKeepTheOrderInWhichTheyWereWritten() throws {
        let text = #"{"z":1,"a":{"y":2,"b":3},"m":[]}"#
        #expect(try parsed(text).serialized() == text)
    }

    @Test func theLastOfRepeatedKeysGivesTheValueAndTheFirstThePlace() throws {
        #expect(try parsed(#"{"a":1,"b":2,"a":3}"#).serialized() == #"{"a":3,"b":2}"#)
    }

    @Test func keysThatOnlyUnicodeCallsEqualAreDifferent() throws {
        let value = try parsed("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test func manyMembersAreFoundAndRemoved() {
        var object = JSONObject((0..<50).map { (key: "k\($0)", value: .integer($0)) })
        object["k7"] = nil
        #expect(object["k7"] == nil)
        #expect(object["k49"] == 49)
        #expect(object.count == 49)
        for index in 0..<45 { object["k\(index)"] = nil }
        #expect(Array(object.keys) == ["k45", "k46", "k47", "k48", "k49"])
        #expect(object["k46"] == 46)
    }

    @Test func integersAreExactAndWhatDoesNotFitBecomesAFloat() throws {
        #expect(try parsed("9223372036854775807") == .integer(.max))
        #expect(try parsed("-9223372036854775808") == .integer(.min))
        #expect(try parsed("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try parsed("1.0") == .number(1))
        #expect(try parsed("3e2").integer == 300)
        #expect(try parsed("0.5").integer == nil)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1", "nul",
        "tru",
        "NaN", "Infinity", "'a'", "\"a", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u00g0\"", "[1 2]",
        "{\"a\" 1}", "1 2", "[]]", "1e999", "\u{FEFF}1", "// c\n1",
    ])
    func whatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func anErrorSaysWhereAndWhatWasExpected() throws {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"a\": ?}") }
        #expect(error?.description == "invalid JSON at byte 6: found '?', expected a value")
    }

    @Test func nestingBeyondTheLimitIsAnErrorNotACrash() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONError.tooDeep(limit: 128, at: 128)) { try JSONValue(parsing: deep) }
        let allowed = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try parsed(allowed).serialized() == allowed)
    }

    @Test func anObjectWithVeryManyMembersCountsForItsIndex() throws {
        let text = "{" + (0..<2000).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        let values = 8 + 2000 + 1000 + 1000 * 16
        _ = try JSONValue(parsing: text.utf8, values: values)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8, values: values - 1) }
    }

    @Test func theNumberOfValuesIsBoundedAndAnArrayCountsAsEight() throws {
        _ = try JSONValue(parsing: "[1,2,3]".utf8, values: 11)
        for (text, values) in [("[1,2,3]", 10), ("[[1],[1]]", 25), (#"{"a":1,"b":2}"#, 11)] {
            #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8, values: values) }
            _ = try JSONValue(parsing: text.utf8, values: values + 1)
        }
    }

    @Test func invalidUTF8IsRefused() {
        let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0x22]
        #expect(throws: JSONError.invalidUTF8(at: 1)) { try JSONValue(parsing: bytes) }
    }

    @Test func escapesAreRead() throws {
        let text = #""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#
        #expect(try parsed(text) == "\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600}")
    }

    @Test(arguments: [#""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\n""#])
    func halfASurrogatePairBecomesTheReplacementCharacter(_ text: String) throws {
        #expect(try parsed(text).string?.unicodeScalars.first == "\u{FFFD}")
    }

    /// Expected texts are what CPython 3.11 prints.
    @Test func serializingFollowsPython() throws {
        let value = try parsed(#"{"b":[1,true,null,1.5,"é\"<&>\u007f\u0001"],"a":{},"c":[]}"#)
        #expect(
            value.serialized(.python)
                == "{\"b\": [1, true, null, 1.5, \"é\\\"<&>\u{7F}\\u0001\"], \"a\": {}, \"c\": []}")
        var style = JSONStyle.indented(by: 2)
        style.escapesUnicode = true
        style.sortsKeys = true
        #expect(
            value.serialized(style) == """
                {
                  "a": {},
                  "b": [
                    1,
                    true,
                    null,
                    1.5,
                    "\\u00e9\\"<&>\\u007f\\u0001"
                  ],
                  "c": []
                }
                """)
    }

    @Test(arguments: [
        (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (1.5, "1.5"), (100, "100.0"), (0.0001, "0.0001"),
        (0.00001, "1e-05"), (1.25e-7, "1.25e-07"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
        (12_345_678_901_234_568, "1.2345678901234568e+16"), (123456.789, "123456.789"),
        (1e100, "1e+100"), (.leastNonzeroMagnitude, "5e-324"), (0.1 + 0.2, "0.30000000000000004"),
        (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (1e22, "1e+22"),
    ])
    func floatsAreWrittenAsPythonWritesThem(_ number: Double, _ text: String) {
        #expect(number.pythonDescription == text)
    }
}
