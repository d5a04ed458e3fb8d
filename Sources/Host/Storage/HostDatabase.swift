import FoundationEssentials
package import GRDB
import PluginHost
import SearchCollections
import Synchronization

/// The host's one SQLite file; opened and migrated when it is first needed.
package final class HostDatabase: Sendable {
    private let path: String
    private let reserve: DiskReserve
    private let opening = Mutex<Task<DatabasePool, any Error>?>(nil)

    /// - Parameter folder: `data` of the settings; made if it is not there.
    package init(folder: String) {
        path = folder + "/roost.sqlite"
        reserve = DiskReserve(folder + "/reserve")
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        let pool = try await pool()
        return try await Self.translating { try await pool.read(body) }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        let pool = try await pool()
        return try await Self.translating { try await pool.write(body) }
    }

    /// As `write`, for deletions: on a full disk it may use the reserve.
    func remove<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        try await reserve.lend {
            try await write(body)
        } again: {
            try? await truncateLog()
            let value = try await write(body)
            try? await truncateLog()
            return value
        } where: {
            $0 as? StorageError == .full
        }
    }

    private func truncateLog() async throws {
        _ = try await pool().writeWithoutTransaction { try $0.checkpoint(.truncate) }
    }

    /// Opens it on a thread of its own, once for all waiting callers; after a failure, the next
    /// caller tries again.
    private func pool() async throws -> DatabasePool {
        let task = opening.withLock { opening in
            let task =
                opening ?? Task { try await BlockingThread.run("roost-open") { try self.open() } }
            opening = task
            return task
        }
        do {
            return try await task.value
        } catch {
            opening.withLock { if $0 == task { $0 = nil } }
            throw error
        }
    }

    private func open() throws -> DatabasePool {
        do {
            let pool = try openFile()
            reserve.keep()
            return pool
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw StorageError.full
        } catch {
            throw StorageError.cannotOpen(path: path, reason: String(describing: error))
        }
    }

    private func openFile() throws -> DatabasePool {
        let folder = String(path.dropLast("/roost.sqlite".count))
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // What is acknowledged is on disk: GRDB's default for WAL, which it sets after all
            // preparation, may lose it in a power failure.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        try Migrations.all.migrate(pool)
        return pool
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw error.resultCode == .SQLITE_FULL
                ? StorageError.full
                : .failed(error.message ?? error.resultCode.description)
        }
    }
}

/// The shape of the database, one step per change; a step that has been released never changes.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("conversations") { database in
            try database.create(table: "conversation") { table in
                table.primaryKey("id", .text)
                table.column("title", .text).notNull()
                table.column("model", .text).notNull()
                table.column("messages", .text).notNull()
                table.column("updated", .integer).notNull()
            }
            try database.create(
                indexOn: "conversation", columns: ["updated"])
        }
        migrator.registerMigration("messages as rows") { try $0.execute(sql: messagesAsRows) }
        migrator.registerMigration("responses") { database in
            try database.create(table: "response") { table in
                table.primaryKey("id", .text)
                table.column("owner", .text).notNull()
                table.column("previous", .text)
                table.column("created", .integer).notNull()
                table.column("input", .text).notNull()
                table.column("body", .text).notNull()
            }
            try database.create(indexOn: "response", columns: ["owner", "created"])
            try database.create(indexOn: "response", columns: ["created"])
        }
        return migrator
    }

    /// A conversation was one JSON array of `{"role", "content"}`, of which the first may be the system's.
    private static let messagesAsRows = """
        ALTER TABLE conversation ADD COLUMN owner TEXT NOT NULL DEFAULT '';
        ALTER TABLE conversation ADD COLUMN instructions TEXT NOT NULL DEFAULT '""';
        ALTER TABLE conversation ADD COLUMN settings TEXT NOT NULL DEFAULT '';
        ALTER TABLE conversation ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
        DROP INDEX IF EXISTS conversation_on_updated;
        CREATE INDEX conversation_on_owner ON conversation (owner, updated);
        CREATE TABLE message (
            number INTEGER PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            id TEXT NOT NULL,
            parent TEXT,
            role TEXT NOT NULL,
            content TEXT NOT NULL,
            metadata TEXT NOT NULL,
            created INTEGER NOT NULL,
            UNIQUE (conversation, id));
        CREATE INDEX message_on_parent ON message (conversation, parent);
        CREATE TEMP TABLE was AS
            SELECT conversation.id AS conversation, element.key AS place,
                coalesce(element.value ->> 'role', 'user') AS role,
                coalesce(element.value -> 'content', '""') AS content, updated
            FROM conversation, json_each(
                CASE WHEN json_valid(messages) THEN messages ELSE '[]' END) AS element;
        UPDATE conversation SET instructions = was.content FROM was
            WHERE was.conversation = conversation.id AND was.place = 0 AND was.role = 'system';
        DELETE FROM was WHERE place = 0 AND role = 'system';
        INSERT INTO message (conversation, id, parent, role, content, metadata, created)
            SELECT conversation, 'm' || place,
                CASE WHEN EXISTS (SELECT 1 FROM was AS other WHERE other.place = was.place - 1
                    AND other.conversation = was.conversation) THEN 'm' || (place - 1) END,
                role, content, '', updated
            FROM was ORDER BY conversation, place;
        DROP TABLE was;
        ALTER TABLE conversation DROP COLUMN messages;
        """
}
