import Foundation
import JSON
import SearchCollections
import Testing

@Suite(.timeLimit(.minutes(5))) struct CollectionStoreTests {
    @Test func whatIsPutIsEmbeddedAndFound() async throws {
        let test = TestStore()
        let put = try await test.put(topics)
        #expect(put.count == 5 && put.columns == ["id", "title", "description"])
        #expect(put.text == ["title", "description"] && put.idColumn == "id")
        let ready = try await test.wait()
        #expect(ready.embedded == 5 && ready.model == "hash" && ready.error == nil)
        let answer = try await test.store.query("topics", CollectionQuery("bread with yeast"))
        #expect(answer.hits[0].document.id == "3" && answer.hits[0].rank == 1)
        #expect(answer.hits[0].document.row["title"] == "Sourdough")
        #expect(answer.totalRows == 5 && answer.hits.count == 5)
        #expect(answer.hits.map(\.score) == answer.hits.map(\.score).sorted(by: >))
        await test.remove()
    }

    @Test func scoresAreTheCosinesOfTheVectors() async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        let query = "the rise of bread and cheese"
        let asked = HashEmbedder.vector(query, seed: "one", dimensions: 64)
        for hit in try await test.store.query("topics", CollectionQuery(query)).hits {
            let text = ["title", "description"].compactMap { hit.document.row[$0]?.string }
            let vector = HashEmbedder.vector(
                text.joined(separator: "\n"), seed: "one", dimensions: 64)
            let cosine = zip(asked, vector).reduce(0) { $0 + $1.0 * $1.1 }
            // Half precision keeps 11 bits of each component.
            #expect(abs(Double(cosine) - hit.score) < 1e-3)
        }
        await test.remove()
    }

    @Test func wordsAreFoundByBM25AndBothByFusion() async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        #expect(try await test.ids(CollectionQuery("chee", mode: .text)) == ["5"])
        #expect(try await test.ids(CollectionQuery("VOLCÁNOES ", mode: .text)) == ["1"])
        let fused = try await test.store.query("topics", CollectionQuery("bee", mode: .hybrid))
        #expect(fused.hits[0].document.id == "2")
        #expect(abs(fused.hits[0].score - 2.0 / 61) < 1e-9)
        await test.remove()
    }

    /// A word that more rows have than are ranked neither costs much nor hides a rare one.
    @Test func wordsThatVeryManyRowsHaveComeBehindRareOnes() async throws {
        let test = TestStore()
        test.embedder.down(true)
        let lines = (0..<6000).map { "row \($0)" } + ["a row of kites", "kites alone"]
        try await test.put(lines.joined(separator: "\n"), .text)
        let rare = CollectionQuery("the row kites", mode: .text)
        #expect(Set(try await test.ids(rare)) == ["6001", "6002"])
        #expect(try await test.ids(CollectionQuery("row kites", mode: .text))[0] == "6001")
        #expect(try await test.ids(CollectionQuery("row", mode: .text, count: 7)).count == 7)
        let deep = CollectionQuery("row", mode: .text, count: 1000, offset: 5500)
        #expect(try await test.ids(deep).count == 501)
        await test.remove()
    }

    @Test(arguments: [
        "\"", "a\"b", "AND", "NOT", "NEAR(", "*", "title:", "(", "{a b}", "^x", "a - b", "\0",
        "'; DROP TABLE row; --", "😀", "", "x OR", "\u{301}",
    ])
    func whateverIsTypedIsNoSyntaxError(typed: String) async throws {
        let test = TestStore()
        try await test.put(topics)
        let answer = try await test.store.query("topics", CollectionQuery(typed, mode: .text))
        #expect(answer.mode == .text && answer.totalRows > 0)
        await test.remove()
    }

    @Test func offsetAndCountCutTheSameRanking() async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        for mode in CollectionQuery.Mode.allCases {
            let all = try await test.ids(CollectionQuery("and the honey of bread", mode: mode))
            let part = try await test.store.query(
                "topics", CollectionQuery("and the honey of bread", mode: mode, count: 2, offset: 1)
            )
            #expect(part.hits.map(\.document.id) == Array(all.dropFirst().prefix(2)))
            #expect(part.hits.first?.rank == 2)
        }
        let near = CollectionQuery("volcanoes", minimumScore: 0.2)
        #expect(try await test.ids(near) == ["1"])
        await test.remove()
    }

    // MARK: Rows

    @Test func rowsAreAddedReplacedChangedAndDeleted() async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        let added = try await test.add(#"{"id": "6", "title": "Kites", "height": 80.5}"#)
        #expect(added.count == 6 && added.columns.last == "height")
        try await test.add(#"{"id": "5", "title": "Glaciers", "description": "ice"}"#)
        try await test.wait { $0.count == 6 && $0.embedded == 6 && $0.state == .ready }
        #expect(try await test.ids(CollectionQuery("glaciers ice", count: 1)) == ["5"])
        #expect(try await test.ids(CollectionQuery("cheese", mode: .text)).isEmpty)

        let patched = try await test.store.patch("topics", id: "6", ["height": 90])
        #expect(patched.row["height"] == 90 && patched.row["title"] == "Kites")
        let put = try await test.store.put("topics", id: "7", ["title": "Looms"])
        #expect(put.isNew && put.document.row["id"] == "7")
        try await test.store.deleteDocument("topics", id: "1")
        await #expect(throws: CollectionError.unknownDocument(id: "1", collection: "topics")) {
            try await test.store.document("topics", id: "1")
        }
        try await test.wait { $0.count == 6 && $0.embedded == 6 && $0.state == .ready }
        #expect(!(try await test.ids(CollectionQuery("volcanoes magma")).contains("1")))
        #expect(try await test.ids(CollectionQuery("looms", count: 1)) == ["7"])
        await test.remove()
    }

    @Test func aChangeThatLeavesTheTextKeepsTheVector() async throws {
        let test = TestStore()
        try await test.put("id,title,price\na,kite,1\nb,loom,2\n") { $0.text = ["title"] }
        try await test.wait()
        let before = test.embedder.texts
        _ = try await test.store.patch("topics", id: "a", ["price": "9"])
        try await test.add(#"{"id": "c", "title": "lamp"}"#)
        try await test.wait { $0.embedded == 3 }
        #expect(test.embedder.texts == before + 1)
        _ = try await test.store.patch("topics", id: "a", ["title": "dragon"])
        try await test.wait { $0.state == .ready }
        #expect(test.embedder.texts == before + 2)
        #expect(try await test.ids(CollectionQuery("dragon", count: 1)) == ["a"])
        await test.remove()
    }

    @Test func everyKindOfValueComesBackAsItWas() async throws {
        let test = TestStore()
        let row = #"{"text":"a\u0000b","n":1,"x":1.5,"t":true,"f":false,"a":[1,{"b":null}],"e":""}"#
        try await test.put(row, .jsonLines) { $0.text = ["text"] }
        let document = try await test.store.document("topics", id: "1")
        #expect(try JSONValue.object(document.row) == JSONValue(parsing: row))
        var exported: [UInt8] = []
        for try await piece in try await test.store.export("topics", .jsonLines) {
            exported += piece
        }
        #expect(String(decoding: exported, as: UTF8.self) == row + "\n")
        await test.remove()
    }

    @Test func whatIsExportedAsCSVIsReadAgain() async throws {
        let test = TestStore()
        try await test.put("a;b\n\"x;\"\"y\nz\";1\n, ;\"\"\n") { $0.text = ["a"] }
        var exported: [UInt8] = []
        for try await piece in try await test.store.export("topics", .csv) { exported += piece }
        try await test.put(exported, as: "again") { $0.text = ["a"] }
        let first = try await test.store.documents("topics", after: nil, limit: 10)
        let second = try await test.store.documents("again", after: nil, limit: 10)
        #expect(first.documents == second.documents && first.documents.count == 2)
        #expect(first.documents[0].row["a"] == "x;\"y\nz")
        await test.remove()
    }

    @Test func pagesFollowOneAnother() async throws {
        let test = TestStore()
        try await test.put((1...25).map { "line \($0)" }.joined(separator: "\n"), .text)
        var ids: [String] = []
        var page = try await test.store.documents("topics", after: nil, limit: 10)
        ids += page.documents.map(\.id)
        while page.hasMore {
            page = try await test.store.documents("topics", after: ids.last, limit: 10)
            ids += page.documents.map(\.id)
        }
        #expect(ids == (1...25).map(String.init))
        await test.remove()
    }

    // MARK: Mistakes

    @Test func aBadRowIsReportedAndTheRestGoesIn() async throws {
        let test = TestStore()
        let put = try await test.put("id,t\n1,a\n2,b,c\n1,again\n3,b\n")
        #expect(put.count == 2 && put.refusedCount == 2)
        #expect(put.refused.map(\.line) == [3, 4])
        #expect(put.refused[1].message == "id '1' is taken already")
        await test.remove()
    }

    @Test func aDocumentWithoutRowsLeavesTheOldCollection() async throws {
        let test = TestStore()
        try await test.put(topics)
        await #expect(throws: CollectionError.noRows(refused: [])) {
            try await test.put("id,title\n")
        }
        await #expect(throws: CollectionError.self) {
            try await test.put("id,title\n1,a\n") { $0.text = ["none"] }
        }
        #expect(try await test.store.describe("topics").count == 5)
        // What was begun is removed a moment later.
        let own = ["lock", "reserve"]
        while try FileManager.default.contentsOfDirectory(atPath: test.folder)
            .filter({ !$0.hasPrefix("catalog") && !own.contains($0) }).count > 1
        {
            try await Task.sleep(for: .milliseconds(2))
        }
        await test.remove()
    }

    @Test(arguments: [
        "", "../x", "a/b", ".hidden", "a b", "x\0y", String(repeating: "n", count: 129),
    ])
    func aNameThatIsNoneIsRefused(name: String) async throws {
        let test = TestStore()
        await #expect(throws: CollectionError.invalidName(name)) {
            try await test.put(topics, as: name)
        }
        await test.remove()
    }

    @Test(arguments: ["Bücher", "a.b:c_d-e", "日本", "7"])
    func aNameOfLettersInAnyScriptIsTaken(name: String) async throws {
        let test = TestStore()
        try await test.put(topics, as: name)
        #expect(try await test.store.list().map(\.name) == [name])
        try await test.store.delete(name)
        await #expect(throws: CollectionError.unknownCollection(name, known: [])) {
            try await test.store.describe(name)
        }
        await test.remove()
    }
}
