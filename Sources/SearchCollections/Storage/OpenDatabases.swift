import GRDB
import PluginHost
import Synchronization

/// Limits how many databases are open at once, since each holds files: those unused for longest are
/// closed first, and opened again when they are needed.
final class OpenDatabases: Sendable {
    let reserve: DiskReserve
    private let most: Int
    private let open = Mutex<[ObjectIdentifier: Weak]>([:])
    /// One thread, so that operations keep their order.
    private let closing = BlockingPool("roost-close", limit: 1)

    private struct Weak: Sendable {
        weak var database: CollectionDatabase?
    }

    init(most: Int, reserve: DiskReserve) {
        self.most = most
        self.reserve = reserve
    }

    /// How many are open now.
    var count: Int { open.withLock(\.count) }

    func opened(_ database: CollectionDatabase) {
        open.withLock { $0[ObjectIdentifier(database)] = Weak(database: database) }
    }

    func closed(_ id: ObjectIdentifier) {
        open.withLock { $0[id] = nil }
    }

    /// If too many are open, picks those that were not used for longest and are not in use.
    /// - Returns: what is to be closed.
    func takeSurplus() -> [DatabasePool] {
        guard count > most else { return [] }
        let used = databases.map { (database: $0, last: $0.lastUse) }.sorted { $0.last < $1.last }
        var surplus: [DatabasePool] = []
        for (database, _) in used where count > most {
            if let pool = database.takePool() { surplus.append(pool) }
        }
        return surplus
    }

    /// Runs what opens a database. If that fails, perhaps because no more files may be open, closes
    /// the unused ones on this thread and tries once more.
    func makingRoom<Value>(_ open: () throws -> Value) throws -> Value {
        do {
            return try open()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            for database in databases { try? database.takePool()?.close() }
            return try open()
        }
    }

    /// Closes what nobody has used since then.
    func rest(unusedSince instant: ContinuousClock.Instant) {
        for database in databases {
            if let pool = database.takePool(ifUnusedSince: instant) { close(pool) }
        }
    }

    private var databases: [CollectionDatabase] {
        open.withLock { $0.values.compactMap(\.database) }
    }
}

// MARK: - Closing

extension OpenDatabases {
    /// Closes a pool soon.
    func close(_ pool: DatabasePool) {
        closing.start { try? pool.close() }
    }

    /// Removes a folder after everything queued before has been closed.
    func remove(_ folder: String) {
        closing.start { Files.remove(folder) }
    }

    /// Waits until everything queued has been closed and removed.
    func waitForClosings() async {
        try? await closing.run {}
    }
}
