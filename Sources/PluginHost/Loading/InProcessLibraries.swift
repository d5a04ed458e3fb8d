/// The plugins that this process has attached: each image once, for ever.
final class InProcessLibraries: Sendable {
    static let shared = InProcessLibraries()

    private let attached = Monitor<[String: PluginLibrary]>([:])
    private let loader = SerialThread("roost-attach")

    /// The library at a staged path, attached now if it was not.
    func library(_ path: String, log: @escaping LogHandler) throws -> PluginLibrary {
        try loader.run { [attached] in
            if let library = attached.withLock({ $0[path] }) { return library }
            let plugin = try PluginImage(path, trace: .none).query(.inProcess, trace: .none)
            let library = try PluginLibrary(plugin, trace: .none, log: log)
            attached.withLock { $0[path] = library }
            return library
        }
    }
}
