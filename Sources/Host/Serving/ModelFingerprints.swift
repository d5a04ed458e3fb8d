import FoundationEssentials
import PluginHost
import Synchronization

/// What tells the weights of a model from others: a hash of its files, its settings and its plugin's
/// version, taken once for each generation.
final class ModelFingerprints: Sendable {
    private struct Known {
        let generation: Int?
        let fingerprint: String
    }

    private let settings: [String: String]
    private let known = Mutex<[String: Known]>([:])

    init(_ settings: Settings) {
        self.settings = Dictionary(
            settings.models.map { ($0.name, $0.settings) }, uniquingKeysWith: { first, _ in first })
    }

    func fingerprint(_ name: String, _ models: Models) async throws -> String {
        let status = models.registry.deployment(name)?.status
        let found = known.withLock { $0[name] }
        if let found, found.generation == status?.generation { return found.fingerprint }
        var hash = SHA256()
        hash.update(Array((settings[name] ?? "").utf8))
        hash.update(Array((status?.description?.pluginID ?? "").utf8))
        if let source = status?.source { FileHash.update(&hash, path: source) }
        let fingerprint = String(hash.hexadecimal.prefix(32))
        known.withLock {
            $0[name] = Known(generation: status?.generation, fingerprint: fingerprint)
        }
        return fingerprint
    }
}

/// Hashes of files and folders.
enum FileHash {
    /// Files up to this size are read whole, larger ones at as many places as that takes.
    private static let whole = 64 << 20
    private static let piece = 1 << 20

    /// Adds the names, sizes and contents of a file, or of the files of a folder.
    static func update(_ hash: inout SHA256, path: String) {
        guard Paths.isFolder(path) else { return update(&hash, file: path) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names.sorted() where !name.hasPrefix(".") {
            let file = path + "/" + name
            hash.update(Array((name + "\0").utf8))
            if Paths.isFolder(file) { update(&hash, path: file) } else { update(&hash, file: file) }
        }
    }

    private static func update(_ hash: inout SHA256, file: String) {
        guard let reader = FileReader(file) else { return }
        hash.update(Array("\(reader.size)\0".utf8))
        let pieces = (reader.size + piece - 1) / piece
        let step = max(1, pieces * piece / whole)
        for index in stride(from: 0, to: pieces, by: step) {
            hash.update(reader.bytes(at: index * piece, count: piece))
        }
        if step > 1 { hash.update(reader.bytes(at: max(0, reader.size - piece), count: piece)) }
    }

    /// The hash of a whole file, with what else tells it from others; nil if it cannot be read.
    static func of(_ file: String, and more: String) -> String? {
        guard let reader = FileReader(file) else { return nil }
        var hash = SHA256()
        hash.update(Array(more.utf8))
        for start in stride(from: 0, to: reader.size, by: piece) {
            hash.update(reader.bytes(at: start, count: piece))
        }
        return hash.hexadecimal
    }
}
