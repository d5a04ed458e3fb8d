import JSON
import SearchCollections
import Testing

@Suite(.timeLimit(.minutes(5))) struct FilterTests {
    private static let rows = #"""
        {"id":"a","t":"x","n":5,"s":"12","b":true,"flag":"TRUE","name":"Zoë O'Hara","list":["q"]}
        {"id":"b","t":"x","n":"7.5","s":"abc","b":false,"flag":"False","name":"100%_x"}
        {"id":"c","t":"x","n":"many","s":"9","name":null}
        {"id":"d","t":"x","n":-3,"s":"007","b":"true","flag":true,"name":""}
        """#

    private func ids(_ json: String, _ mode: CollectionQuery.Mode = .vector) async throws
        -> [String]
    {
        let filter = try Filter(JSONValue(parsing: json))
        let test = TestStore()
        try await test.put(Self.rows, .jsonLines) { $0.text = ["t"] }
        try await test.wait()
        let ids = try await test.ids(CollectionQuery("x", mode: mode, filter: filter))
        await test.remove()
        return ids.sorted()
    }

    @Test(arguments: [
        (#"{"n": 5}"#, "a"), (#"{"n": 7.5}"#, "b"), (#"{"s": 7}"#, "d"), (#"{"s": "7"}"#, ""),
        (#"{"n": "5"}"#, "a"), (#"{"s": "007"}"#, "d"),
        (#"{"n": {"gt": 4}}"#, "ab"), (#"{"n": {"gte": -3, "lt": 7.5}}"#, "ad"),
        (#"{"s": {"gt": 8}}"#, "ac"), (#"{"s": {"lte": "9"}}"#, "cd"),
        (#"{"s": {"gt": "aa"}}"#, "b"), (#"{"n": {"ne": 5}}"#, "bcd"),
        (#"{"b": true}"#, "ad"), (#"{"b": false}"#, "b"), (#"{"b": null}"#, "c"),
        (#"{"name": {"ne": null}}"#, "abd"), (#"{"name": ""}"#, "d"),
        (#"{"name": {"contains": "%_"}}"#, "b"), (#"{"name": {"starts_with": "Zoë"}}"#, "a"),
        (#"{"name": {"contains": "o'h"}}"#, ""), (#"{"name": {"contains": "O'H"}}"#, "a"),
        (#"{"n": {"in": [5, "many"]}}"#, "ac"), (#"{"n": {"in": []}}"#, ""),
        (#"{"list": {"contains": "q"}}"#, "a"),
        (#"{"and": [{"n": {"gt": 0}}, {"b": true}]}"#, "a"),
        (#"{"or": [{"id": "a"}, {"id": "c"}]}"#, "ac"),
        (#"{"not": {"id": {"in": ["a", "b"]}}}"#, "cd"), (#"{"and": []}"#, "abcd"),
        (#"{"or": []}"#, ""), (#"{"id": "a", "n": 5}"#, "a"), (#"{"id": "a", "n": 6}"#, ""),
        (#"{}"#, "abcd"), (#"{"flag": true}"#, "ad"), (#"{"flag": false}"#, "b"),
        (#"{"flag": {"ne": true}}"#, "bc"), (#"{"flag": {"in": [true]}}"#, "ad"),
    ])
    func aFilterLetsThroughWhatItSays(json: String, expected: String) async throws {
        #expect(try await ids(json).joined() == expected)
        #expect(try await ids(json, .text).joined() == expected)
        #expect(try await ids(json, .hybrid).joined() == expected)
    }

    @Test(arguments: [
        "x' OR '1'='1", "'; DROP TABLE row; --", "\") OR 1=1 --", "?1", ":a", "%", "\\",
    ])
    func aValueIsNeverSQL(value: String) async throws {
        for comparison in ["eq", "contains", "starts_with", "gt"] {
            let filter: JSONValue = ["s": [comparison: .string(value)]]
            let found = try await ids(filter.serialized())
            #expect(found != ["a", "b", "c", "d"] || comparison == "gt")
        }
        let column = JSONValue.object([value: 1]).serialized()
        await #expect(throws: CollectionError.self) { _ = try await ids(column) }
    }

    @Test(arguments: [
        #"[]"#, #""a""#, #"{"n": [1]}"#, #"{"n": {}}"#, #"{"n": {"like": 1}}"#, #"{"and": {}}"#,
        #"{"and": [1]}"#, #"{"not": []}"#, #"{"n": {"gt": null}}"#, #"{"n": {"gt": {"a": 1}}}"#,
        #"{"n": {"contains": 5}}"#, #"{"n": {"in": 5}}"#, #"{"n": {"in": [[1]]}}"#,
    ])
    func aFilterThatIsNoneIsRefusedWithItsPlace(json: String) throws {
        let value = try JSONValue(parsing: json)
        #expect {
            _ = try Filter(value)
        } throws: { error in
            "\(error)".hasPrefix("the filter is wrong at filter")
        }
    }

    @Test func aFilterOfEndlessDepthIsRefused() throws {
        let deep =
            String(repeating: #"{"not":"#, count: 60) + "{}" + String(repeating: "}", count: 60)
        let value = try JSONValue(parsing: deep)
        #expect(throws: CollectionError.self) { _ = try Filter(value) }
    }

    @Test func anUnknownColumnIsToldTheKnownOnes() async throws {
        await #expect(
            throws: CollectionError.unknownColumn(
                "nam", parameter: "filter",
                known: ["id", "t", "n", "s", "b", "flag", "name", "list"])
        ) { _ = try await ids(#"{"nam": 1}"#) }
    }
}
