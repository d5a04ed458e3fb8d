import Glibc

/// A private copy of a plugin and of the libraries beside it, named by their content.
///
/// The loader hands out the old image for a path it has seen, and a library that is overwritten while
/// mapped changes or kills the running code. So the author's file is never opened by `dlopen`: it is
/// copied to `<store>/<hash>/<name>`, and with it every library that it needs and finds through its
/// run path. The same content gives the same folder, so a reload of an unchanged file costs nothing.
package struct StagedLibrary: Sendable, Equatable {
    /// The author's file.
    package let source: String
    /// Where the copy lies.
    package let path: String
    /// SHA-256 over the names and content hashes of the plugin and its companions, in hexadecimal.
    package let hash: String
    /// The names and content hashes of the libraries that came along, such as `libTensorRuntime.so`.
    package let companions: [String: String]
    /// Keeps the copy from being removed as long as somebody has this value.
    private let folder: StoreFolder

    /// Copies the library at `source` into `store`, unless the copy is there already.
    ///
    /// - Throws: ``StagingError`` or ``ELFError``; the store then holds at most whole, unused copies.
    package static func stage(_ source: String, in store: String) throws -> StagedLibrary {
        for _ in 0..<3 {
            do {
                return try stageOnce(source, in: store)
            } catch StagingError.changing {
                // A build is writing it; what it leaves is the library.
                usleep(50_000)
            }
        }
        return try stageOnce(source, in: store)
    }

    private static func stageOnce(_ source: String, in store: String) throws -> StagedLibrary {
        let name = lastComponent(of: source)
        let plugin = try FileFacts.shared.library(source)
        var files = [name: File(path: source, facts: plugin)]
        try collectCompanions(of: files[name]!, into: &files)
        let hash = contentHash(of: files)
        let folder = try StoreFolder(hash, in: store)
        for (name, file) in files {
            try place(file, at: "\(folder.path)/\(name)")
        }
        files[name] = nil
        return StagedLibrary(
            source: source, path: "\(folder.path)/\(name)", hash: hash,
            companions: files.mapValues(\.facts.hash), folder: folder)
    }

    package static func == (left: StagedLibrary, right: StagedLibrary) -> Bool {
        left.source == right.source && left.path == right.path && left.hash == right.hash
    }

    private struct File {
        let path: String
        let facts: FileFacts.Library
    }

    private static func collectCompanions(
        of file: File, into found: inout [String: File]
    ) throws {
        let search = LibrarySearch(
            runPath: file.facts.runPath.filter { $0.contains("ORIGIN") },
            origin: parentFolder(of: file.path))
        // A name with a slash is a path, which the loader takes as it is.
        for name in file.facts.needed where found[name] == nil && !name.contains("/") {
            guard let path = search.findInRunPath(name) else { continue }
            let companion = File(path: path, facts: try FileFacts.shared.library(path))
            found[name] = companion
            try collectCompanions(of: companion, into: &found)
        }
    }

    private static func contentHash(of files: [String: File]) -> String {
        let lines = files.sorted { $0.key < $1.key }.map { "\($0.value.facts.hash) \($0.key)\0" }
        return SHA256.hexadecimal(Array(lines.joined().utf8))
    }

    /// Models that start at the same time place the same files: the second finds what the first has
    /// written, instead of replacing it under a reader.
    private static let placing = TurnLock()

    /// An existing copy was written complete under its hash; it is still checked before it is
    /// trusted.
    private static func place(_ file: File, at path: String) throws {
        try placing.exclusively {
            if let present = try? FileFacts.shared.hash(path), present == file.facts.hash { return }
            try copyFile(file.path, to: path, hash: file.facts.hash, mode: 0o500)
            FileFacts.shared.note(file.facts.hash, of: path)
        }
    }
}

/// Why a library could not be copied.
package enum StagingError: Error, CustomStringConvertible {
    case unreadable(path: String, errno: Int32)
    case unwritable(path: String, errno: Int32)
    case changing(path: String)

    /// The host may open no more files; the library is not at fault.
    var lacksFiles: Bool {
        switch self {
        case .unreadable(_, EMFILE), .unwritable(_, EMFILE): true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .unreadable(let path, let code):
            "cannot read \(path): \(systemText(code))"
        case .unwritable(let path, let code):
            "cannot write \(path): "
                + systemText(code, remedy: "check the data folder's permissions and free space")
        case .changing(let path):
            "\(path) is being written; try again when that is done"
        }
    }
}
