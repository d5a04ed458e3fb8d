import Synchronization

/// A folder of a checkpoint: `weights["self_attn"]["q_proj"].tensor([hidden, hidden])`.
///
/// Names are Hugging Face's. Every tensor that is read is marked, so that `requireAllRead()` can
/// name those that the network did not read.
public struct Weights: Sendable {
    private let tree: WeightsTree
    private let path: String

    /// - Parameters:
    ///   - names: the Hugging Face name of a stored tensor; nil for one that no network reads, such
    ///     as a buffer of position ids.
    ///   - layout: turns a tensor, given by its Hugging Face name, from the format's layout into
    ///     that of Hugging Face.
    /// - Throws: `CheckpointError.sameName`.
    public init(
        _ checkpoint: Checkpoint,
        names: (String) -> String? = { $0 },
        layout: @escaping @Sendable (String, Tensor) throws -> Tensor = { $1 }
    ) throws {
        tree = try WeightsTree(checkpoint, names: names, layout: layout)
        path = ""
    }

    private init(_ tree: WeightsTree, _ path: String) {
        self.tree = tree
        self.path = path
    }

    /// The folder `name` in this one; it need not exist.
    public subscript(_ name: String) -> Weights { Weights(tree, join(name)) }

    /// The folder of a numbered part, such as a layer.
    public subscript(_ index: Int) -> Weights { self[String(index)] }

    /// Whether this folder has a tensor `name`.
    public func has(_ name: String) -> Bool { tree.has(join(name)) }

    /// The tensor `name` of this folder.
    /// - Throws: `CheckpointError.missingTensor`, `.shape` or `.unsupportedType`.
    public func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
        try tree.tensor(join(name), shape)
    }

    /// The tensor `weight` of this folder.
    /// - Throws: as `tensor(_:_:)`.
    public func tensor(_ shape: [Int]) throws -> Tensor { try tensor("weight", shape) }

    /// The tensor `name` of this folder, whatever its shape.
    public func tensor(ofAnyShape name: String) throws -> Tensor {
        try tree.tensor(join(name), nil)
    }

    /// Marks a tensor as read that exists but is not needed.
    public func ignore(_ name: String) { tree.markRead(join(name)) }

    /// Ends the reading: what the network did not copy is loaded from the files again when it is
    /// used.
    ///
    /// - Throws: `CheckpointError.unread` with the tensors that nothing has read.
    public func requireAllRead() throws { try tree.requireAllRead() }

    /// The linear maps that have been read, for adapters.
    public var maps: [NamedMap] { tree.maps }

    /// Notes a linear map under the name of this folder.
    ///
    /// - Returns: its place among the others.
    func name(from: Int, rows: Range<Int>) -> Int { tree.name(path, from: from, rows: rows) }

    private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// State shared by all folders of a checkpoint.
private final class WeightsTree: Sendable {
    private let path: String
    private let entries: [String: TensorEntry]
    private let layout: @Sendable (String, Tensor) throws -> Tensor
    private let unread: Mutex<Set<String>>
    private let named = Mutex<[NamedMap]>([])

    init(
        _ checkpoint: Checkpoint, names: (String) -> String?,
        layout: @escaping @Sendable (String, Tensor) throws -> Tensor
    ) throws {
        var entries: [String: TensorEntry] = [:]
        for (stored, entry) in checkpoint.tensors {
            guard let name = names(stored) else { continue }
            if let other = entries.updateValue(entry, forKey: name) {
                throw CheckpointError.inFile(
                    path: checkpoint.path,
                    .sameName(name, stored: [stored, other.name].sorted()))
            }
        }
        path = checkpoint.path
        self.entries = entries
        self.layout = layout
        unread = Mutex(Set(entries.keys))
    }

    func has(_ name: String) -> Bool { entries[name] != nil }

    func markRead(_ name: String) {
        unread.withLock { _ = $0.remove(name) }
    }

    func tensor(_ name: String, _ shape: [Int]?) throws -> Tensor {
        try CheckpointError.at(path) {
            guard let entry = entries[name] else {
                throw CheckpointError.missingTensor(name, near: names(near: name))
            }
            if let shape, entry.shape != shape {
                throw CheckpointError.shape(tensor: name, found: entry.shape, expected: shape)
            }
            let tensor = try layout(name, entry.read())
            markRead(name)
            return tensor
        }
    }

    var maps: [NamedMap] { named.withLock { $0 } }

    func name(_ name: String, from: Int, rows: Range<Int>) -> Int {
        named.withLock { maps in
            maps.append(NamedMap(name: name, from: from, rows: rows, place: maps.count))
            return maps.count - 1
        }
    }

    func requireAllRead() throws {
        let names = unread.withLock { $0.sorted() }
        if !names.isEmpty { throw CheckpointError.inFile(path: path, .unread(names)) }
        // This was already done page by page for each packed weight, but the system may have mapped
        // large pages again for their neighbours.
        let files = entries.values.map { (ObjectIdentifier($0.file), $0.file) }
        for file in Dictionary(files, uniquingKeysWith: { first, _ in first }).values {
            file.forgetResidentPages()
        }
    }

    /// The closest names, best first.
    private func names(near name: String) -> [String] {
        let most = max(2, name.utf8.count / 4)
        let candidates = entries.keys.filter { abs($0.utf8.count - name.utf8.count) <= most }
        return candidates.map { (distance: name.editDistance(to: $0), name: $0) }
            .filter { $0.distance <= most }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3).map(\.name)
    }
}
