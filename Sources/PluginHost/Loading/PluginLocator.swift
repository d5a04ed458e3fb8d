import Glibc

/// Finds the library that the settings name.
struct PluginLocator: Sendable {
    let folders: [String]

    /// - Parameter pluginPath: folders to search after the executable's own.
    init(pluginPath: [String]) {
        folders = [Self.executableFolder] + pluginPath
    }

    /// - Parameter library: a name without a slash is searched for, anything else is a path.
    /// - Throws: `.load(stage: .find)` with the places that were looked at.
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
