import Synchronization

/// Bounds how many databases are open at once, each of which holds files: those that rest longest are
/// closed first, and opened again when they are needed.
final class OpenDatabases: Sendable {
    let reserve: DiskReserve
    private let most: Int
    private let open = Mutex<[ObjectIdentifier: Weak]>([:])

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
        settle()
    }

    func closed(_ id: ObjectIdentifier) {
        open.withLock { $0[id] = nil }
    }

    /// Has those rest that were not used for longest, where there are too many and they are not in use.
    func settle() {
        guard count > most else { return }
        let used = databases.map { (database: $0, last: $0.lastUse) }.sorted { $0.last < $1.last }
        for (database, _) in used {
            guard count > most else { return }
            database.rest()
        }
    }

    /// Closes what nobody has used since then.
    func rest(unusedSince instant: ContinuousClock.Instant) {
        for database in databases { database.rest(ifUnusedSince: instant) }
    }

    private var databases: [CollectionDatabase] {
        open.withLock { $0.values.compactMap(\.database) }
    }
}
