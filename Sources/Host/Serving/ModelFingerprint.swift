import FoundationEssentials
import PluginHost

/// Identifies the weights of a model: a hash of its files, its settings and its plugin.
enum ModelFingerprint {
    /// Reads the files on a thread that may wait for the disk.
    static func of(
        _ source: String, and facts: String, reading extent: FileHash.Extent = .most
    ) async -> String {
        await BlockingThread.run("roost-hash") {
            var hash = SHA256()
            hash.update(Array(facts.utf8))
            if !source.isEmpty { FileHash.update(&hash, path: source, extent) }
            return String(hash.hexadecimal.prefix(32))
        }
    }
}

/// Hashes of files and folders.
enum FileHash {
    /// How much of a file is read: files up to `whole` bytes completely, larger ones that much in
    /// samples.
    enum Extent: Int {
        case most = 0x400_0000
        /// Enough to detect other weights: training changes nearly all of them.
        case parts = 0x40_0000

        var whole: Int { rawValue }
        var piece: Int { whole / 64 }
    }

    /// Bytes of a read of a whole file.
    private static let piece = 1 << 20

    /// Adds the names, sizes and contents of a file, or of the files of a folder.
    static func update(_ hash: inout SHA256, path: String, _ extent: Extent) {
        guard Paths.isFolder(path) else { return update(&hash, file: path, extent) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names.sorted() where !name.hasPrefix(".") {
            let file = path + "/" + name
            hash.update(Array((name + "\0").utf8))
            if Paths.isFolder(file) {
                update(&hash, path: file, extent)
            } else {
                update(&hash, file: file, extent)
            }
        }
    }

    private static func update(_ hash: inout SHA256, file: String, _ extent: Extent) {
        guard let reader = FileReader(file) else { return }
        let piece = extent.piece
        hash.update(Array("\(reader.size)\0".utf8))
        let pieces = (reader.size + piece - 1) / piece
        let step = max(1, pieces * piece / extent.whole)
        for index in stride(from: 0, to: pieces, by: step) {
            hash.update(reader.bytes(at: index * piece, count: piece))
        }
        if step > 1 { hash.update(reader.bytes(at: max(0, reader.size - piece), count: piece)) }
    }

    /// The hash of a whole file, together with its identity; nil if it cannot be read.
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
