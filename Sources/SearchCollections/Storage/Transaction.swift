import GRDB

/// A transaction in progress, and the work that follows once it is on disk.
///
/// That work runs before the next transaction begins, and is dropped if this one fails. GRDB's
/// `afterNextTransaction` would wait for another commit if SQLite rolled back by itself, as it does
/// when the disk is full.
final class Transaction {
    let database: Database
    private var completions: [() -> Void] = []

    private init(_ database: Database) {
        self.database = database
    }

    func afterCommit(_ body: @escaping () -> Void) {
        completions.append(body)
    }

    /// Runs a transaction, and then the work that follows it.
    static func run<Value>(_ database: Database, _ body: (Transaction) throws -> Value) throws
        -> Value
    {
        let transaction = Transaction(database)
        var values: [Value] = []
        try database.inTransaction {
            values.append(try body(transaction))
            return .commit
        }
        for completion in transaction.completions { completion() }
        return values[0]
    }
}
