import Engine
import Foundation
import Host
import JSON
import SearchCollections
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct CollectionRouteTests {
    private static let csv = "id,title,year\n1,zebra,1990\n2,\"quick, fox\",2001\n3,hazel,2001\n"

    /// A collection of its own in the shared host, gone when the test is over.
    private func with(
        _ body: String = csv, type: String = "text/csv", query: String = "?wait=true",
        _ test: (HostClient, String) async throws -> Void
    ) async throws {
        let client = try await TestHost.shared().client
        let path = "/v1/collections/test-\(UUID().uuidString)"
        let put = try await client.send(
            "PUT", path + query, body, headers: [("content-type", type)])
        #expect(put.status == 201, "\(put.text)")
        try await test(client, path)
        #expect(try await client.send("DELETE", path).json["deleted"] == true)
        #expect(try await client.send("GET", path).status == 404)
    }

    @Test func aTableIsPutSearchedAndDeleted() async throws {
        try await with { client, path in
            let collection = try await client.send("GET", path).json
            #expect(collection["object"] == "collection" && collection["state"] == "ready")
            #expect(collection["count"] == 3 && collection["embedded"] == 3)
            #expect(collection["columns"] == ["id", "title", "year"])
            #expect(collection["text"] == ["title"] && collection["id_column"] == "id")
            let found = try await client.post(path + "/query", ["query": "zebras", "top_k": 2])
            #expect(found.json["object"] == "list" && found.json["mode"] == "vector")
            #expect(found.json["total_rows"] == 3 && found.json["model"] == "letters")
            #expect(found.json["data"]?.array?.count == 2)
            let first = found.json["data"]?[0]
            #expect(first?["rank"] == 1 && first?["id"] == "1")
            #expect(first?["row"] == ["id": "1", "title": "zebra", "year": "1990"])
            #expect(first?["score"]?.number ?? 0 > 0.9)
            #expect(found.json["took_ms"]?.number ?? -1 >= 0)
        }
    }

    /// Rows that share nothing with a question but words like "how" are not what it asks for.
    @Test func anAnswerReadsTheRowsNearestInMeaning() async throws {
        let host = try await TestHost()
        let rows = "words\nzzzz zz\n" + (0..<8).map { "how \($0)a\n" }.joined()
        let put = try await host.client.send(
            "PUT", "/v1/collections/rows?text=words&header=true&wait=true", rows,
            headers: [("content-type", "text/csv")])
        #expect(put.json["state"] == "ready", "\(put.text)")
        let answer = try await host.client.post(
            "/v1/answer",
            [
                "question": "how zzz zzz zzz", "collection": "rows", "top_k": 1, "max_tokens": 2,
            ])
        let sources = answer.json["sources"]?.array ?? []
        #expect(sources.map { $0["text"] } == ["zzzz zz"], "\(answer.text)")
        try await host.stop()
    }

    @Test func modesFiltersAndScoresAreObeyed() async throws {
        try await with { client, path in
            for mode in ["vector", "text", "hybrid"] {
                let found = try await client.post(
                    path + "/query",
                    ["query": "fox", "mode": .string(mode), "filter": ["year": ["gt": 1995]]])
                #expect(found.json["data"]?[0]?["id"] == "2", "\(found.text)")
                #expect(found.json["mode"]?.string == mode)
            }
            let none = try await client.post(path + "/query", ["query": "zzz", "min_score": 0.99])
            #expect(none.json["data"] == [])
            let second = try await client.post(path + "/query", ["query": "zebra", "offset": 1])
            #expect(second.json["data"]?[0]?["rank"] == 2)
        }
    }

    @Test func anAnswerIsLookedForInTheRowsThatAFilterLetsThrough() async throws {
        let csv = "id,title,year\n1,The capital of France is Paris,1990\n2,Foxes of France,2001\n"
        try await with(csv) { client, path in
            let question: JSONValue = [
                "question": "What is the capital of France?", "model": "words",
                "collection": .string(String(path.split(separator: "/")[2])),
            ]
            var body = try #require(question.object)
            let found = try await client.post("/v1/answer", .object(body))
            #expect(found.json["answer"] == "Paris", "\(found.text)")
            #expect(found.json["sources"]?[0]?["row"]?["year"] == "1990")
            for mode in ["vector", "text", "hybrid"] {
                body["search_mode"] = .string(mode)
                body["filter"] = ["year": ["gt": 1995]]
                let filtered = try await client.post("/v1/answer", .object(body))
                #expect(
                    filtered.status == 200 && filtered.json["answer"] != "Paris", "\(filtered.text)"
                )
                let ids = filtered.json["sources"]?.array?.compactMap { $0["id"]?.string } ?? []
                #expect(!ids.contains("1"))
            }
            body["min_score"] = 1000
            #expect(try await client.post("/v1/answer", .object(body)).json["sources"] == [])
        }
    }

    @Test(arguments: [
        (#""collection": "x", "filter": 7"#, "filter"),
        (#""collection": "x", "search_mode": "extract""#, "search_mode"),
        (#""collection": "x", "min_score": "high""#, "min_score"),
        (#""passages": ["a"], "filter": {"a": 1}"#, "filter"),
        (#""passages": ["a"], "search_mode": "text""#, "search_mode"),
    ])
    func whatDoesNotNarrowTheSearchOfAnAnswerIsNamed(member: String, param: String) async throws {
        let answer = try await TestHost.shared().client.send(
            "POST", "/v1/answer", #"{"question": "Why?", \#(member)}"#)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test func rowsAreAddedListedChangedAndExported() async throws {
        try await with { client, path in
            let added = try await client.send(
                "POST", path + "/documents?wait=true", #"{"id": "a/b ü", "title": "lynx"}"#,
                headers: [("content-type", "application/x-ndjson")])
            #expect(added.status == 200 && added.json["count"] == 4)
            let document = path + "/documents/a%2Fb%20%C3%BC"
            #expect(try await client.send("GET", document).json["row"]?["title"] == "lynx")
            let patched = try await client.send("PATCH", document, #"{"year": 1}"#)
            #expect(patched.json["row"]?["year"] == 1 && patched.json["row"]?["title"] == "lynx")
            let put = try await client.send("PUT", path + "/documents/9", #"{"title": "okapi"}"#)
            #expect(put.status == 201 && put.json["row"]?["id"] == "9")
            #expect(try await client.send("DELETE", document).json["deleted"] == true)
            #expect(try await client.send("GET", document).status == 404)
            let page = try await client.send("GET", path + "/documents?limit=2&after=1").json
            #expect(page["has_more"] == true && page["last_id"] == "3")
            #expect(page["data"]?[0]?["id"] == "2")
            let csv = try await client.send("GET", path + "/export?format=csv")
            #expect(
                csv.text.hasPrefix("id,title,year\r\n1,zebra,1990\r\n2,\"quick, fox\",2001\r\n"))
            #expect(csv.headers["content-disposition"]?.contains(".csv") == true)
            let lines = try await client.send("GET", path + "/export?format=jsonl")
            #expect(lines.text.split(separator: "\n").count == 4)
        }
    }

    @Test func aStreamTellsEveryStageAndEndsWithTheCollection() async throws {
        let client = try await TestHost.shared().client
        let path = "/v1/collections/streamed-\(UUID().uuidString)"
        let rows = (0..<500).map { "row \($0)" }.joined(separator: "\n")
        let put = try await client.send(
            "PUT", path, rows,
            headers: [("content-type", "text/plain"), ("accept", "text/event-stream")])
        try check(put, count: 500)
        try check(try await client.send("GET", path + "/events"), count: 500)
        _ = try await client.send("DELETE", path)
    }

    private func check(_ answer: Answer, count: Int) throws {
        #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        let data = answer.text.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }
            .map { String($0.dropFirst(6)) }
        let events = try data.map { try JSONValue(parsing: $0) }
        #expect(events.last?["object"] == "collection" && events.last?["state"] == "ready")
        #expect(events.last?["count"]?.integer == count)
        let steps = events.dropLast()
        #expect(steps.allSatisfy { $0["object"] == "collection.progress" })
        #expect(steps.last?["stage"] == "ready" && steps.last?["embedded"]?.integer == count)
    }

    @Test func malformedRowsAreReportedWithTheirLines() async throws {
        try await with("id,title\n1,a\n2,b,c\n3,\"x\"y\n4,d\n") { client, path in
            let collection = try await client.send("GET", path).json
            #expect(collection["count"] == 2 && collection["rows_refused_total"] == 2)
            #expect(collection["rows_refused"]?[0]?["line"] == 3)
            #expect(collection["rows_refused"]?[1]?["line"] == 4)
        }
    }

    @Test func aTypeThatIsNotSaidIsFoundOut() async throws {
        let json = #"[{"title": "zebra"}, {"title": "fox"}]"#
        for type in ["application/json", "application/octet-stream"] {
            try await with(json, type: type) { client, path in
                let collection = try await client.send("GET", path).json
                #expect(collection["count"] == 2)
            }
        }
        try await with("first name+,b\nx,y\n", query: "?wait=1&text=first+name%2B") {
            client, path in
            let collection = try await client.send("GET", path).json
            #expect(collection["text"] == ["first name+"])
        }
    }

    @Test func whatIsNoTableIsNamedAndLeavesTheCollection() async throws {
        try await with { client, path in
            let pdf = Array("%PDF-1.7\n1,2\n".utf8)
            for type in ["text/csv", "text/plain", "application/octet-stream"] {
                let refused = try await client.send(
                    "PUT", path, bytes: pdf, headers: [("content-type", type)])
                #expect(refused.status == 415 && refused.error["code"] == "unsupported_media_type")
                #expect(
                    refused.error["message"]
                        == "this is a PDF; expected CSV, JSON Lines, JSON or text")
            }
            #expect(try await client.send("GET", path).json["count"] == 3)
        }
    }

    @Test func aCompressedTableIsRead() async throws {
        let client = try await TestHost.shared().client
        for headers in [
            [("content-encoding", "gzip"), ("content-type", "text/csv")],
            [("content-type", "application/gzip")], [("content-type", "text/csv")],
        ] {
            let path = "/v1/collections/zipped-\(UUID().uuidString)"
            let put = try await client.send(
                "PUT", path, bytes: CompressedBodyTests.table, headers: headers)
            #expect(put.status == 201 && put.json["count"] == 2, "\(put.text)")
            #expect(put.json["columns"] == ["id", "title"])
            _ = try await client.send("DELETE", path)
        }
    }

    @Test func aNameMayBePercentCodedButIsNeverAPath() async throws {
        let client = try await TestHost.shared().client
        let put = try await client.send(
            "PUT", "/v1/collections/B%C3%BCcher?wait=true", Self.csv,
            headers: [("content-type", "text/csv")])
        #expect(put.status == 201 && put.json["name"] == "Bücher")
        #expect(try await client.send("DELETE", "/v1/collections/B%C3%BCcher").status == 200)
        for name in ["..%2F..%2Fetc", "%2e%2e", "a%00b", "a%2Fb", "%20", "a%0Ab"] {
            let refused = try await client.send(
                "PUT", "/v1/collections/\(name)", Self.csv, headers: [("content-type", "text/csv")])
            #expect(refused.status == 400 && refused.error["param"] == "name", "\(refused.text)")
        }
    }

    @Test(arguments: [
        ("", "text/csv", "", 400), ("id,title\n", "text/csv", "", 400),
        ("a,b\n1,2\n", "text/csv", "?text=c", 400), ("a,b\n1,2\n", "text/csv", "?id=c", 400),
        ("a,b\n1,2\n", "image/png", "", 415), ("a,b\n1,2\n", "text/csv", "?txt=a", 400),
        ("a,b\n1,2\n", "text/csv", "?wait=maybe", 400), ("7", "application/json", "", 400),
        ("[1, 2]", "application/json", "", 400), ("{", "application/jsonl", "", 400),
    ])
    func aDocumentThatIsNoneIsRefused(body: String, type: String, query: String, status: Int)
        async throws
    {
        let client = try await TestHost.shared().client
        let path = "/v1/collections/refused-\(UUID().uuidString)"
        let put = try await client.send(
            "PUT", path + query, body, headers: [("content-type", type)])
        #expect(put.status == status && put.error["message"]?.string?.isEmpty == false)
        #expect(try await client.send("GET", path).status == 404)
    }

    @Test(arguments: [
        (#"{}"#, "query"), (#"{"query": 5}"#, "query"),
        (#"{"query": "a", "mode": "best"}"#, "mode"),
        (#"{"query": "a", "top_k": 0}"#, "top_k"), (#"{"query": "a", "offset": -1}"#, "offset"),
        (#"{"query": "a", "filter": {"nope": 1}}"#, "filter"),
        (#"{"query": "a", "filter": {"title": {"like": 1}}}"#, "filter"),
        (#"{"query": "a", "min_score": "x"}"#, "min_score"),
    ])
    func aWrongQueryIsNamedByItsParameter(body: String, param: String) async throws {
        try await with { client, path in
            let answer = try await client.send("POST", path + "/query", body)
            #expect(
                answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let client = try await TestHost.shared().client
        let path = "/v1/collections/nobody"
        for (method, rest) in [
            ("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/documents"),
            ("GET", "/documents/1"), ("GET", "/export"), ("DELETE", "/documents/1"),
        ] {
            let answer = try await client.send(method, path + rest)
            #expect(
                answer.status == 404 && answer.error["code"] == "not_found", "\(method) \(rest)")
        }
        let query = try await client.post(path + "/query", ["query": "x"])
        #expect(query.status == 404)
        #expect(try await client.send("POST", path).status == 405)
    }

    @Test func aDocumentBeyondTheLimitIsRefused() async throws {
        var options = CollectionOptions()
        options.largestImport = 2000
        let host = try await TestHost(collections: options)
        let long = "id,title\n" + (0..<1000).map { "\($0),x\n" }.joined()
        let put = try await host.client.send(
            "PUT", "/v1/collections/long", long, headers: [("content-type", "text/csv")])
        #expect(put.status == 413)
        try await host.stop()
    }
}
