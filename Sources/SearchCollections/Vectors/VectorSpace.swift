import CVectorIndex
import FoundationEssentials
import GRDB
import Synchronization

/// The vectors of a collection by one state of one model: in the database in half precision, in a
/// mapped file as 8-bit codes, and for very many rows in a graph.
final class VectorSpace: Sendable {
    let id: Int64
    let model: EmbeddingModel
    let folder: String
    private let state: Mutex<State>

    private struct State {
        var record: SpaceRecord
        var codes: CodesFile
        var graph: Graph?
        /// Whether the codes lack entries that the database has.
        var isBehind = false
    }

    /// A graph, and the last key that is in it.
    struct Graph: Sendable {
        var nodes: VectorGraph
        var through: Int64
    }

    /// Opens the files of a space, rebuilding those that do not match the database.
    init(_ record: SpaceRecord, folder: String, _ database: Database) throws {
        id = record.id
        model = record.model
        self.folder = folder
        let codes = try Self.openCodes(record, folder: folder, database)
        let graph = record.graph.flatMap { known in
            VectorGraph(
                path: Self.graphPath(folder, record.id), record: known,
                dimensions: record.model.dimensions, capacity: codes.snapshot.count
            ).map { Graph(nodes: $0, through: known.through) }
        }
        state = Mutex(State(record: record, codes: codes, graph: graph))
    }

    var record: SpaceRecord { state.withLock { $0.record } }
    var codes: CodesFile { state.withLock { $0.codes } }
    var graph: Graph? { state.withLock { $0.graph } }
    var graphPath: String { Self.graphPath(folder, id) }

    private static func graphPath(_ folder: String, _ id: Int64) -> String {
        "\(folder)/\(id).graph"
    }

    private static func codesPath(_ folder: String, _ id: Int64) -> String {
        "\(folder)/\(id).codes"
    }

    /// Marks the files as complete. Nothing may be changed afterwards.
    func close() {
        codes.finish()
    }

    /// Removes the files of a space that has been dropped.
    func removeFiles() {
        Files.remove(Self.codesPath(folder, id))
        Files.remove(graphPath)
    }

    func use(_ graph: Graph?) {
        state.withLock { $0.graph = graph }
    }
}

// MARK: - Codes

extension VectorSpace {
    private static func openCodes(_ record: SpaceRecord, folder: String, _ database: Database)
        throws -> CodesFile
    {
        let path = codesPath(folder, record.id)
        let found = CodesFile.open(
            path: path, dimensions: record.model.dimensions, identity: identity(record),
            changes: record.changes)
        return try found ?? makeCodes(record, path: path, database)
    }

    /// Computes the codes of all vectors.
    private static func makeCodes(_ record: SpaceRecord, path: String, _ database: Database) throws
        -> CodesFile
    {
        let dimensions = record.model.dimensions
        let codes = try CodesFile.create(
            path: path, dimensions: dimensions, identity: identity(record))
        var vector = [Float](repeating: 0, count: dimensions)
        try record.forEachVector(after: .min, database) { key, bytes in
            guard HalfVector.decode(bytes, into: &vector) else { return }
            try vector.withUnsafeBufferPointer {
                try codes.append(key, $0, changes: record.changes)
            }
        }
        return codes
    }

    private static func identity(_ record: SpaceRecord) -> UInt64 {
        record.model.contentHash.utf8.reduce(UInt64(record.id) ^ 0xCBF2_9CE4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
    }

    /// Whether the codes lack entries, or contain so many of removed rows that scans waste their
    /// time on them.
    var wantsCompaction: Bool {
        let (codes, isBehind) = state.withLock { ($0.codes, $0.isBehind) }
        let snapshot = codes.snapshot
        return isBehind || snapshot.dead > 1024 && snapshot.dead * 4 > snapshot.count
    }

    /// Whether the codes contain everything that the database has.
    var hasAllCodes: Bool {
        hasReadableCodes && !state.withLock { $0.isBehind }
    }

    /// Whether the codes can be read. Reading a file that another process truncated would end this
    /// process.
    var hasReadableCodes: Bool {
        if codes.isWhole { return true }
        state.withLock { $0.isBehind = true }
        return false
    }

    /// Rebuilds the codes file without dead entries; the graph is rebuilt later.
    func compact(_ transaction: Transaction) throws {
        let record = record
        let draft = Self.codesPath(folder, id) + ".new"
        let fresh = try Self.makeCodes(record, path: draft, transaction.database)
        guard fresh.move(to: Self.codesPath(folder, id)) else {
            throw CollectionError.storage("the codes cannot be written")
        }
        try record.saveGraph(nil, transaction.database)
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.codes = fresh
                state.record.graph = nil
                state.graph = nil
                state.isBehind = false
            }
        }
    }
}

// MARK: - Changes

extension VectorSpace {
    /// Adds vectors within a transaction; the files are updated when it is committed.
    func add(_ vectors: [(key: Int64, vector: [Float])], through: Int64, _ transaction: Transaction)
        throws
    {
        var record = record
        let added = Set(
            try record.add(
                vectors.map { (key: $0.key, data: HalfVector.encode($0.vector)) },
                through: through, transaction.database))
        follow(record, transaction) { state in
            try state.codes.append(
                vectors.filter { added.contains($0.key) }, changes: state.record.changes)
        }
    }

    /// Removes the vectors of deleted rows, within the transaction that deletes them.
    func remove(_ keys: [Int64], _ transaction: Transaction) throws {
        guard !keys.isEmpty else { return }
        var record = record
        try record.remove(keys, transaction.database)
        follow(record, transaction) { state in
            state.graph?.nodes.remove(keys)
            try state.codes.remove(keys, changes: state.record.changes)
        }
    }

    func saveGraph(_ known: GraphRecord, _ transaction: Transaction) throws {
        var record = record
        record.graph = known
        try record.saveGraph(known, transaction.database)
        follow(record, transaction) { _ in }
    }

    func serve(_ transaction: Transaction) throws {
        var record = record
        try SpaceRecord.serve(id, transaction.database)
        record.isServing = true
        follow(record, transaction) { _ in }
    }

    /// Updates the state after the database, whose transactions are committed one after the other.
    /// Codes that cannot be written are missing until the worker has rebuilt the file.
    private func follow(
        _ record: SpaceRecord, _ transaction: Transaction,
        _ change: @escaping @Sendable (inout State) throws -> Void
    ) {
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.record = record
                do {
                    try change(&state)
                } catch {
                    state.isBehind = true
                }
            }
        }
    }
}

/// The stored form of a vector: half precision, little-endian.
enum HalfVector {
    static func encode(_ vector: [Float]) -> Data {
        var halves = [UInt16](repeating: 0, count: vector.count)
        rv_half_from_float(vector, vector.count, &halves)
        return halves.withUnsafeBytes { Data($0) }
    }

    /// - Returns: false if the bytes are not a vector of that length.
    static func decode(_ bytes: UnsafeRawBufferPointer, into vector: inout [Float]) -> Bool {
        guard bytes.count == 2 * vector.count else { return false }
        var halves = [UInt16](repeating: 0, count: vector.count)
        halves.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
        rv_half_to_float(halves, vector.count, &vector)
        return true
    }

    /// The product with a vector of the same length; nil if the bytes are not one.
    static func dot(_ vector: [Float], _ bytes: UnsafeRawBufferPointer) -> Float? {
        guard bytes.count == 2 * vector.count else { return nil }
        return rv_dot_half(vector, bytes.baseAddress, vector.count)
    }

    /// The vector scaled to unit length; nil if one of its numbers is not finite.
    static func normalized(_ vector: [Float]) -> [Float]? {
        let square = vector.reduce(Float(0)) { $0 + $1 * $1 }
        guard square.isFinite else { return nil }
        guard square > 0, abs(square - 1) > 1e-6 else { return vector }
        let inverse = 1 / square.squareRoot()
        return vector.map { $0 * inverse }
    }
}
