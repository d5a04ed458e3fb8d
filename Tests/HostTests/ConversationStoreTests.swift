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
        StoredConversation(id: id, title: title, model: "m", messages: [], updated: updated)
    }

    private func message(_ id: String, after parent: String? = nil, _ text: String = "text")
        -> StoredMessage
    {
        StoredMessage(id: id, parent: parent, role: "user", content: text, created: 1)
    }

    private func change(adding messages: [StoredMessage]) -> StoredConversation.Change {
        var change = StoredConversation.Change(time: 2)
        change.messages = messages
        return change
    }

    @Test func theNewestComesFirst() async throws {
        for (id, time) in [("a", 1), ("b", 3), ("c", 2)] {
            #expect(try await store.save(conversation(id, updated: time)) == 1)
        }
        #expect(try await store.list().map(\.id) == ["b", "c", "a"])
        #expect(try await store.list(limit: 1).map(\.id) == ["b"])
    }

    @Test func savingAgainReplaces() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        let later = conversation("a", updated: 2, title: "'; DROP TABLE conversation; --")
        #expect(try await store.save(later) == 2)
        #expect(try await store.find("a")?.title == later.title)
        #expect(try await store.list().count == 1)
    }

    @Test func whatIsDeletedIsGone() async throws {
        _ = try await store.save(conversation("a", updated: 1))
        #expect(try await store.delete("a"))
        #expect(try await store.find("a") == nil)
        #expect(try await store.delete("a") == false)
    }

    @Test func whatOneTabAddsNoOtherTakesAway() async throws {
        _ = try await store.change("a", change(adding: [message("1"), message("2", after: "1")]))
        _ = try await store.change("a", change(adding: [message("3", after: "1", "from tab A")]))
        _ = try await store.change("a", change(adding: [message("4", after: "1", "from tab B")]))
        let messages = try #require(await store.find("a")).messages
        #expect(messages.map(\.id) == ["1", "2", "3", "4"])
        #expect(messages.map(\.parent) == [nil, "1", "1", "1"])
    }

    @Test func aMessageThatIsThereTakesTheNewContent() async throws {
        _ = try await store.change("a", change(adding: [message("1", "half")]))
        let all = "half and \u{0} all"
        #expect(try await store.change("a", change(adding: [message("1", all)])) == 2)
        #expect(try await store.find("a")?.messages.map(\.content) == [all])
    }

    @Test func aVersionThatHasGoneIsNotReplaced() async throws {
        let version = try await store.save(conversation("a", updated: 1))
        _ = try await store.change("a", at: version, change(adding: [message("1")]))
        await #expect(throws: ConversationStore.Refusal.changed(version: 2)) {
            try await store.save(conversation("a", updated: 3), replacing: version)
        }
        #expect(try await store.find("a")?.messages.count == 1)
    }

    @Test func whatRefersToNothingIsRefusedAndChangesNothing() async throws {
        await #expect(throws: ConversationStore.Refusal.missing) {
            try await store.change("a", change(adding: []))
        }
        await #expect(throws: ConversationStore.Refusal.noParent("2")) {
            try await store.change("a", change(adding: [message("1"), message("3", after: "2")]))
        }
        #expect(try await store.list().isEmpty)
    }

    @Test func toOthersAConversationDoesNotExist() async throws {
        let (alice, bob) = (Owner(key: "alice"), Owner(key: "bob"))
        _ = try await store.save(conversation("a", updated: 1), of: alice)
        #expect(try await store.find("a", of: bob) == nil)
        #expect(try await store.list(of: bob).isEmpty)
        #expect(try await store.delete("a", of: bob) == false)
        await #expect(throws: ConversationStore.Refusal.missing) {
            try await store.save(conversation("a", updated: 2), of: bob)
        }
        #expect(try await store.list(of: alice).map(\.id) == ["a"])
    }

    /// SQLite's own cascades end at a depth of a thousand.
    @Test func aMessageGoesWithAllThatFollowIt() async throws {
        var chain = [message("0"), message("x", after: "0")]
        chain += (1..<3000).map { message("\($0)", after: "\($0 - 1)") }
        _ = try await store.change("a", change(adding: chain))
        #expect(try await store.delete(message: "1", in: "a") == 2)
        #expect(try await store.find("a")?.messages.map(\.id) == ["0", "x"])
        #expect(try await store.delete(message: "1", in: "a") == nil)
        #expect(try await store.delete("a"))
    }

    @Test func whatAnEarlierVersionKeptIsThere() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await DatabaseQueue(path: folder + "/roost.sqlite").write { database in
            try database.execute(
                sql: """
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('conversations');
                    CREATE TABLE conversation (id TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL,
                        model TEXT NOT NULL, messages TEXT NOT NULL, updated INTEGER NOT NULL);
                    CREATE INDEX conversation_on_updated ON conversation (updated);
                    INSERT INTO conversation VALUES ('a', 't', 'm', '[
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": "Ho\\u0000!"}]', 5);
                    INSERT INTO conversation VALUES ('b', 't', 'm', '[]', 6);
                    """)
        }
        let found = try #require(await store.find("a"))
        #expect(found.instructions == "Be brief.")
        #expect(found.messages.map(\.role) == ["user", "assistant"])
        #expect(found.messages.map(\.content) == ["Hi", "Ho\u{0}!"])
        #expect(found.messages[1].parent == found.messages[0].id)
        #expect(try await store.list().map(\.id) == ["b", "a"])
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
