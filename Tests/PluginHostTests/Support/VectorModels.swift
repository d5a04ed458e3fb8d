import PluginHost

/// Opens a model of `Tests/Support/Plugins/vectors.c`.
func openVectors(
    _ isolation: Isolation, config: String = "", limit: Duration = patience,
    log: @escaping LogHandler = { _ in }
) throws -> any LoadedModel {
    try openModel(
        isolation, of: "vectors", config: config, options: testOptions(limit: limit, log: log))
}

extension LoadedModel {
    func vectors(
        of texts: [String], flags: EmbedFlags = [], deadline: Duration? = patience
    ) throws -> [[Float]] {
        try embed(.texts(texts), flags: flags, deadline: deadline).arrays
    }
}

extension FloatRows {
    var arrays: [[Float]] { (0..<count).map { Array(self[$0]) } }
}

/// The ids that `vectors.c` makes of a text.
func vectorTokens(_ text: String, query: Bool = false) -> [Int32] {
    let bytes = text.utf8.map { Int32($0) + 4 }
    return Array(([1] + (query ? [3] : []) + bytes).prefix(63)) + [2]
}
