import Grammar
import JSON
import Testing

@Suite struct SchemaTests {
    @Test(arguments: [
        (
            #"{"type":"integer","minimum":-5,"maximum":120}"#, ["-5", "0", "120", "7"],
            ["-6", "121", "1.5", "01"]
        ),
        (
            #"{"type":"number","exclusiveMinimum":0.5,"maximum":10}"#,
            ["0.51", "10", "10.0", "9.99"], ["0.5", "10.01", "-1"]
        ),
        (#"{"type":"integer","multipleOf":7}"#, ["14", "0", "-21"], ["15"]),
        (#"{"type":"number","multipleOf":0.25}"#, ["1.25", "3"], ["1.3"]),
        (
            #"{"type":"string","minLength":2,"maxLength":3}"#, [#""ab""#, #""a\n\u00e9""#],
            [#""a""#, #""abcd""#]
        ),
        (
            #"{"type":"string","pattern":"^a.*b$","maxLength":4}"#, [#""ab""#, #""axxb""#],
            [#""axxxb""#, #""b""#]
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"]}"#,
            [#"{"a":"x"}"#, #"{"a": "x", "b": 3}"#, "{\n  \"a\": \"x\"\n}"],
            [#"{"b":1}"#, "{}", #"{"a":"x","c":1}"#]
        ),
        (
            #"{"type":"object","additionalProperties":{"type":"integer"}}"#,
            ["{}", #"{"x":1,"y":2}"#], [#"{"x":"y"}"#]
        ),
        (
            ##"{"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/n"}"##,
            [#"{"v":1,"next":{"v":2,"next":null}}"#], [#"{"v":1}"#]
        ),
        (
            #"{"type":"array","items":{"type":"string"},"uniqueItems":true}"#,
            [#"["a","b"]"#, "[]"], [#"["a","b","a"]"#, #"["a","a"]"#]
        ),
        (
            #"{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":1}"#,
            ["[1]", #"[1,"a"]"#], ["[]", "[1,2]"]
        ),
        (
            #"{"type":"array","contains":{"type":"integer"},"items":{"type":["integer","string"]}}"#,
            ["[1]", #"["a",1,"b"]"#], ["[]", #"["a"]"#]
        ),
        (
            #"{"enum":["a",1,null,{"x":[1,2]}]}"#, [#""a""#, "1", "null", #"{"x":[1,2]}"#],
            ["2", #"{"x":[1]}"#]
        ),
        (#"{"not":{"type":["integer","string"]}}"#, ["null", "1.5", "[]"], ["1", "\"a\""]),
        (#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, ["1", "2.5"], ["3"]),
        (
            #"{"if":{"properties":{"k":{"const":"a"}},"required":["k"]},"then":{"required":["x"]},"else":{"required":["y"]},"properties":{"k":{"type":"string"},"x":{"type":"integer"},"y":{"type":"integer"}}}"#,
            [#"{"k":"a","x":1}"#, #"{"k":"b","y":1}"#], [#"{"k":"a","y":1}"#]
        ),
        (#"{"type":"string","format":"date"}"#, [#""2024-02-29""#], [#""2023-02-29""#]),
        (
            #"{"type":"object","patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":{"type":"string"},"minProperties":2}"#,
            [#"{"x-a":1,"b":"c"}"#],
            [#"{"x-a":1}"#, #"{"x-a":"s","b":"c"}"#, #"{"b":"c","b":"c"}"#]
        ),
        (#"{"type":"object"}"#, [#"{"a":[1,{"b":null}]}"#], ["[]"]),
        (
            #"{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":100000}"#,
            ["[1,2]", "[1,2,3]"], ["[1]", "[]"]
        ),
        (
            #"{"properties":{"a":{"type":"integer"}},"allOf":[{"properties":{"b":{"type":"null"}},"required":["b"]}],"unevaluatedProperties":false,"type":"object"}"#,
            [#"{"a":1,"b":null}"#, #"{"b":null}"#], [#"{"a":1}"#, #"{"b":null,"c":1}"#]
        ),
    ])
    func aSchemaAllowsWhatItSays(
        _ schema: String, _ valid: [String], _ invalid: [String]
    ) throws {
        let grammar = try Grammar(.schema(try JSONValue(parsing: schema)))
        for text in valid { #expect(grammar.matches(text), "\(schema) \(text)") }
        for text in invalid { #expect(!grammar.matches(text), "\(schema) \(text)") }
    }

    @Test(arguments: [
        (#"{"type":"string","minLength":5,"maxLength":3}"#, GrammarError.Place.pointer("")),
        (
            #"{"type":"object","properties":{"a":{"enum":[]}},"required":["a"]}"#,
            .pointer("/properties/a")
        ),
        (##"{"properties":{"a":{"$ref":"#/x"}}}"##, .pointer("/properties/a/$ref")),
        (##"{"$ref":"#"}"##, .pointer("")),
        (##"{"type":"object","properties":{"n":{"$ref":"#"}},"required":["n"]}"##, .whole),
        (#"{"properties":{"a":{"pattern":"(("}}}"#, .pointer("/properties/a/pattern")),
        (#"{"type":"integer","minimum":3,"maximum":2}"#, .pointer("/maximum")),
        (#"{"items":{"format":"phone"}}"#, .pointer("/items/format")),
        (#"{"type":"text"}"#, .pointer("/type")),
        (#"{"anyOf":{}}"#, .pointer("/anyOf")),
        (
            #"{"type":"array","items":{"type":"object"},"uniqueItems":true}"#,
            .pointer("/uniqueItems")
        ),
        (#"{"not":{"patternProperties":{"a":{}}}}"#, .pointer("/not/patternProperties")),
    ])
    func whatCannotBeEnforcedIsRefusedWithItsPath(
        _ schema: String, _ place: GrammarError.Place
    ) throws {
        let json = try JSONValue(parsing: schema)
        let error = #expect(throws: GrammarError.self) { try Grammar(.schema(json)) }
        #expect(error?.place == place, "\(schema): \(String(describing: error))")
    }

    /// Schemas that need more than there may be are refused; none keeps the compiler for long.
    @Test func aSchemaOfExponentialSizeIsRefused() throws {
        var pairs: [JSONValue] = []
        for index in 0..<40 {
            pairs.append([
                "oneOf": [
                    ["required": .array([.string("a\(index)")])],
                    ["required": .array([.string("b\(index)")])],
                ]
            ])
        }
        let objects: JSONValue = ["type": "object", "allOf": .array(pairs)]
        #expect(throws: GrammarError.self) { try Grammar(.schema(objects)) }
        let values: JSONValue = ["enum": .array((0..<60_000).map { .integer($0) })]
        #expect(throws: GrammarError.self) { try Grammar(.schema(values)) }
    }
}
