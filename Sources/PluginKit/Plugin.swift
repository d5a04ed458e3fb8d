import PluginABI

/// A library of models of one kind: what a plugin is to Roost, as a Swift type.
///
/// The entry point of the library hands the type to the kit:
///
///     @c(roost_plugin_query_v1)
///     public func query(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
///         PluginTable.query(LlamaPlugin.self)
///     }
public protocol Plugin: SendableMetatype {
    /// A reverse domain name, `org.example.markov`.
    static var id: String { get }
    /// A semantic version.
    static var version: String { get }
    /// An SPDX expression.
    static var license: String { get }
    /// The families of models that it serves: `["llama", "mistral"]`.
    static var families: [String] { get }
    static var flags: PluginFlags { get }
    /// Whether every model has files; a plugin without weights says no, and may get an empty path.
    static var needsSource: Bool { get }

    /// Reads headers only and says what opening the files would take.
    ///
    /// - Returns: `nil` when the files are not a model of this plugin.
    static func probe(_ request: OpenRequest) throws -> Probe?

    /// Opens the model at the request's path; the first forward pass after it is fast.
    static func open(_ request: OpenRequest) throws -> any Model
}

extension Plugin {
    public static var flags: PluginFlags { [] }
    public static var needsSource: Bool { true }
}

/// What `probe` found.
public struct Probe: Sendable {
    /// 1 to 100: how well the plugin serves the model.
    public var score: Int
    /// Bytes of the open model, mapped weights included.
    public var bytesHost: UInt64
    /// Bytes of one context at its largest.
    public var bytesPerContext: UInt64
    public var family: String

    public init(score: Int, bytesHost: UInt64, bytesPerContext: UInt64, family: String) {
        self.score = score
        self.bytesHost = bytesHost
        self.bytesPerContext = bytesPerContext
        self.family = family
    }
}

/// Which model to open, and how; valid during the call.
public struct OpenRequest {
    /// A file or a directory; empty where the model has no source.
    public let path: String
    /// The model's own settings of plugins.toml, a JSON object; empty when there are none.
    public let configJSON: String
    /// The most bytes that the model and its contexts may take; `nil` is no limit.
    public let budgetBytes: UInt64?
    public let host: HostServices
    public let call: Call
    let opening: roost_opening
}

extension OpenRequest {
    /// Says how far opening is, for the host to show while the model loads.
    ///
    /// - Parameters:
    ///   - of: 0 is unknown.
    ///   - what: "reading tensors".
    public func tell(_ done: Int, of: Int, _ what: String) {
        guard let tell = opening.tell else { return }
        var what = what
        what.withUTF8 {
            tell(opening.ctx, UInt64(clamping: done), UInt64(clamping: of), roost_str($0))
        }
    }
}
