import JSON
import Testing

@Suite struct JSONSchemaTests {
    private func schema(_ text: String) throws -> JSONSchema {
        try JSONSchema(JSONValue(parsing: text))
    }

    /// What a schema has against a value, as a client reads it; nil for a value that it allows.
    private func violation(
        _ schema: String, _ value: String, inside name: String? = nil
    ) throws -> String? {
        let schema = try self.schema(schema)
        let value = try JSONValue(parsing: value)
        do {
            try schema.check(value)
            return nil
        } catch {
            let path = name.map(error.inside)?.path ?? error.path
            switch error.problem {
            case .missing(let expected): return "\(path) is missing, expected \(expected)"
            case .wrong(let reason): return path + (path.isEmpty ? "" : " ") + reason
            }
        }
    }

    @Test(arguments: [
        (#"{"type": "string"}"#, #""a""#, "3", "is 3, expected a string"),
        (#"{"type": "integer"}"#, "3.0", "3.5", "is 3.5, expected an integer"),
        (#"{"type": "number"}"#, "3", "true", "is true, expected a number"),
        (#"{"type": ["array", "null"]}"#, "null", "{}", "is an object, expected an array or null"),
        (#"{"type": "boolean"}"#, "false", "null", "is null, expected a boolean"),
        (#"{"enum": ["a", 1]}"#, "1.0", #""b""#, #"is unknown, expected "a" or 1"#),
        (
            #"{"const": [1, {"a": 2}]}"#, #"[1.0, {"a": 2.0}]"#, "[1]",
            #"is unknown, expected [1,{"a":2}]"#
        ),
        (#"{"minimum": 1}"#, "1", "0.5", "is 0.5, expected at least 1"),
        (#"{"maximum": 2}"#, "2", "3", "is 3, expected at most 2"),
        (#"{"exclusiveMinimum": 1}"#, "1.5", "1", "is 1, expected more than 1"),
        (#"{"exclusiveMaximum": 1}"#, "0", "1.0", "is 1.0, expected less than 1"),
        (
            #"{"minLength": 2, "maxLength": 3}"#, #""ab""#, #""a""#,
            "has a character, expected at least 2"
        ),
        (#"{"maxLength": 1}"#, "\"\u{1F600}\"", #""ab""#, "has 2 characters, expected at most 1"),
        (#"{"minItems": 1}"#, "[1]", "[]", "has 0 elements, expected at least 1"),
        (#"{"maxItems": 0}"#, "[]", "[1]", "has an element, expected at most 0"),
        (
            #"{"maxProperties": 1}"#, #"{"a": 1}"#, #"{"a": 1, "b": 2}"#,
            "has 2 members, expected at most 1"
        ),
        (#"{"required": ["a"]}"#, #"{"a": null}"#, #"{"b": 1}"#, "a is missing, expected a value"),
        (#"{"items": {"type": "string"}}"#, #"["a"]"#, #"["a", 1]"#, "[1] is 1, expected a string"),
        (
            #"{"properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "integer"}}"#,
            #"{"a": null, "b": 1}"#, #"{"a": null, "b": "x"}"#, "b is a string, expected an integer"
        ),
        (
            #"{"properties": {"a": {}, "b": {}}, "additionalProperties": false}"#, #"{"a": 1}"#,
            #"{"c": 1}"#, "c is not known, expected 'a' or 'b'"
        ),
        (
            #"{"properties": {"a": false}}"#, #"{"b": 1}"#, #"{"a": 1}"#,
            "a is not allowed here; leave it out"
        ),
    ])
    func aValueThatIsNotAllowedIsToldWhatIs(
        _ schema: String, _ right: String, _ wrong: String, _ says: String
    ) throws {
        #expect(try violation(schema, right) == nil)
        #expect(try violation(schema, wrong) == says)
    }

    @Test func aRuleHoldsForValuesOfItsKindOnly() throws {
        let schema = #"{"minimum": 3, "minLength": 3, "minItems": 3, "required": ["a"]}"#
        for value in [#""abc""#, "4", "true", "null"] {
            #expect(try violation(schema, value) == nil)
        }
    }

    @Test func aPathLeadsToTheBadMember() throws {
        let schema = #"""
            {"type": "object", "required": ["rows"], "properties": {"rows": {"type": "array", "items":
             {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}}}
            """#
        #expect(try violation(schema, "[]") == "is an empty array, expected an object")
        #expect(try violation(schema, "{}") == "rows is missing, expected an array")
        #expect(
            try violation(schema, #"{"rows": [{"id": 1}, {}]}"#)
                == "rows[1].id is missing, expected an integer")
        #expect(
            try violation(schema, #"{"rows": [{"id": 1}, {"id": "x"}]}"#)
                == "rows[1].id is a string, expected an integer")
        for (value, path) in [("[]", "input"), (#"{"rows": 1}"#, "input.rows")] {
            #expect(try violation(schema, value, inside: "input")?.hasPrefix(path + " ") == true)
        }
        #expect(
            try violation(schema, #"{"rows": [[]]}"#)
                == "rows[0] is an empty array, expected an object")
    }

    @Test func noPathIsLongerForALongName() throws {
        let name = String(repeating: "n", count: 100_000)
        let found = try #require(
            try violation(#"{"additionalProperties": false}"#, "{\"\(name)\": 1}"))
        #expect(found.count < 200 && found.hasSuffix("is not known, expected no members"))
    }

    @Test func integersAreComparedExactly() throws {
        let schema = #"{"maximum": 9007199254740992}"#
        #expect(try violation(schema, "9007199254740993") != nil)
    }

    @Test func aKeywordThatIsNotUnderstoodIsRefusedWhereverItStands() {
        let expected =
            "expected type, enum, const, minimum, maximum, exclusiveMinimum, exclusiveMaximum, "
            + "minLength, maxLength, items, minItems, maxItems, properties, required, "
            + "additionalProperties, minProperties, maxProperties"
        for (text, says) in [
            (#"{"pattern": "a+"}"#, "the keyword 'pattern'"),
            (
                #"{"properties": {"a": {"items": {"$ref": "b"}}}}"#,
                "the keyword '$ref' at 'properties.a.items'"
            ),
            (
                #"{"additionalProperties": {"anyOf": []}}"#,
                "the keyword 'anyOf' at 'additionalProperties'"
            ),
        ] {
            #expect {
                _ = try schema(text)
            } throws: {
                "\($0)" == "\(says) is not understood, \(expected)"
            }
        }
    }

    @Test(arguments: [
        ("3", "it is a number, expected an object or a boolean"),
        (#"{"items": []}"#, "'items' is an array, expected an object or a boolean"),
        (
            #"{"type": "text"}"#,
            #"'type' is a string, expected one or some of "object", "array", "string", "integer", "#
                + #""number", "boolean", "null""#
        ),
        (#"{"enum": 1}"#, "'enum' is 1, expected an array"),
        (
            #"{"properties": {"a": {"minimum": "1"}}}"#,
            "'properties.a.minimum' is a string, expected a number"
        ),
        (#"{"minLength": -1}"#, "'minLength' is -1, expected a whole number of at least 0"),
        (#"{"minItems": 3, "maxItems": 2}"#, "'maxItems' is 2, expected at least 3"),
        (#"{"required": ["a", 1]}"#, "'required' holds what is no string, expected names"),
        (#"{"properties": []}"#, "'properties' is an empty array, expected an object"),
    ])
    func whatOfASchemaIsWrongIsNamed(_ text: String, _ says: String) {
        #expect {
            _ = try schema(text)
        } throws: {
            "\($0)" == says
        }
    }

    @Test func annotationsForbidNothing() throws {
        let schema = #"""
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "t", "description": "d",
             "default": 3, "examples": [1], "format": "date"}
            """#
        #expect(try violation(schema, "[]") == nil)
    }
}
