import FoundationEssentials
import GRDB
import Synchronization

/// The host's one SQLite file; opened, and brought up to date, when it is first needed.
package final class HostDatabase: Sendable {
    private let path: String
    private let opened = Mutex<DatabasePool?>(nil)

    /// - Parameter folder: `data` of the settings; made if it is not there.
    package init(folder: String) {
        path = folder + "/roost.sqlite"
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        let pool = try pool()
        return try await Self.translating { try await pool.read(body) }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws -> Value {
        let pool = try pool()
        return try await Self.translating { try await pool.write(body) }
    }

    private func pool() throws -> DatabasePool {
        try opened.withLock { opened in
            if let opened { return opened }
            do {
                let pool = try open()
                opened = pool
                return pool
            } catch {
                throw StorageError.cannotOpen(path: path, reason: String(describing: error))
            }
        }
    }

    private func open() throws -> DatabasePool {
        let folder = String(path.dropLast("/roost.sqlite".count))
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: path, configuration: configuration)
        try Migrations.all.migrate(pool)
        return pool
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw StorageError.failed(error.message ?? error.resultCode.description)
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
        return migrator
    }
}
