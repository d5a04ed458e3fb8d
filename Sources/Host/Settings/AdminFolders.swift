#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Settings {
    /// Where a library without a path is looked for, after the executable's folder.
    package var libraryFolders: [String] { server.pluginPath + [folder] }

    /// The places an admin may name over HTTP: those that the settings already name.
    var adminFolders: AdminFolders {
        let libraries = plugins.map { Paths.parent(of: $0.library) }
        return AdminFolders(
            [Paths.executableFolder, folder.isEmpty ? "/" : folder] + server.pluginPath + libraries
                + [server.modelFolder].compactMap { $0 } + models.compactMap(\.source))
    }
}

/// The folders from which libraries and models may be loaded over HTTP.
///
/// A key lets its holder load what the settings' author put there, not anything on the machine.
struct AdminFolders: Sendable {
    private let roots: [String]

    init(_ folders: [String]) {
        roots = folders.compactMap(Paths.resolved)
    }

    /// Whether `path`, with all its links followed, lies in one of the folders.
    func contains(_ path: String) -> Bool {
        guard let path = Paths.resolved(path) else { return false }
        return roots.contains { root in
            path == root || path.hasPrefix(root == "/" ? root : root + "/")
        }
    }
}

extension Paths {
    static func parent(of path: String) -> String {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return folder.count > 1 ? folder.joined(separator: "/") : "/"
    }

    /// The path without links and dots; nil if nothing exists there.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
