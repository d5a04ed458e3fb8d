import Foundation
import GRDB
import SearchCollections
import Testing

/// What becomes of collections when things go wrong, and over time.
@Suite(.timeLimit(.minutes(5))) struct LifeTests {
    private func lines(_ count: Int) -> String {
        (0..<count).map { "row number \($0) of many" }.joined(separator: "\n")
    }

    @Test func anImportGoesOnWhereItWasInterrupted() async throws {
        let first = TestStore(HashEmbedder(gate: 12))
        try await first.put(lines(40), .text)
        try await first.wait { $0.embedded == 12 }
        // As after a crash: a copy of the files of a process that never closed them.
        let copy = first.folder + "-copy"
        try FileManager.default.copyItem(atPath: first.folder, toPath: copy)
        let second = TestStore(folder: copy)
        let ready = try await second.wait()
        #expect(ready.count == 40 && ready.embedded == 40)
        #expect(second.embedder.texts == 28)
        let found = try await second.ids(CollectionQuery("row number 33 of many", count: 1))
        #expect(found == ["34"])
        first.embedder.open()
        await second.remove()
        await first.remove()
    }

    @Test func whatWasClosedInOrderIsReadyAtOnce() async throws {
        let first = TestStore()
        try await first.put(topics)
        try await first.wait()
        let asked = CollectionQuery("honey from bees on the roof")
        let before = try await first.ids(asked)
        await first.store.close()
        let second = TestStore(folder: first.folder)
        #expect(try await second.store.describe("topics").state == .ready)
        #expect(try await second.ids(asked) == before)
        #expect(second.embedder.texts == 0)
        await second.remove()
    }

    @Test func filesThatAreDamagedAreMadeAnew() async throws {
        let first = TestStore()
        try await first.put(topics)
        try await first.wait()
        let asked = CollectionQuery("honey from bees on the roof")
        let before = try await first.ids(asked)
        await first.store.close()
        for damage in 0..<3 {
            for file in try Self.files(first.folder, ".codes") {
                let bytes = try Data(contentsOf: URL(filePath: file))
                let damaged = [bytes.prefix(100), Data(count: bytes.count), Data()][damage]
                try damaged.write(to: URL(filePath: file))
            }
            let second = TestStore(folder: first.folder)
            #expect(try await second.ids(asked) == before)
            #expect(second.embedder.texts == 0)
            await second.store.close()
        }
        await first.remove()
    }

    @Test func foldersThatNoCollectionOwnsAreRemoved() async throws {
        let first = TestStore()
        try await first.put(topics)
        try await first.wait()
        let half = try await first.store.beginImport("half", ImportOptions(.text))
        try await half.feed(Array(lines(5000).utf8))
        #expect(Self.snapshots(first.folder) == 2)
        let copy = first.folder + "-copy"
        try FileManager.default.copyItem(atPath: first.folder, toPath: copy)
        let second = TestStore(folder: copy)
        #expect(try await second.store.list().map(\.name) == ["topics"])
        #expect(Self.snapshots(copy) == 1)
        await half.abandon()
        await second.remove()
        await first.remove()
    }

    /// Else the second would remove what the first is about to fill.
    @Test func aFolderIsOneHostsAtATime() async throws {
        let first = TestStore()
        let half = try await first.store.beginImport("half", ImportOptions(.text))
        try await half.feed(Array(lines(50).utf8))
        let second = TestStore(folder: first.folder)
        await #expect(throws: CollectionError.folderInUse(first.folder)) {
            try await second.store.list()
        }
        #expect(try await half.finish().count == 50)
        await first.store.close()
        #expect(try await second.store.list().map(\.name) == ["half"])
        await second.remove()
    }

    @Test func whatIsNoCollectionsIsLeftAlone() async throws {
        let test = TestStore()
        try FileManager.default.createDirectory(
            atPath: test.folder + "/notes", withIntermediateDirectories: true)
        _ = try await test.store.list()
        #expect(FileManager.default.fileExists(atPath: test.folder + "/notes"))
        await test.remove()
    }

    @Test func anOldCollectionAnswersUntilTheNewOneIsReady() async throws {
        let test = TestStore(HashEmbedder(gate: 5))
        try await test.put(topics)
        try await test.wait()
        let put = try await test.put("id,title\n9,Looms\n8,Kites\n")
        #expect(put.isReplacing && put.count == 2 && put.state == .embedding)
        #expect(try await test.ids(CollectionQuery("volcanoes", count: 1)) == ["1"])
        // Rows are those of the new one already.
        #expect(try await test.store.documents("topics", after: nil, limit: 5).documents.count == 2)
        test.embedder.open()
        try await test.wait()
        #expect(try await test.ids(CollectionQuery("looms")) == ["9", "8"])
        // The old one goes with its last user, which may be a moment later; and for good.
        while Self.snapshots(test.folder) > 1 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(Self.snapshots(test.folder) == 1)
        await test.remove()
    }

    @Test func aReplacementSurvivesARestart() async throws {
        let first = TestStore(HashEmbedder(gate: 5))
        try await first.put(topics)
        try await first.wait()
        try await first.put("id,title\n9,Looms\n")
        // Its worker waits at the gate: nothing writes while the files are copied.
        while first.embedder.texts < 6 { try await Task.sleep(for: .milliseconds(2)) }
        let copy = first.folder + "-copy"
        try FileManager.default.copyItem(atPath: first.folder, toPath: copy)
        let second = TestStore(folder: copy)
        try await second.wait()
        #expect(try await second.ids(CollectionQuery("looms")) == ["9"])
        first.embedder.open()
        await second.remove()
        await first.remove()
    }

    @Test func withoutAModelWordsAreSearchedAndTheStateSaysWhy() async throws {
        let test = TestStore()
        test.embedder.down(true)
        try await test.put(topics)
        let failed = try await test.wait { $0.state == .failed }
        #expect(failed.error == "the model is down")
        #expect(try await test.ids(CollectionQuery("cheese", mode: .text)) == ["5"])
        await #expect(throws: HashEmbedder.Down.self) {
            try await test.store.query("topics", CollectionQuery("cheese"))
        }
        test.embedder.down(false)
        let ready = try await test.wait()
        #expect(ready.embedded == 5 && ready.error == nil)
        await test.remove()
    }

    @Test func otherWeightsMakeItStaleUntilItIsEmbeddedAnew() async throws {
        let test = TestStore(HashEmbedder(gate: 5))
        try await test.put(topics)
        try await test.wait()
        test.embedder.reload(hash: "three")
        await #expect(throws: CollectionError.self) {
            try await test.store.query("topics", CollectionQuery("volcanoes"))
        }
        // Once a batch has the new weights and waits at the gate, it keeps them.
        try await test.wait { $0.state == .stale && test.embedder.texts > 5 }
        #expect(try await test.ids(CollectionQuery("cheese", mode: .text)) == ["5"])
        // The old weights come back: the old vectors fit again.
        test.embedder.reload(hash: "one")
        #expect(try await test.ids(CollectionQuery("volcanoes", count: 1)) == ["1"])
        test.embedder.reload(hash: "three")
        await #expect(throws: CollectionError.self) {
            try await test.store.query("topics", CollectionQuery("volcanoes"))
        }
        try await test.wait { $0.state == .stale }
        await test.store.modelsChanged(["hash"])
        test.embedder.open()
        try await test.wait { $0.state == .ready && $0.embedded == 5 }
        let answer = try await test.store.query("topics", CollectionQuery("volcanoes", count: 1))
        #expect(answer.hits.first?.document.id == "1")
        await test.remove()
    }

    /// Weights that come and go between two looks at the model leave no vector of theirs.
    @Test func vectorsAreFiledUnderTheWeightsThatMadeThem() async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        test.embedder.reloadPassing(hash: "two")
        try await test.add(#"{"id": "6", "title": "kites"}"#)
        try await test.wait { $0.embedded == 6 && $0.state == .ready }
        let answer = try await test.store.query("topics", CollectionQuery("kites", count: 1))
        #expect(answer.hits[0].document.id == "6" && answer.hits[0].score > 0.99)
        // Once by the weights that went, once by those that stay.
        #expect(test.embedder.texts == 7)
        await test.remove()
    }

    @Test func vectorsOfTextsOfAnOldFormServeUntilThereAreNewOnes() async throws {
        let first = TestStore()
        try await first.put(topics)
        try await first.wait()
        await first.store.close()
        let database = try DatabaseQueue(path: Self.rows(first.folder))
        try await database.write { try $0.execute(sql: "UPDATE space SET form = 1") }
        let second = TestStore(HashEmbedder(gate: 4), folder: first.folder)
        #expect(try await second.store.describe("topics").count == 5)
        while second.embedder.texts < 5 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await second.ids(CollectionQuery("volcanoes", count: 1)) == ["1"])
        second.embedder.open()
        // No query falls between the old ones and the new ones.
        while try await Self.forms(database).contains(1) {
            #expect(try await second.ids(CollectionQuery("volcanoes", count: 1)) == ["1"])
        }
        #expect(try await Self.forms(database) == [2])
        #expect(try await second.ids(CollectionQuery("volcanoes", count: 1)) == ["1"])
        #expect(second.embedder.texts == 5)
        await second.remove()
    }

    @Test func aTextThatIsNeverEmbeddedStopsNothing() async throws {
        let test = TestStore()
        try await test.put("one\ntwo unembeddable\nthree\nfour\nfive", .text)
        let ready = try await test.wait()
        #expect(ready.count == 5 && ready.embedded == 4 && ready.refusedCount == 1)
        #expect(ready.refused[0].message == "row 2 is not embedded: it says so itself")
        #expect(try await test.ids(CollectionQuery("unembeddable", mode: .text)) == ["2"])
        await test.remove()
    }

    @Test func queriesAreAnsweredWhileRowsComeAndGo() async throws {
        let test = TestStore()
        try await test.put(lines(200), .text)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for round in 0..<10 {
                    try await test.add(
                        (0..<20).map { "added \(round) \($0)" }.joined(separator: "\n"), .text)
                    try await test.store.deleteDocument("topics", id: String(round + 1))
                }
            }
            for mode in CollectionQuery.Mode.allCases {
                group.addTask {
                    for _ in 0..<50 {
                        let answer = try await test.store.query(
                            "topics", CollectionQuery("row number 150 of many", mode: mode))
                        #expect(Set(answer.hits.map(\.document.id)).count == answer.hits.count)
                    }
                }
            }
            try await group.waitForAll()
        }
        let ready = try await test.wait()
        #expect(ready.count == 390 && ready.embedded == 390)
        #expect(try await test.ids(CollectionQuery("row number 150 of many", count: 1)) == ["151"])
        await test.remove()
    }

    @Test func progressEndsWithReady() async throws {
        let test = TestStore(HashEmbedder(gate: 0))
        try await test.put(lines(30), .text)
        var steps: [CollectionProgress] = []
        for await step in try await test.store.progress("topics") {
            if steps.isEmpty { test.embedder.open() }
            steps.append(step)
            if step.stage == .ready { break }
        }
        #expect(steps.map(\.embedded) == steps.map(\.embedded).sorted())
        #expect(steps.last?.embedded == 30 && steps.last?.of == 30)
        await test.remove()
    }

    @Test func aDeletedCollectionLeavesNothingBehind() async throws {
        let test = TestStore(HashEmbedder(gate: 1))
        try await test.put(lines(20), .text)
        test.embedder.open()
        try await test.store.delete("topics")
        #expect(try await test.store.list().isEmpty)
        while Self.snapshots(test.folder) > 0 { try await Task.sleep(for: .milliseconds(2)) }
        await test.remove()
    }

    @Test func theDeadAreClearedAwayWhenTheyAreMany() async throws {
        var options = CollectionOptions.quick
        options.batch = 500
        let test = TestStore(options: options)
        try await test.put(lines(3000), .text)
        try await test.wait()
        for id in 1...1200 { try await test.store.deleteDocument("topics", id: String(id)) }
        let answer = try await test.ids(CollectionQuery("row number 2000 of many", count: 1))
        #expect(answer == ["2001"])
        await test.store.close()
        let second = TestStore(folder: test.folder)
        #expect(
            try await second.ids(CollectionQuery("row number 2000 of many", count: 1)) == answer)
        await second.remove()
    }

    /// The database of a store's only edition.
    private static func rows(_ folder: String) throws -> String {
        try #require(try files(folder, "/rows.sqlite").first)
    }

    private static func forms(_ database: DatabaseQueue) async throws -> [Int] {
        try await database.read { try Int.fetchAll($0, sql: "SELECT form FROM space") }
    }

    /// How many editions lie in a store's folder.
    private static func snapshots(_ folder: String) -> Int {
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: folder)) ?? [])
            .count { files.fileExists(atPath: "\(folder)/\($0)/rows.sqlite") }
    }

    private static func files(_ folder: String, _ suffix: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).map { folder + "/" + $0 }
            .filter { $0.hasSuffix(suffix) }
    }
}
