import Engine
import PluginHost
import Testing

/// What a plugin says of its model is used as far as it is what it should be, and the rest is told.
@Suite struct ModelInfoTests {
    private func info(_ json: String) -> ModelInfo {
        ModelInfo(
            ModelDescription(
                pluginID: "x", pluginVersion: "1", family: "some", infoJSON: Array(json.utf8)))
    }

    @Test func whatIsRightIsReadWithoutAWord() {
        let info = info(
            """
            {"name": "N", "parameters": 7, "context_length": 8, "dimensions": null, "own": [1],
             "matryoshka": false, "generation": {"max_length": 5, "num_beams": 4}}
            """)
        #expect(info.problems.isEmpty)
        #expect(info.name == "N" && info.parameters == 7 && info.contextLength == 8)
        #expect(info.matryoshka == false && info.generation.maxLength == 5)
        #expect(self.info("{}").problems.isEmpty && self.info("{}").architecture == "some")
    }

    @Test(arguments: [
        ("[1]", "info_json is an array, expected an object"),
        ("{\"name\": x}", "info_json is no JSON: "),
        ("", "info_json is no JSON: "),
        ("{\"name\": 7}", "info_json: \"name\" is 7, expected a string"),
        ("{\"chat_template\": {}}", "\"chat_template\" is an object, expected a string"),
        ("{\"matryoshka\": \"yes\"}", "\"matryoshka\" is a string, expected a boolean"),
        ("{\"context_length\": \"8\"}", "is a string, expected an integer"),
        (
            "{\"max_tokens\": -9223372036854775808}",
            "\"max_tokens\" is -9223372036854775808, expected at least 0"
        ),
        ("{\"generation\": [4]}", "\"generation\" is an array, expected an object"),
        (
            "{\"generation\": {\"max_length\": -1}}",
            "\"generation.max_length\" is -1, expected at least 0"
        ),
        ("{\"pooling\": \"median\"}", "\"pooling\" is unknown, expected \"mean\" or"),
        ("{\"notes\": [7]}", "\"notes[0]\" is 7, expected a string"),
        ("{\"reasoning\": {}}", "\"reasoning.end\" is missing, expected a string"),
    ])
    func whatIsWrongIsToldAndNotUsed(_ json: String, _ says: String) {
        let info = info(json)
        #expect(info.problems.count == 1)
        #expect(info.problems.first?.contains(says) == true, "\(info.problems)")
        #expect(info.name == nil && info.chatTemplate == nil && info.matryoshka == nil)
        #expect(info.contextLength == nil && info.maxTokens == nil)
        #expect(info.generation.maxLength == nil)
    }
}
