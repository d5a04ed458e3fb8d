import FoundationEssentials
import PluginHost

/// What tells the weights of a model from others: a hash of its files, its settings and its plugin.
enum ModelFingerprint {
    /// Reads the files on a thread that may wait for the disk.
    static func of(_ source: String, and facts: String) async -> String {
        await BlockingThread.run("roost-hash") {
            var hash = SHA256()
            hash.update(Array(facts.utf8))
            if !source.isEmpty { FileHash.update(&hash, path: source) }
            return String(hash.hexadecimal.prefix(32))
        }
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
