import CVectorIndex

/// A graph over the codes of a space, for more rows than a scan can read in time.
final class VectorGraph: @unchecked Sendable {
    private let graph: OpaquePointer
    private let dimensions: Int

    /// Neighbours of a node, and candidates while inserting (M and efConstruction of the paper).
    private static let links = 16
    private static let effort = 100

    /// - Throws: `CollectionError.storage`, as when there is no memory.
    init(dimensions: Int, capacity: Int) throws {
        var error = rv_error()
        guard let graph = rv_graph_new(dimensions, capacity, Self.links, Self.effort, &error) else {
            throw Self.failure(error)
        }
        self.graph = graph
        self.dimensions = dimensions
    }

    /// Reads a graph whose file has the size and checksum of `record`.
    init?(path: String, record: GraphRecord, dimensions: Int, capacity: Int) {
        var size: UInt64 = 0
        var checksum: UInt64 = 0
        var error = rv_error()
        guard rv_file_checksum(path, &size, &checksum), size == record.size,
            checksum == record.checksum,
            let graph = rv_graph_load(path, dimensions, capacity, &error)
        else { return nil }
        self.graph = graph
        self.dimensions = dimensions
    }

    deinit {
        rv_graph_free(graph)
    }

    var count: Int { rv_graph_count(graph) }

    func reserve(_ capacity: Int) throws {
        var error = rv_error()
        guard rv_graph_reserve(graph, capacity, &error) else { throw Self.failure(error) }
    }

    /// Adds the live slots of a range.
    func add(_ slots: Range<Int>, of snapshot: CodesFile.Snapshot) throws {
        var error = rv_error()
        for slot in slots where !snapshot.isDead(slot) {
            let segment = snapshot.segments[slot / CodesSegment.slots]
            let index = slot % CodesSegment.slots
            let key = UInt64(segment.keys[index])
            guard rv_graph_add(graph, key, segment.code(index), segment.scales[index], &error)
            else { throw Self.failure(error) }
        }
    }

    func remove(_ keys: [Int64]) {
        for key in keys { rv_graph_remove(graph, UInt64(key)) }
    }

    /// Approximately the `count` best keys, the best first.
    func best(_ count: Int, for vector: [Float]) -> [Int64] {
        var code = [UInt8](repeating: 0, count: rv_stride(dimensions))
        var scale: Float = 0
        rv_encode(vector, dimensions, &code, &scale)
        let found = [rv_neighbor](unsafeUninitializedCapacity: count) { buffer, found in
            found = rv_graph_search(graph, code, scale, count, count, buffer.baseAddress)
        }
        return found.map { Int64($0.key) }
    }

    /// Writes the graph to a file beside `path` and then renames it.
    /// - Returns: the file's size and checksum, which identify it.
    func save(path: String, through: Int64) throws -> GraphRecord {
        var error = rv_error()
        let draft = path + ".new"
        guard rv_graph_save(graph, draft, &error) else { throw Self.failure(error) }
        var size: UInt64 = 0
        var checksum: UInt64 = 0
        guard rv_file_checksum(draft, &size, &checksum), Files.rename(draft, path) else {
            throw CollectionError.storage("the graph cannot be written to \(path)")
        }
        return GraphRecord(size: size, checksum: checksum, through: through)
    }

    private static func failure(_ error: rv_error) -> CollectionError {
        let text = withUnsafeBytes(of: error.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .storage("the graph failed: \(text)")
    }
}
