import PluginHost

/// The libraries and models that an admin may name over HTTP.
struct AdminLibraries: Sendable {
    /// Where relative paths start.
    let folder: String
    private let folders: AdminFolders
    private let registry: DeploymentRegistry<ModelServing>

    init(_ settings: Settings, _ registry: DeploymentRegistry<ModelServing>) {
        folder = settings.folder
        folders = settings.adminFolders
        self.registry = registry
    }

    /// Looks at a library without running anything of it.
    ///
    /// - Parameter library: a file name to search for, or a path.
    /// - Returns: the name, or the path made absolute.
    /// - Throws: `APIError` for what is not there, lies elsewhere or cannot be loaded.
    func checked(library: String, for isolation: Isolation) async throws -> String {
        let name = library.contains("/") ? absolute(library) : library
        let path = try located(name)
        try check(path, param: "library", remedy: "add its folder to server.plugin_path")
        let refusals = await BlockingThread.run("roost-look") {
            Self.refusals(path, in: isolation)
        }
        guard refusals.isEmpty else {
            throw APIError.invalid(
                param: "library", "cannot be loaded: \(refusals.joined(separator: "; "))")
        }
        return name
    }

    /// A path of a request, which may be relative.
    func absolute(_ path: String) -> String {
        Paths(file: folder + "/", environment: [:]).absolute(path)
    }

    func check(source: String) throws {
        try check(
            source, param: "source",
            remedy: "put it into the folder of server.models, or beside the settings file")
    }

    private func located(_ library: String) throws -> String {
        do {
            return try registry.locate(library: library)
        } catch ModelFailure.load(_, let reason) {
            throw APIError.invalid(param: "library", "is not found: \(reason)")
        }
    }

    private func check(_ path: String, param: String, remedy: String) throws {
        guard folders.contains(path) else {
            throw APIError.forbidden(
                "'\(param)' \(path) lies in no folder that the settings name; \(remedy)")
        }
    }

    private static func refusals(_ path: String, in isolation: Isolation) -> [String] {
        do {
            return try ELFPreflight.inspect(path).refusals(in: isolation).map(\.description)
        } catch {
            return [String(describing: error)]
        }
    }
}
