import GRDB
import PluginHost
import Synchronization

/// Bounds how many databases are open at once, each of which holds files: those that rest longest are
/// closed first, and opened again when they are needed.
final class OpenDatabases: Sendable {
    let reserve: DiskReserve
    private let most: Int
    private let open = Mutex<[ObjectIdentifier: Weak]>([:])
    /// One thread, so that things happen in their order.
    private let closing = BlockingCrew("roost-close", limit: 1)

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

    /// Has those rest that were not used for longest, where there are too many and they are not in use.
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

    /// Runs what opens a database; once more without those that nobody uses, where it cannot be opened: no
    /// more files may be open, perhaps. Closes them on this thread.
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

    /// Removes a folder behind what was to be closed before.
    func remove(_ folder: String) {
        closing.start { Files.remove(folder) }
    }

    /// Waits until all is closed and removed that was to be.
    func waitForClosings() async {
        try? await closing.run {}
    }
}
