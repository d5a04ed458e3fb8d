import PluginHost

extension Models {
    /// What looking through the folder of models anew has changed, by name.
    struct Rescan: Equatable {
        var added: [String] = []
        var removed: [String] = []
    }

    /// Adds the models that lie in the folder now, to be loaded on first use, and forgets those that are
    /// gone from it and not loaded.
    ///
    /// - Throws: `APIError` where the settings name no folder, `DeploymentError` while the host stops.
    func rescan() async throws -> Rescan {
        guard let folder else {
            throw APIError.conflict("the settings name no folder of models; set server.models")
        }
        var rescan = Rescan()
        for model in registry.models
        where model.revision == nil && model.source.hasPrefix(folder + "/")
            && !Paths.exists(model.source)
        {
            try await remove(model.name)
            rescan.removed.append(model.name)
        }
        for model in ModelFolder.models(in: folder, besides: settings) {
            try await add(model)
            rescan.added.append(model.name)
        }
        return rescan
    }
}
