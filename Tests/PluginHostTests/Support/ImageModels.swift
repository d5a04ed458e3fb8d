import PluginHost

/// Opens a model of `Tests/Support/Plugins/painter.c`.
func openPainter(
    _ isolation: Isolation, config: String = "", limit: Duration = patience,
    log: @escaping LogHandler = { _ in }
) throws -> any LoadedModel {
    try openModel(
        isolation, of: "painter", config: config, options: testOptions(limit: limit, log: log))
}

extension LoadedModel {
    /// Makes steps until the image is done.
    func paint(_ id: JobID) throws -> RGBImage {
        while try !stepImage(id, deadline: patience).done {}
        return try finishImage(id, deadline: patience)
    }

    /// An image from its beginning to its end.
    func paint(_ request: ImageRequest) throws -> RGBImage {
        let id = try beginImage(request, deadline: patience)
        let image = try paint(id)
        try endJob(id)
        return image
    }
}

extension ImageRequest {
    init(_ prompt: String, width: Int = 0, height: Int = 0, steps: Int = 0, seed: UInt64 = 0) {
        self.init(prompt: prompt)
        self.width = width
        self.height = height
        self.steps = steps
        self.seed = seed
    }
}
