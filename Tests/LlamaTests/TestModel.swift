import PluginABI
import PluginTesting

extension PluginLibrary {
    static let llama = PluginLibrary("libLlama.so")
}

extension TestModel {
    /// - Parameter settings: F32 keys and values unless said otherwise.
    convenience init(
        _ path: String, settings: String = #"{"cache_type": "f32"}"#, budget: UInt64 = 0
    ) throws {
        try self.init(.llama, path, settings: settings, budget: budget)
    }
}

/// What `probe` says of a path.
func probe(_ path: String) throws -> roost_probe { try PluginLibrary.llama.probe(path) }
