import Foundation
import JSON
import SearchCollections
import Testing

/// Rows that bring no id get one that no other row has or will have.
@Suite(.timeLimit(.minutes(5))) struct GeneratedIDTests {
    private func titles(_ test: TestStore) async throws -> [String: String] {
        let page = try await test.store.documents("topics", after: nil, limit: 100)
        let pairs = page.documents.map { ($0.id, $0.row["title"]?.string ?? "") }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test(arguments: [
        "id,title\n,first draft\n1,bread\n2,tea\n", "id,title\n1,bread\n,first draft\n2,tea\n",
        "id,title\n1,bread\n2,tea\n,first draft\n3,jam\n",
    ])
    func aRowWithoutAnIDTakesNoneOfTheOthers(table: String) async throws {
        let test = TestStore()
        let put = try await test.put(table)
        #expect(put.refusedCount == 0 && put.count == table.split(separator: "\n").count - 1)
        let titles = try await titles(test)
        #expect(titles["1"] == "bread" && titles["2"] == "tea")
        #expect(titles.values.contains("first draft"))
        await test.remove()
    }

    @Test func aRowThatComesLaterTakesNoGeneratedID() async throws {
        let test = TestStore()
        try await test.put("id,title\n1,bread\n2,tea\n")
        try await test.add(#"{"title": "a note"}"#)
        let later = (3...9).map { #"{"id": "\#($0)", "title": "jam"}"# }
        let added = try await test.add(later.joined(separator: "\n"))
        #expect(added.count == 10 && added.refusedCount == 0)
        #expect(try await titles(test).values.contains("a note"))
        await test.remove()
    }

    @Test func whereNoColumnHoldsIDsRowsAreNumbered() async throws {
        let test = TestStore()
        try await test.put("one\ntwo\n", .text)
        _ = try await test.store.put("topics", id: "4", ["text": "put under a number"])
        let added = try await test.add("three\nfour\n", .text)
        #expect(added.count == 5)
        let page = try await test.store.documents("topics", after: nil, limit: 100)
        #expect(Set(page.documents.map(\.id)).count == 5)
        #expect(page.documents.prefix(2).map(\.id) == ["1", "2"])
        await test.remove()
    }

    /// Hosts once gave such rows numbers, and their collections still have them.
    @Test func aNumberThatAnOlderHostGaveMakesWayForTheRowThatBringsIt() async throws {
        let test = try TestStore.kept()
        let note = try await test.store.document("kept", id: "10")
        #expect(note.row["id"] == .null && note.row["text"] == "a note without an id")
        let added = try await test.add(#"{"id": "10", "text": "the tenth"}"#, to: "kept")
        #expect(added.count == 11)
        #expect(try await test.store.document("kept", id: "10").row["text"] == "the tenth")
        let found = try await test.ids(CollectionQuery("note without", mode: .text), "kept")
        #expect(found.count == 1 && found != ["10"])
        // The row that brought the id is the one that is replaced from now on.
        let again = try await test.add(#"{"id": "10", "text": "the tenth again"}"#, to: "kept")
        #expect(again.count == 11)
        await test.remove()
    }
}
