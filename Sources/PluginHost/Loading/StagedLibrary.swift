import Glibc

/// A private copy of a plugin and of the libraries that lie beside it, named by their content.
///
/// The loader hands out the old image for a path it has seen, and a library that is overwritten while
/// mapped changes or kills the running code. So the author's file is never opened by `dlopen`: it is
/// copied to `<store>/<hash>/<name>`, and with it every library that it needs and finds through its
/// run path. The same content gives the same folder, so a reload of an unchanged file costs nothing.
package struct StagedLibrary: Sendable, Equatable {
    /// Where the author's file lies.
    package let source: String
    /// Where the copy lies.
    package let path: String
    /// SHA-256 over the names and contents of the plugin and its companions, in hexadecimal.
    package let hash: String
    /// The names and content hashes of the libraries that came along, such as `libTensorRuntime.so`.
    package let companions: [String: String]
    /// Keeps the copy from being removed as long as somebody has this value.
    private let folder: StoreFolder

    /// Copies the library at `source` into `store`.
    ///
    /// - Throws: ``StagingError`` or ``ELFError``; the store then holds at most whole, unused copies.
    package static func stage(_ source: String, in store: String) throws -> StagedLibrary {
        let content = try readFile(source)
        var companions: [String: [UInt8]] = [:]
        try collectCompanions(of: content, in: parentFolder(of: source), into: &companions)
        let name = lastComponent(of: source)
        let files = companions.merging([name: content]) { _, plugin in plugin }
        let hash = contentHash(of: files)
        let folder = try StoreFolder(hash, in: store)
        for (name, content) in files {
            try place(content, at: "\(folder.path)/\(name)")
        }
        return StagedLibrary(
            source: source, path: "\(folder.path)/\(name)", hash: hash,
            companions: companions.mapValues { SHA256.hexadecimal($0) }, folder: folder)
    }

    package static func == (left: StagedLibrary, right: StagedLibrary) -> Bool {
        left.source == right.source && left.path == right.path && left.hash == right.hash
    }

    private static func collectCompanions(
        of content: [UInt8], in folder: String, into found: inout [String: [UInt8]]
    ) throws {
        let file = try ELFFile(content)
        let search = LibrarySearch(
            runPath: try file.runPath.filter { $0.contains("ORIGIN") }, origin: folder)
        // A name with a slash is a path, which the loader takes as it is.
        for name in try file.neededLibraries where found[name] == nil && !name.contains("/") {
            guard let path = search.findInRunPath(name) else { continue }
            let companion = try readFile(path)
            found[name] = companion
            try collectCompanions(of: companion, in: parentFolder(of: path), into: &found)
        }
    }

    private static func contentHash(of files: [String: [UInt8]]) -> String {
        var hash = SHA256()
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            hash.update(Array("\(name)\0\(content.count)\0".utf8))
            hash.update(content)
        }
        return hash.hexadecimal
    }

    /// A copy that is already there was written whole under its hash; it is trusted only after a look.
    private static func place(_ content: [UInt8], at path: String) throws {
        if let present = try? readFile(path), present == content { return }
        try writeFileAtomically(content, to: path, mode: 0o500)
    }
}

/// Why a library could not be copied.
package enum StagingError: Error, CustomStringConvertible {
    case unreadable(path: String, errno: Int32)
    case unwritable(path: String, errno: Int32)

    package var description: String {
        switch self {
        case .unreadable(let path, let code):
            "cannot read \(path): \(String(cString: strerror(code)))"
        case .unwritable(let path, let code):
            "cannot write \(path): \(String(cString: strerror(code))); check the data folder's "
                + "permissions and free space"
        }
    }
}
