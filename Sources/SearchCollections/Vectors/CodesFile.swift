import CVectorIndex
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The 8-bit codes of a space's vectors in a memory-mapped file, in ascending order of their keys.
///
/// Everything in it can be computed again from the database: a file that was not closed properly,
/// or not in the database's current state, is not trusted but rebuilt.
final class CodesFile: Sendable {
    let dimensions: Int
    private let node: FileNode
    private let state: Mutex<State>

    private struct State {
        var path: String
        var header: CodesHeader
        var segments: [CodesSegment]

        /// The least length of the file.
        var size: Int {
            segments.isEmpty
                ? 0 : CodesSegment.offset(segments.count, dimensions: header.dimensions)
        }
    }

    /// What a scan sees; later changes do not affect it.
    struct Snapshot: Sendable {
        let segments: [CodesSegment]
        let count: Int
        let dead: Int
    }

    /// Creates an empty file, replacing an existing one.
    /// - Throws: `CollectionError.cannotOpen`.
    static func create(path: String, dimensions: Int, identity: UInt64) throws -> CodesFile {
        unlink(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        let header = CodesHeader(dimensions: dimensions, identity: identity)
        try header.write(descriptor)
        return CodesFile(
            path: path, node: FileNode(descriptor), segments: [], header: header)
    }

    /// Opens a file that was closed properly, in the state `changes` of its database.
    /// - Returns: nil if there is none.
    static func open(path: String, dimensions: Int, identity: UInt64, changes: Int64) -> CodesFile?
    {
        let descriptor = Self.open(path, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard var header = CodesHeader(descriptor: descriptor),
            header.isClean, header.dimensions == dimensions, header.identity == identity,
            header.changes == changes,
            let segments = try? CodesSegment.map(
                descriptor, count: header.segmentCount, dimensions: dimensions)
        else { return nil }
        header.isClean = false
        guard (try? header.write(descriptor)) != nil else { return nil }
        return CodesFile(
            path: path, node: FileNode(descriptor), segments: segments, header: header)
    }

    private init(path: String, node: FileNode, segments: [CodesSegment], header: CodesHeader) {
        self.node = node
        dimensions = header.dimensions
        state = Mutex(State(path: path, header: header, segments: segments))
    }

    /// Lends a descriptor of the file. None is kept open: mapped memory needs none.
    private func withDescriptor<Value>(
        _ state: State, _ body: (Int32) throws -> Value
    ) throws -> Value {
        let descriptor = Self.open(state.path, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw Self.failure(state.path) }
        defer { Self.close(descriptor) }
        guard FileNode(descriptor) == node else {
            throw CollectionError.storage("another file is in the place of the codes")
        }
        return try body(descriptor)
    }

    /// Whether the file still exists and is at least as long as the mapped part.
    var isWhole: Bool { state.withLock { holds($0) } }

    private func holds(_ state: State) -> Bool {
        FileNode.size(state.path, if: node).map { $0 >= state.size } ?? false
    }

    /// Renames the file.
    func move(to path: String) -> Bool {
        state.withLock { state in
            guard Files.rename(state.path, path) else { return false }
            state.path = path
            return true
        }
    }

    var snapshot: Snapshot {
        state.withLock {
            Snapshot(segments: $0.segments, count: $0.header.count, dead: $0.header.dead)
        }
    }

    /// Marks the file as complete. Nothing may be changed afterwards.
    func finish() {
        try? state.withLock { state in
            guard holds(state) else { return }
            for segment in state.segments { segment.flush() }
            state.header.isClean = true
            try withDescriptor(state) { try state.header.write($0) }
        }
    }

    static func failure(_ path: String) -> CollectionError {
        errno == ENOSPC
            ? .storageFull
            : .cannotOpen(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
}

// MARK: - Changes

extension CodesFile {
    /// Adds vectors whose keys come after all others.
    /// - Throws: `CollectionError.cannotOpen` if the disk is full; the earlier vectors stay.
    func append(_ vectors: [(key: Int64, vector: [Float])], changes: Int64) throws {
        try state.withLock { state in
            try requireWhole(state)
            for (key, vector) in vectors {
                try vector.withUnsafeBufferPointer { try append(key, $0, &state) }
            }
            state.header.changes = changes
        }
    }

    /// Adds one vector, as `append` does.
    func append(_ key: Int64, _ vector: UnsafeBufferPointer<Float>, changes: Int64) throws {
        try state.withLock { state in
            try append(key, vector, &state)
            state.header.changes = changes
        }
    }

    private func append(_ key: Int64, _ vector: UnsafeBufferPointer<Float>, _ state: inout State)
        throws
    {
        let slot = state.header.count
        if slot == state.segments.count * CodesSegment.slots {
            let segment = try withDescriptor(state) { descriptor in
                try CodesSegment(
                    descriptor, index: state.segments.count, dimensions: dimensions, grow: true)
            }
            state.segments.append(segment)
        }
        state.segments[slot / CodesSegment.slots]
            .set(slot % CodesSegment.slots, key: key, vector: vector)
        state.header.count += 1
    }

    /// Removes vectors from all later scans; unknown keys are ignored.
    /// - Throws: `CollectionError.storage` if the file was truncated.
    func remove(_ keys: [Int64], changes: Int64) throws {
        try state.withLock { state in
            try requireWhole(state)
            let snapshot = Snapshot(
                segments: state.segments, count: state.header.count, dead: state.header.dead)
            for key in keys {
                guard let slot = snapshot.slot(of: key), snapshot.kill(slot) else { continue }
                state.header.dead += 1
            }
            state.header.changes = changes
        }
    }

    private func requireWhole(_ state: State) throws {
        guard holds(state) else {
            throw CollectionError.storage("the file of the codes was cut short")
        }
    }
}

/// Identifies a file, whatever its name.
private struct FileNode: Sendable, Equatable {
    private let device: UInt64
    private let number: UInt64

    private init(_ facts: stat) {
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        number = UInt64(truncatingIfNeeded: facts.st_ino)
    }

    init(_ descriptor: Int32) {
        var facts = stat()
        fstat(descriptor, &facts)
        self.init(facts)
    }

    /// The size of the file at a path; nil if it is a different file.
    static func size(_ path: String, if node: FileNode) -> Int? {
        var facts = stat()
        guard stat(path, &facts) == 0, FileNode(facts) == node else { return nil }
        return Int(facts.st_size)
    }
}

extension CodesFile.Snapshot {
    func key(_ slot: Int) -> Int64 {
        segments[slot / CodesSegment.slots].keys[slot % CodesSegment.slots]
    }

    /// The slot of a key, by binary search.
    func slot(of key: Int64) -> Int? {
        let slot = firstSlot(from: key)
        return slot < count && self.key(slot) == key ? slot : nil
    }

    /// The first slot whose key is `key` or later.
    func firstSlot(from key: Int64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// - Returns: false if the slot was dead already.
    fileprivate func kill(_ slot: Int) -> Bool {
        let scales = segments[slot / CodesSegment.slots].scales
        let index = slot % CodesSegment.slots
        guard !scales[index].isNaN else { return false }
        scales[index] = .nan
        return true
    }

    func isDead(_ slot: Int) -> Bool {
        segments[slot / CodesSegment.slots].scales[slot % CodesSegment.slots].isNaN
    }
}

// MARK: - System calls with the same names as members of the type

extension CodesFile {
    private static func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, flags, mode)
        #else
            Darwin.open(path, flags, mode)
        #endif
    }

    private static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }
}
