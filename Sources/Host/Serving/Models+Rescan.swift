import PluginHost

extension Models {
    /// The changes found by a rescan of the folder of models, by name.
    struct Rescan: Equatable {
        var added: [String] = []
        var removed: [String] = []
    }

    /// Adds the models that are in the folder now, to be loaded on first use, and forgets those
    /// that are no longer in it and not loaded.
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
