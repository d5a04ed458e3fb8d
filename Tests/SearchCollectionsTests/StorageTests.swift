import Foundation
import GRDB
import SearchCollections
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What becomes of collections when the disk fails them, and what they hold of the process.
@Suite(.timeLimit(.minutes(5))) struct StorageTests {
    /// The process may write no file beyond so many bytes; nil for any.
    private static func limitFiles(to size: Int?) {
        signal(SIGXFSZ, SIG_IGN)
        #if canImport(Glibc)
            let kind = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        #else
            let kind = RLIMIT_FSIZE
        #endif
        var limit = rlimit()
        getrlimit(kind, &limit)
        limit.rlim_cur = size.map { rlim_t($0) } ?? limit.rlim_max
        setrlimit(kind, &limit)
    }

    private static func lines(_ count: Int) -> String {
        (0..<count).map { "row number \($0) of many" }.joined(separator: "\n")
    }

    /// SQLite rolls back by itself then, and what was to follow must not follow another commit.
    @Test func aCommitThatFailsChangesNoCount() async throws {
        await #expect(processExitsWith: .success) {
            let test = TestStore()
            test.embedder.down(true)
            try await test.put(Self.lines(100), .text)
            Self.limitFiles(to: 400 << 10)
            var written = 100
            var failure: CollectionError?
            while failure == nil {
                do {
                    try await test.add(Self.lines(300), .text)
                    written += 300
                } catch let error as CollectionError {
                    failure = error
                }
            }
            let isTyped =
                switch failure {
                case .storage, .storageFull: true
                default: false
                }
            Self.limitFiles(to: nil)
            try await test.add("one more", .text)
            let described = try await test.store.describe("topics")
            var rows = 0
            var last: String?
            while true {
                let page = try await test.store.documents("topics", after: last, limit: 1000)
                rows += page.documents.count
                last = page.documents.last?.id
                if !page.hasMore { break }
            }
            await test.remove()
            guard isTyped, described.count == rows, rows == written + 1 else {
                print("count \(described.count), rows \(rows), written \(written + 1)")
                exit(1)
            }
        }
    }

    // MARK: Files that are open

    /// The files below a folder that this process has open.
    private static func openFiles(_ folder: String) throws -> [String] {
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
    }

    @Test func noMoreCollectionsAreOpenThanMayBe() async throws {
        var options = CollectionOptions.quick
        options.openAtMost = 3
        let test = TestStore(options: options)
        let names = (0..<10).map { "topics\($0)" }
        for name in names {
            try await test.put(topics, as: name)
            try await test.wait(name)
        }
        try await withThrowingTaskGroup { group in
            for round in 0..<200 {
                let name = names[round * 7 % names.count]
                let mode: CollectionQuery.Mode = round % 2 == 0 ? .text : .vector
                group.addTask {
                    let found = try await test.ids(
                        CollectionQuery("bread", mode: mode, count: 1), name)
                    #expect(found == ["3"])
                }
            }
            try await group.waitForAll()
        }
        for name in names { _ = try await test.store.document(name, id: "1") }
        #expect(test.store.openCount <= 3)
        await test.store.close()
        let second = TestStore(options: options, folder: test.folder)
        #expect(try await second.store.list().count == 10)
        for name in names { _ = try await second.store.document(name, id: "1") }
        #expect(second.store.openCount <= 3)
        await second.remove()
    }

    @Test func aCollectionThatNobodyUsesHoldsNoFileAndIsThereAgainAtOnce() async throws {
        var options = CollectionOptions.quick
        options.restAfter = .milliseconds(20)
        let test = TestStore(options: options)
        try await test.put(topics)
        try await test.wait()
        // The files are closed a moment after the collection is counted as closed.
        let end = ContinuousClock.now + .seconds(120)
        var held: [String] = []
        repeat {
            try await Task.sleep(for: .milliseconds(2))
            held = try Self.openFiles(test.folder).filter {
                $0 != "lock" && !$0.hasPrefix("catalog.sqlite")
            }
        } while (!held.isEmpty || test.store.openCount > 0) && ContinuousClock.now < end
        #expect(held == [])
        #expect(try await test.ids(CollectionQuery("bread with yeast", count: 1)) == ["3"])
        try await test.add(#"{"id": "6", "title": "Kites"}"#)
        try await test.wait { $0.embedded == 6 && $0.state == .ready }
        #expect(try await test.ids(CollectionQuery("kites", count: 1)) == ["6"])
        // The folder is this host's all the while.
        await #expect(throws: CollectionError.folderInUse(test.folder)) {
            try await TestStore(folder: test.folder).store.list()
        }
        await test.remove()
    }

    /// Opening may take long, here until another lets go of the file. On the cooperative pool those who wait
    /// for it would take every thread, and none were left to let go.
    @Test func aCollectionThatIsOpenedHoldsUpNoTask() async throws {
        var options = CollectionOptions.quick
        options.openAtMost = 0
        let test = TestStore(options: options)
        try await test.put(topics)
        try await test.wait()
        while test.store.openCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
        let other = try Self.lock(test.folder)
        let begun = Begun()
        let askers = (0..<2 * ProcessInfo.processInfo.activeProcessorCount + 2).map { _ in
            Task {
                begun.count.add(1, ordering: .relaxed)
                return try await test.store.document("topics", id: "3").id
            }
        }
        while begun.count.load(ordering: .relaxed) < askers.count { await Task.yield() }
        for _ in 0..<1000 { await Task.yield() }
        try other.close()
        for asker in askers { #expect(try await asker.value == "3") }
        await test.remove()
    }

    /// How many have asked.
    private final class Begun: Sendable {
        let count = Atomic(0)
    }

    /// Another's connection that has the rows of the one collection for itself.
    private static func lock(_ folder: String) throws -> DatabaseQueue {
        let rows = try #require(
            FileManager.default.subpathsOfDirectory(atPath: folder)
                .first { $0.hasSuffix("rows.sqlite") })
        var configuration = Configuration()
        configuration.busyMode = .timeout(120)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let queue = try DatabaseQueue(path: folder + "/" + rows, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE; COMMIT") }
        return queue
    }

    /// Room on the disk opens no file that is damaged.
    @Test func theReserveIsKeptForADiskThatIsFull() async throws {
        let first = TestStore()
        try await first.put(topics)
        try await first.wait()
        await first.store.close()
        let rows = try #require(
            FileManager.default.subpathsOfDirectory(atPath: first.folder)
                .first { $0.hasSuffix("rows.sqlite") })
        let path = first.folder + "/" + rows
        // What the log still holds would be put over the damage.
        for file in [path + "-wal", path + "-shm"]
        where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
        try Data(repeating: 7, count: 8192).write(to: URL(filePath: path))
        let reserve = first.folder + "/reserve"
        try FileManager.default.linkItem(atPath: reserve, toPath: reserve + "-too")
        let second = TestStore(folder: first.folder)
        #expect(try await second.store.describe("topics").state == .failed)
        let facts = try FileManager.default.attributesOfItem(atPath: reserve)
        #expect(facts[.referenceCount] as? Int == 2)
        await second.remove()
    }

    // MARK: Files that others change

    /// Reading beyond the end of a mapped file would end the process.
    @Test(arguments: [0, 4096])
    func codesThatSomebodyCutShortAreMadeAnew(size: Int) async throws {
        let test = TestStore()
        try await test.put(topics)
        try await test.wait()
        let codes = try #require(
            FileManager.default.subpathsOfDirectory(atPath: test.folder)
                .first { $0.hasSuffix(".codes") })
        #expect(truncate(test.folder + "/" + codes, off_t(size)) == 0)
        let found = try await test.ids(CollectionQuery("bread with yeast", count: 1))
        #expect(found == ["3"])
        #expect(truncate(test.folder + "/" + codes, off_t(size)) == 0)
        try await test.add(#"{"id": "6", "title": "Kites"}"#)
        try await test.wait { $0.embedded == 6 && $0.state == .ready }
        #expect(try await test.ids(CollectionQuery("kites", count: 1)) == ["6"])
        try await test.store.deleteDocument("topics", id: "6")
        #expect(try await test.ids(CollectionQuery("bread with yeast", count: 1)) == ["3"])
        await test.remove()
    }
}
