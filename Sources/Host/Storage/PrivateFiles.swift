import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Protects the host's files from other users of the machine.
package enum PrivateFiles {
    /// What the host itself puts into its data folder; the rest of it is left alone.
    private static let own = [
        "roost.sqlite", "roost.sqlite-wal", "roost.sqlite-shm", "reserve", "admin.key",
    ]
    private static let ownFolders = ["collections", "plugins"]

    /// Makes the files that this process creates from now on readable by its user only.
    package static func maskNewFiles() {
        _ = umask(0o077)
    }

    /// Removes the permissions of others from a data folder and the host's files in it, which an
    /// older host or a person may have created. Links, for example to another disk, are followed,
    /// but not those of another user, who may have put them into a shared folder to change the
    /// permissions of others' files.
    ///
    /// - Returns: the paths whose rights stay as they are, because they belong to somebody else, or
    ///   because others share the folder by intent, as they do `/tmp`.
    package static func close(_ folder: String) -> [String] {
        guard let folder = Paths.resolved(folder), let facts = facts(folder) else { return [] }
        var open: [String] = []
        if facts.mode & S_ISVTX != 0 || !close(folder, facts) { open.append(folder) }
        for path in (own + ownFolders).map({ folder + "/" + $0 }) {
            if isOthersLink(path) {
                open.append(path)
            } else if let path = Paths.resolved(path) {
                open += closeTree(path)
            }
        }
        return open
    }

    private static func isOthersLink(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
            && facts.st_uid != geteuid()
    }

    private static func closeTree(_ path: String) -> [String] {
        guard let facts = facts(path) else { return [] }
        var open = close(path, facts) ? [] : [path]
        guard facts.mode & S_IFMT == S_IFDIR else { return open }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names { open += closeTree(path + "/" + name) }
        return open
    }

    private struct Facts {
        var mode: mode_t
    }

    /// - Returns: nil for what is not there, and for links, whose rights are those of their targets.
    private static func facts(_ path: String) -> Facts? {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFLNK else { return nil }
        return Facts(mode: facts.st_mode)
    }

    private static func close(_ path: String, _ facts: Facts) -> Bool {
        facts.mode & 0o077 == 0 || chmod(path, facts.mode & 0o700) == 0
    }
}
