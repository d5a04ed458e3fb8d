import Host
import JSON
import Testing

/// What replies can be required to be like.
@Suite struct OutputFormTests {
    private func complete(_ members: String) async throws -> Answer {
        try await TestHost.shared().client.send(
            "POST", "/v1/completions",
            #"{"model":"markov","prompt":"I have no we","max_tokens":400,\#(members)}"#)
    }

    @Test(arguments: [
        ("guided_regex", #""[0-9]{3}-[a-c]+!""#), ("regex", #""[0-9]{3}-[a-c]+!""#),
        ("structured_outputs", #"{"regex":"[0-9]{3}-[a-c]+!"}"#),
        ("grammar", #""root ::= [0-9]{3} \"-\" [a-c]+ \"!\"""#),
        ("guided_grammar", #""root ::= [0-9]{3} \"-\" [a-c]+ \"!\"""#),
    ])
    func aReplyMatchesItsGrammar(_ name: String, _ value: String) async throws {
        for seed in 0..<5 {
            let answer = try await complete(
                #""temperature":2,"seed":\#(seed),"\#(name)":\#(value)"#)
            #expect(answer.status == 200, "\(answer.text)")
            let choice = answer.json["choices"]?[0]
            let text = try #require(choice?["text"]?.string)
            if choice?["finish_reason"] == "length" { continue }
            #expect(try Regex("[0-9]{3}-[a-c]+!").wholeMatch(in: text) != nil, "\(text)")
        }
    }

    @Test(arguments: [
        (
            "guided_json",
            #"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#
        ),
        (
            "json_schema",
            #"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#
        ),
        (
            "response_format",
            #"{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}"#
        ),
        (
            "structured_outputs",
            #"{"json":"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}"}"#
        ),
    ])
    func aReplyIsValidAgainstItsSchema(_ name: String, _ value: String) async throws {
        for temperature in [0, 2] {
            let answer = try await complete(
                #""temperature":\#(temperature),"seed":1,"\#(name)":\#(value)"#)
            #expect(answer.status == 200, "\(answer.text)")
            let choice = answer.json["choices"]?[0]
            let text = try #require(choice?["text"]?.string)
            #expect(choice?["finish_reason"] == "stop")
            #expect(try JSONValue(parsing: text)["n"]?.integer != nil, "\(text)")
        }
    }

    @Test func aChoiceIsOneOfThoseGiven() async throws {
        let answer = try await complete(#""guided_choice":["red","green"],"temperature":2"#)
        let text = answer.json["choices"]?[0]?["text"]?.string
        #expect(text == "red" || text == "green", "\(answer.text)")
    }

    @Test func aReplyCutShortSaysSo() async throws {
        let answer = try await TestHost.shared().client.send(
            "POST", "/v1/completions",
            #"{"model":"markov","prompt":"a","max_tokens":2,"guided_regex":"abcdef[a-z]{40}"}"#)
        #expect(answer.json["choices"]?[0]?["finish_reason"] == "length", "\(answer.text)")
    }

    @Test(arguments: [
        (
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"properties":{"a":{"type":"text"}}}}}"#,
            "response_format.json_schema.schema", "/properties/a/type"
        ),
        (#""guided_regex":"a(""#, "guided_regex", "byte 1"),
        (#""grammar":"root ::= x""#, "grammar", "line 1, column 10"),
        (#""guided_json":"{""#, "guided_json", "JSON"),
        (#""guided_choice":[]"#, "guided_choice", "1 to"),
        (#""guided_regex":"a","grammar":"root ::= \"a\"""#, "grammar", "guided_regex"),
        (
            #""guided_json":{"type":"string","minLength":3,"maxLength":2}"#, "guided_json",
            "contradict"
        ),
    ])
    func aFormThatCannotBeKeptIsRefusedWithItsPlace(
        _ members: String, _ param: String, _ place: String
    ) async throws {
        let answer = try await complete(members)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.error["param"]?.string == param)
        #expect(answer.error["message"]?.string?.contains(place) == true, "\(answer.text)")
    }
}
