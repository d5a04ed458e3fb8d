import Foundation
import GRDB
import JSON
import SearchCollections
import Testing

/// Words of scripts that write no spaces are found wherever they stand.
@Suite(.timeLimit(.minutes(5))) struct WordsWithoutSpacesTests {
    private static let rows = """
        id,text
        1,我喜欢喝绿茶
        2,東京の天気は良い
        3,ภาษาไทยง่ายมาก
        4,使用gzip压缩文件
        5,I like green tea
        6,학교에서 공부한다
        7,ខ្ញុំស្រឡាញ់ភាសាខ្មែរ
        8,ຂ້ອຍມັກພາສາລາວ
        9,မြန်မာစာဖတ်သည်
        """

    /// What is typed, and the row that is found.
    private static let queries = [
        ("绿茶", "1"), ("喝", "1"), ("茶", "1"), ("我", "1"), ("喝绿茶", "1"), ("天気", "2"),
        ("東京", "2"), ("の天気は", "2"), ("ไทย", "3"), ("ง่าย", "3"), ("ภาษา", "3"),
        ("gzip", "4"), ("压缩", "4"), ("gzip压缩", "4"), ("使用gzip", "4"), ("gzi", "4"),
        ("green tea", "5"), ("学校", ""), ("학교", "6"), ("공부", "6"), ("학교가", "6"),
        ("ភាសា", "7"), ("ខ្មែរ", "7"), ("ພາສາ", "8"), ("ລາວ", "8"), ("မြန်မာ", "9"), ("စာ", "9"),
        ("京東", ""), ("เลข", ""),
    ]

    @Test(arguments: queries)
    func aWordIsFoundInItsRow(query: String, id: String) async throws {
        let test = TestStore()
        test.embedder.down(true)
        try await test.put(Self.rows)
        let found = try await test.ids(CollectionQuery(query, mode: .text))
        #expect(found == (id.isEmpty ? [] : [id]))
        await test.remove()
    }

    @Test func aSentenceFindsTheRowsThatShareItsWordsTheBestFirst() async throws {
        let test = TestStore()
        try await test.put("id,text\n1,红茶和咖啡\n2,我喜欢喝绿茶\n3,今天天气很好\n")
        try await test.wait()
        let asked = CollectionQuery("哪里可以喝到好的绿茶", mode: .text)
        #expect(try await test.ids(asked) == ["2"])
        let fused = CollectionQuery("绿茶", mode: .hybrid, count: 1)
        #expect(try await test.ids(fused) == ["2"])
        await test.remove()
    }

    /// A space that has no width shows where a line may break, and is not typed.
    @Test func whatJoinsOrPartsCharactersIsNoPartOfThem() async throws {
        let test = TestStore()
        test.embedder.down(true)
        try await test.put("id,text\n1,ภาษา\u{200B}ไทย\n2,other\n")
        #expect(try await test.ids(CollectionQuery("ภาษาไทย", mode: .text)) == ["1"])
        #expect(try await test.ids(CollectionQuery("ไทย", mode: .text)) == ["1"])
        await test.remove()
    }

    @Test func aRowThatChangesIsFoundByItsNewWordsAlone() async throws {
        let test = TestStore()
        test.embedder.down(true)
        try await test.put(Self.rows)
        _ = try await test.store.patch("topics", id: "1", ["text": "我喜欢咖啡"])
        #expect(try await test.ids(CollectionQuery("绿茶", mode: .text)).isEmpty)
        #expect(try await test.ids(CollectionQuery("咖啡", mode: .text)) == ["1"])
        try await test.store.deleteDocument("topics", id: "1")
        #expect(try await test.ids(CollectionQuery("咖啡", mode: .text)).isEmpty)
        await test.remove()
    }

    // MARK: Collections of an older host

    @Test func anOlderCollectionIsIndexedAnewOnceAndKeepsItsRows() async throws {
        let first = try TestStore.kept()
        first.embedder.down(true)
        #expect(try await first.store.describe("kept").count == 10)
        try await Self.wait(for: "words", in: first.folder)
        for (query, id) in Self.queries where !id.isEmpty {
            #expect(try await first.ids(CollectionQuery(query, mode: .text), "kept") == [id])
        }
        #expect(try await first.store.describe("kept").count == 10)
        await first.store.close()
        let before = try Self.form(of: "words", in: first.folder)
        let second = TestStore(folder: first.folder)
        #expect(try await second.ids(CollectionQuery("绿茶", mode: .text), "kept") == ["1"])
        try await second.add(#"{"id": "n", "text": "新的绿茶"}"#, to: "kept")
        let found = try await second.ids(CollectionQuery("绿茶", mode: .text), "kept")
        #expect(Set(found) == ["1", "n"])
        #expect(try Self.form(of: "words", in: first.folder) == before)
        await second.remove()
    }

    /// The rule by which the words of each collection were found; nil for the first one.
    private static func form(of name: String, in folder: String) throws -> [Int?] {
        try FileManager.default.subpathsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix("rows.sqlite") }.sorted()
            .map { path in
                try DatabaseQueue(path: folder + "/" + path).read {
                    try Int.fetchOne($0, sql: "SELECT value FROM about WHERE name = 'words'")
                }
            }
    }

    private static func wait(for name: String, in folder: String) async throws {
        while try form(of: name, in: folder).contains(nil) {
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
