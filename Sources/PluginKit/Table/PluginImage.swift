import PluginABI
import Synchronization

/// The state of this library in the process: which plugin it is, and whether it is attached. The kit
/// is linked into each plugin, so there is one image per plugin.
final class PluginImage: Sendable {
    static let shared = PluginImage()

    private struct State {
        var plugin: (any Plugin.Type)?
        var table: Static<roost_plugin>?
        var texts: [String: Static<roost_str>] = [:]
        var attached = false
        var poisoned = false
        var host: HostServices?
        var openModels = 0
    }

    private let state = Mutex(State())

    var host: HostServices? { state.withLock { $0.host } }

    var isPoisoned: Bool { state.withLock { $0.poisoned } }

    /// The table of the plugin, built at the first query.
    func table(of plugin: any Plugin.Type) -> UnsafePointer<roost_plugin> {
        let table = state.withLock { state in
            if let table = state.table { return table }
            let table = Static(PluginTable.make(plugin))
            state.plugin = plugin
            state.table = table
            return table
        }
        return table.pointer
    }

    /// A text at a permanent address; equal texts share one.
    func intern(_ text: String) -> roost_str {
        let copy = state.withLock { state in
            if let known = state.texts[text] { return known }
            let copy = Static(roost_str(static: text))
            state.texts[text] = copy
            return copy
        }
        return copy.pointer.pointee
    }

    func attachedHost() throws -> HostServices {
        guard let host else {
            throw PluginError(.argument, "the plugin is not attached")
        }
        return host
    }

    /// The plugin, once attached.
    func plugin() throws -> any Plugin.Type {
        try state.withLock { state in
            guard let plugin = state.plugin, state.attached else {
                throw PluginError(.argument, "the plugin is not attached")
            }
            return plugin
        }
    }

    func attach(_ host: HostServices) throws {
        try state.withLock { state in
            guard !state.attached else {
                throw PluginError(.busy, "the plugin is already attached")
            }
            state.attached = true
            state.host = host
        }
    }

    func detach() {
        let (host, openModels) = state.withLock { state in
            defer {
                state.attached = false
                state.poisoned = false
                state.host = nil
            }
            return (state.host, state.openModels)
        }
        if openModels > 0 {
            host?.log(.error, "detached with \(openModels) models open", from: "PluginKit")
        }
    }

    func poison() {
        state.withLock { $0.poisoned = true }
    }

    func modelOpened() {
        state.withLock { $0.openModels += 1 }
    }

    func modelClosed() {
        state.withLock { $0.openModels -= 1 }
    }
}
