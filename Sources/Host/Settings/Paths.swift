import FoundationEssentials

/// Paths as a settings file writes them: `~` is the home folder, the rest is relative to the file.
struct Paths {
    /// The folder of the settings file, absolute.
    let base: String
    let environment: [String: String]

    init(file: String, environment: [String: String]) {
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let absolute = file.hasPrefix("/")
        let here = FileManager.default.currentDirectoryPath
        base = (absolute ? folder : [here[...]] + folder).joined(separator: "/")
        self.environment = environment
    }

    func absolute(_ path: String) -> String {
        if path == "~" || path.hasPrefix("~/") {
            return (environment["HOME"] ?? "") + path.dropFirst()
        }
        if path.hasPrefix("/") { return path }
        return base + "/" + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    static func isFolder(_ path: String) -> Bool {
        var folder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder
    }

    /// The folder of the running executable, where the plugins of a build lie.
    static let executableFolder: String = {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = link ?? CommandLine.arguments[0]
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
    }()
}

/// Finds the library that `library` of `[plugins.NAME]` names.
struct LibraryFolders {
    let paths: Paths
    /// `plugin_path` of `[server]`.
    let folders: [String]

    /// - Returns: the file, or where it was looked for.
    func find(_ library: String) -> Result<String, NotFound> {
        let candidates =
            library.contains("/")
            ? [paths.absolute(library)]
            : ([Paths.executableFolder] + folders + [paths.base]).map { $0 + "/" + library }
        if let found = candidates.first(where: Paths.exists) { return .success(found) }
        return .failure(NotFound(searched: candidates))
    }

    struct NotFound: Error {
        let searched: [String]
    }
}
