import Glibc
import Synchronization

/// What has been read of libraries, so that no file is read twice while it is the same.
final class FileFacts: Sendable {
    static let shared = FileFacts()

    /// What of a library says where its copy goes and what goes along.
    struct Library: Sendable {
        let hash: String
        let needed: [String]
        let runPath: [String]
    }

    private struct Known {
        var hashes: [FileIdentity: String] = [:]
        var libraries: [FileIdentity: Library] = [:]
    }

    /// Files of the past are forgotten all at once, and those of the present read once more.
    private static let most = 512

    private let known = Mutex(Known())
    /// One file at a time is read: whoever waits finds it known, and there is one in memory.
    private let reading = TurnLock()

    /// - Throws: ``StagingError`` or ``ELFError``.
    func library(_ path: String) throws -> Library {
        if let library = try known.withLock({ try $0.libraries[FileIdentity(path)] }) {
            return library
        }
        return try reading.exclusively {
            if let library = try known.withLock({ try $0.libraries[FileIdentity(path)] }) {
                return library
            }
            let snapshot = try FileSnapshot(path)
            let file = try ELFFile(snapshot)
            var hash = SHA256()
            hash.update(snapshot.bytes)
            let library = Library(
                hash: hash.hexadecimal, needed: try file.neededLibraries,
                runPath: try file.runPath)
            note(snapshot.identity) { $0.libraries[snapshot.identity] = library }
            return library
        }
    }

    /// The SHA-256 of a file, in hexadecimal.
    func hash(_ path: String) throws -> String {
        if let hash = try known.withLock({ try $0.hashes[FileIdentity(path)] }) { return hash }
        return try reading.exclusively {
            if let hash = try known.withLock({ try $0.hashes[FileIdentity(path)] }) { return hash }
            let descriptor = try openFile(path)
            defer { close(descriptor) }
            let identity = try FileIdentity(of: descriptor, at: path)
            var hash = SHA256()
            try forEachPiece(of: descriptor, path) { piece in
                hash.update(piece)
                return true
            }
            guard try FileIdentity(of: descriptor, at: path).hasContent(of: identity) else {
                throw StagingError.changing(path: path)
            }
            let digest = hash.hexadecimal
            note(identity) { $0.hashes[identity] = digest }
            return digest
        }
    }

    /// Takes the word of who has just written a file that nobody else writes.
    func note(_ hash: String, of path: String) {
        guard let identity = try? FileIdentity(path) else { return }
        known.withLock { $0.hashes[identity] = hash }
    }

    private func note(_ identity: FileIdentity, _ change: (inout Known) -> Void) {
        guard identity.isSettled else { return }
        known.withLock { known in
            if known.hashes.count + known.libraries.count >= Self.most { known = Known() }
            change(&known)
        }
    }
}
