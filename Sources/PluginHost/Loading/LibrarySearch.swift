import Glibc

/// Where the dynamic loader would look for a `DT_NEEDED` name: `LD_LIBRARY_PATH`, the file's run path,
/// the libraries this process has already, then the system's folders.
struct LibrarySearch {
    let runPath: [String]
    /// What `$ORIGIN` stands for.
    let origin: String

    /// - Returns: a path, or the name itself where the loader finds it by its own means.
    func find(_ name: String) -> String? {
        if let beside = findInRunPath(name) { return beside }
        let environment = getenv("LD_LIBRARY_PATH").map { String(cString: $0) } ?? ""
        for folder in environment.split(separator: ":") where isReadable("\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        return isKnownToLoader(name) ? name : nil
    }

    func findInRunPath(_ name: String) -> String? {
        runPath.lazy
            .map { $0.replacingOrigin(with: origin) + "/" + name }
            .first(where: isReadable)
    }

    private static let systemFolders: [String] =
        ["/lib", "/usr/lib", "/lib64", "/usr/lib64"] + configuredFolders

    /// The folders that ldconfig(8) is told of.
    private static var configuredFolders: [String] {
        let folder = "/etc/ld.so.conf.d"
        let files = ["/etc/ld.so.conf"] + names(in: folder).map { "\(folder)/\($0)" }
        return files.flatMap { file in
            let text = (try? readFile(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.split(whereSeparator: \.isWhitespace).map(String.init)
                .filter { $0.hasPrefix("/") && !$0.hasSuffix(".conf") }
        }
    }

    /// `RTLD_NOLOAD` asks only whether the library is mapped: nothing of it runs.
    private func isKnownToLoader(_ name: String) -> Bool {
        if let handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD) {
            dlclose(handle)
            return true
        }
        return Self.systemFolders.contains { isReadable("\($0)/\(name)") }
    }

    private func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}

extension String {
    fileprivate func replacingOrigin(with folder: String) -> String {
        for spelling in ["$ORIGIN", "${ORIGIN}"] where hasPrefix(spelling) {
            return folder + dropFirst(spelling.count)
        }
        return self
    }
}

/// Finds the library that the settings name.
struct PluginLocator: Sendable {
    let folders: [String]

    /// - Parameter pluginPath: folders to search after the executable's own.
    init(pluginPath: [String]) {
        folders = [Self.executableFolder] + pluginPath
    }

    /// - Parameter library: a name without a slash is searched for, anything else is a path.
    /// - Throws: `.load(stage: .find)` with the places searched.
    func find(_ library: String) throws -> String {
        let candidates = library.contains("/") ? [library] : folders.map { "\($0)/\(library)" }
        if let found = candidates.first(where: { access($0, R_OK) == 0 }) { return found }
        let reason =
            library.contains("/")
            ? "\(library) does not exist or cannot be read"
            : "\(library) is in none of \(folders.joined(separator: ", ")); "
                + "build it, or add its folder to plugin_path"
        throw ModelFailure.load(stage: .find, reason: reason)
    }

    private static let executableFolder: String = {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        return count > 0 ? parentFolder(of: String(decoding: path[..<count], as: UTF8.self)) : "."
    }()
}
