import CVectorIndex
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The 8-bit codes of a space's vectors in a memory-mapped file, in ascending order of their keys.
///
/// Everything in it can be computed again from the database: a file that was not closed in order, or
/// that is not of the state the database is in, is not trusted but made anew.
final class CodesFile: Sendable {
    let dimensions: Int
    let path: String
    private let descriptor: Int32
    private let state: Mutex<State>

    private struct State {
        var header: CodesHeader
        var segments: [CodesSegment]
    }

    /// What a scan sees; later changes do not move it.
    struct Snapshot: Sendable {
        let segments: [CodesSegment]
        let count: Int
        let dead: Int
    }

    /// Makes an empty file in place of what is there.
    /// - Throws: `CollectionError.cannotOpen`.
    static func create(path: String, dimensions: Int, identity: UInt64) throws -> CodesFile {
        unlink(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let file = CodesFile(
            path: path, descriptor: descriptor, segments: [],
            header: CodesHeader(dimensions: dimensions, identity: identity))
        try file.writeHeader()
        return file
    }

    /// Opens a file that was closed in order, in the state `changes` of its database.
    /// - Returns: nil if there is none.
    static func open(path: String, dimensions: Int, identity: UInt64, changes: Int64) -> CodesFile?
    {
        let descriptor = Self.open(path, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        guard var header = CodesHeader(descriptor: descriptor),
            header.isClean, header.dimensions == dimensions, header.identity == identity,
            header.changes == changes,
            let segments = try? CodesSegment.map(
                descriptor, count: header.segmentCount, dimensions: dimensions)
        else {
            Self.close(descriptor)
            return nil
        }
        header.isClean = false
        let file = CodesFile(
            path: path, descriptor: descriptor, segments: segments, header: header)
        return (try? file.writeHeader()) == nil ? nil : file
    }

    private init(path: String, descriptor: Int32, segments: [CodesSegment], header: CodesHeader) {
        self.path = path
        self.descriptor = descriptor
        dimensions = header.dimensions
        state = Mutex(State(header: header, segments: segments))
    }

    deinit {
        Self.close(descriptor)
    }

    var snapshot: Snapshot {
        state.withLock {
            Snapshot(segments: $0.segments, count: $0.header.count, dead: $0.header.dead)
        }
    }

    /// Marks the file as whole. Nothing may be changed afterwards.
    func finish() {
        try? state.withLock { state in
            for segment in state.segments { segment.flush() }
            state.header.isClean = true
            try state.header.write(descriptor)
        }
    }

    private func writeHeader() throws {
        try state.withLock { try $0.header.write(descriptor) }
    }

    static func failure(_ path: String) -> CollectionError {
        .cannotOpen(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
}

// MARK: - Changes

extension CodesFile {
    /// Adds vectors whose keys are behind all others.
    /// - Throws: `CollectionError.cannotOpen` if the disk is full; the vectors before are there.
    func append(_ vectors: [(key: Int64, vector: [Float])], changes: Int64) throws {
        try state.withLock { state in
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
            state.segments.append(
                try CodesSegment(
                    descriptor, index: state.segments.count, dimensions: dimensions, grow: true))
        }
        state.segments[slot / CodesSegment.slots]
            .set(slot % CodesSegment.slots, key: key, vector: vector)
        state.header.count += 1
    }

    /// Takes vectors out of all further scans; unknown keys are ignored.
    func remove(_ keys: [Int64], changes: Int64) {
        state.withLock { state in
            let snapshot = Snapshot(
                segments: state.segments, count: state.header.count, dead: state.header.dead)
            for key in keys {
                guard let slot = snapshot.slot(of: key), snapshot.kill(slot) else { continue }
                state.header.dead += 1
            }
            state.header.changes = changes
        }
    }
}

extension CodesFile.Snapshot {
    func key(_ slot: Int) -> Int64 {
        segments[slot / CodesSegment.slots].keys[slot % CodesSegment.slots]
    }

    /// The slot of a key, by bisection.
    func slot(of key: Int64) -> Int? {
        let slot = firstSlot(from: key)
        return slot < count && self.key(slot) == key ? slot : nil
    }

    /// The first slot whose key is `key` or behind it.
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

// MARK: - The system's calls, whose names the type has too

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
