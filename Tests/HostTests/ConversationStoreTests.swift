import Foundation
import GRDB
import Host
import Synchronization
import Testing

@Suite final class ConversationStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        .path
    private let store: ConversationStore

    init() {
        store = ConversationStore(HostDatabase(folder: folder))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func conversation(_ id: String, updated: Int, title: String = "t") -> StoredConversation
    {
        StoredConversation(id: id, title: title, model: "m", messages: "[]", updated: updated)
    }

    @Test func theNewestComesFirst() async throws {
        for (id, time) in [("a", 1), ("b", 3), ("c", 2)] {
            #expect(try await store.save(conversation(id, updated: time)))
        }
        #expect(try await store.list().map(\.id) == ["b", "c", "a"])
        #expect(try await store.list(limit: 1).map(\.id) == ["b"])
    }

    @Test func savingAgainReplaces() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        let later = conversation("a", updated: 2, title: "'; DROP TABLE conversation; --")
        _ = try await store.save(later)
        #expect(try await store.find("a") == later)
        #expect(try await store.list().count == 1)
    }

    @Test func whatIsDeletedIsGone() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        #expect(try await store.delete("a"))
        #expect(try await store.find("a") == nil)
        #expect(try await store.delete("a") == false)
    }

    @Test func anotherHostOnTheSameFolderFindsWhatWasKept() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        let other = ConversationStore(HostDatabase(folder: folder))
        #expect(try await other.find("a")?.title == "t")
    }

    /// What was acknowledged outlasts a failing power: SQLite's FULL, which is 2.
    @Test func aWriteIsOnTheDiskWhenItIsAcknowledged() async throws {
        let database = HostDatabase(folder: folder)
        let level = try await database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(level == 2)
    }

    /// Opening may take long, here until another lets go of the file. On the cooperative pool those who wait
    /// for it would take every thread, and none were left to let go.
    @Test(.timeLimit(.minutes(5))) func aDatabaseThatIsOpenedHoldsUpNoTask() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        var configuration = Configuration()
        configuration.busyMode = .timeout(120)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        // The first to have the file for itself must be alone with it.
        let copy = folder + "-copy"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let other = try DatabaseQueue(path: copy + "/roost.sqlite", configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE; COMMIT") }
        let store = ConversationStore(HostDatabase(folder: copy))
        let begun = Begun()
        let askers = (0..<2 * ProcessInfo.processInfo.activeProcessorCount + 2).map { _ in
            Task {
                begun.count.add(1, ordering: .relaxed)
                return try await store.find("a")?.id
            }
        }
        while begun.count.load(ordering: .relaxed) < askers.count { await Task.yield() }
        for _ in 0..<1000 { await Task.yield() }
        try other.close()
        for asker in askers { #expect(try await asker.value == "a") }
    }

    /// How many have asked.
    private final class Begun: Sendable {
        let count = Atomic(0)
    }

    @Test func aFolderThatCannotBeMadeIsATypedError() async {
        let store = ConversationStore(HostDatabase(folder: "/proc/nowhere"))
        await #expect(throws: StorageError.self) { try await store.list() }
    }
}
