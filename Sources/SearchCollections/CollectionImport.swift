package import Deflate
import PluginHost

/// How a document becomes rows of a collection.
package struct ImportOptions: Sendable {
    /// Nil to detect it from the first bytes.
    package var format: DocumentFormat?
    /// The content coding it arrived with; a gzip file inside is detected.
    package var coding: Inflater.Format?
    /// The columns to embed and search; nil to detect them.
    package var text: [String]?
    /// The column of the ids; nil for a column named `id`.
    package var id: String?
    /// The model that embeds; nil for the host's default.
    package var model: String?
    /// Whether the first row names the columns; nil to detect it.
    package var hasHeader: Bool?
    /// Identifies the document, if it is a file that may be imported again.
    package var sourceHash: String?

    package init(_ format: DocumentFormat?) {
        self.format = format
    }
}

/// A document on its way into a collection.
///
/// Feed it piece by piece, then finish it: every row that it reports then is on disk. A piece is
/// accepted when the rows of the earlier pieces are stored, so that its reader waits.
///
/// A small piece may unpack to a thousand times its size, which takes seconds to read. So documents
/// are read on dedicated threads, where they take turns.
package actor CollectionImport {
    private static let threads = BlockingPool("roost-import", limit: 2)

    /// How many rows are written in one transaction, and roughly how many bytes.
    private static let rowsAtOnce = 2000
    private static let bytesAtOnce = 8 << 20

    private let executor = BlockingExecutor(on: threads)
    private let collection: Collection
    private let options: ImportOptions
    private let whenTaken: TakenID
    /// Column names that tell a header from a row.
    private let expected: [String]
    private let completed: @Sendable (Collection) async throws -> CollectionDescription
    private let abandoned: @Sendable (Collection) async -> Void
    private var source: DocumentSource
    private var reader: DocumentReader?
    private var read = ReadRows()
    private var bytes = 0
    private var rows = 0
    private var refusals: [RefusedRow] = []
    private var hasBegun: Bool
    private var isOver = false

    init(
        into collection: Collection, _ options: ImportOptions, isNew: Bool,
        completed: @escaping @Sendable (Collection) async throws -> CollectionDescription,
        abandoned: @escaping @Sendable (Collection) async -> Void
    ) {
        self.collection = collection
        self.options = options
        self.completed = completed
        self.abandoned = abandoned
        whenTaken = isNew ? .refuse : .replace
        let known = isNew ? [] : collection.database.schema.columns
        hasBegun = !known.isEmpty
        expected = (options.text ?? []) + [options.id].compactMap { $0 } + known
        source = DocumentSource(coding: options.coding)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// The progress so far.
    package var progress: CollectionProgress {
        CollectionProgress(
            name: collection.name, stage: .reading, rows: rows, embedded: 0, of: rows,
            refused: refusals.count)
    }

    /// Takes the next piece of the document.
    /// - Throws: `CollectionError` if the document cannot be imported; the import is over then.
    package func feed(_ piece: [UInt8]) async throws {
        try await orAbandon {
            source.append(piece)
            try await readSource()
        }
    }

    private func readSource() async throws {
        while let piece = try source.next() {
            bytes += piece.count
            guard bytes <= collection.options.largestImport else {
                throw CollectionError.tooManyBytes(limit: collection.options.largestImport)
            }
            if reader == nil {
                reader = DocumentReader(
                    options.format ?? DocumentFormat(beginning: piece), expecting: expected,
                    hasHeader: options.hasHeader)
            }
            try reader?.read(piece, into: &read)
            if read.rows.count >= Self.rowsAtOnce || read.bytes >= Self.bytesAtOnce {
                try await flush()
            }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Takes the document as complete.
    package func finish() async throws -> CollectionDescription {
        try await orAbandon {
            source.complete()
            try await readSource()
            try reader?.finish(into: &read)
            try await flush()
            guard rows > 0 else { throw CollectionError.noRows(refused: refusals) }
            isOver = true
            return try await completed(collection)
        }
    }

    /// Cancels the import. Rows already added to an existing collection stay in it.
    package func abandon() async {
        guard !isOver else { return }
        isOver = true
        await abandoned(collection)
    }

    private func orAbandon<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard !isOver else { throw CollectionError.closed }
        do {
            return try await body()
        } catch {
            isOver = false
            await abandon()
            throw error
        }
    }

    private func flush() async throws {
        let taken = read
        read = ReadRows()
        if !hasBegun, !taken.rows.isEmpty {
            try await collection.begin(taken.rows, text: options.text, id: options.id)
            hasBegun = true
        }
        try await collection.note(refused: taken.refused)
        add(taken.refused)
        guard !taken.rows.isEmpty else { return }
        let changes = try await collection.write(taken.rows, whenTaken: whenTaken)
        rows += changes.added + changes.replaced
        add(changes.refused)
    }

    private func add(_ refused: [RefusedRow]) {
        refusals += refused.prefix(max(0, 1000 - refusals.count))
    }
}
