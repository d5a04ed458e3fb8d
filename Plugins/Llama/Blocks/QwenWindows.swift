import PluginCommon

/// Which layers of Qwen 2 and 3 have a window. Published files have a `sliding_window` that they do not
/// use.
struct QwenWindows: Decodable, Sendable {
    let useSlidingWindow: Bool?
    /// The layers before the first with a window.
    let maxWindowLayers: Int?

    /// How many positions a row of a layer sees; nil for all before it.
    func window(_ layer: Int, _ c: DecoderConfiguration) -> Int? {
        guard useSlidingWindow == true else { return nil }
        let isWindowed =
            c.layerTypes.map { $0[layer] == "sliding_attention" }
            ?? (layer >= maxWindowLayers ?? 28)
        return isWindowed ? c.window : nil
    }
}
