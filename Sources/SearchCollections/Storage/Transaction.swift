import GRDB

/// A transaction under way, and what follows once it is on the disk.
///
/// What follows runs before the next transaction begins, and dies with this one if it fails: GRDB's
/// `afterNextTransaction` waits for another commit where SQLite has rolled back by itself, as it does
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

    /// Runs a transaction and then what follows it.
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
