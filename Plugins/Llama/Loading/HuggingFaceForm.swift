import ModelJSON
import PluginCommon
import TensorRuntime

/// How Hugging Face's files store a family, where they differ from most families'.
struct HuggingFaceForm: Sendable {
    /// The folder of the network, which files of its bare class leave out.
    var network = "model"
    var layers = "layers"
    /// The folders outside the layers, by the file's, without that of the network.
    var outerNames: [String: String] = [:]
    /// The folders within a layer, by the file's.
    var layerNames: [String: String] = [:]
    /// The family's keys of config.json, by those that most families have.
    var keys: [String: String] = [:]
    /// What follows from the other keys where the file does not say it.
    var defaults: @Sendable (ConfigurationKeys) -> [String: JSON] = { _ in [:] }
    var layout = TensorLayouts.asItIs
    /// What no network reads, by how the names end.
    var buffers: [String] = []
    /// What this network does not read, such as layers that draft tokens, by how the names begin.
    var ignored: [String] = []
    /// The class of files that have more than this network, such as one for images: its configuration
    /// stands in their `text_config`, and its tensors in a folder `language_model` of the network's.
    var composite: String?
}

extension HuggingFaceForm {
    /// Of the files of the composite class.
    func ofComposite() -> HuggingFaceForm {
        var form = self
        form.network = "\(network).language_model"
        form.ignored.append("\(network).visual.")
        return form
    }
}

// MARK: - Tensors

extension HuggingFaceForm {
    /// Early checkpoints carry the rotary frequencies, which follow from the configuration.
    private static let buffers = ["rotary_emb.inv_freq"]
    /// The folders outside the network.
    private static let heads = ["lm_head", "score"]

    /// The network's name of a stored tensor; nil for one that no network reads. A name outside the
    /// network's folder that is not in the table stays as it is.
    ///
    /// - Parameter isBare: whether the file leaves that folder out.
    func networkName(_ stored: String, isBare: Bool) -> String? {
        if (Self.buffers + buffers).contains(where: stored.hasSuffix) { return nil }
        if ignored.contains(where: stored.hasPrefix) { return nil }
        let (folder, leaf) = stored.splitAtLastDot
        if let outer = outerNames[folder] { return "\(outer).\(leaf)" }
        guard isBare ? !Self.heads.contains(folder) : folder.hasPrefix("\(network).") else {
            return stored
        }
        let own = isBare ? folder[...] : folder.dropFirst(network.count + 1)
        if let outer = outerNames[String(own)] { return "\(outer).\(leaf)" }
        guard own.hasPrefix("\(layers).") else { return "model.\(own).\(leaf)" }
        let inner = own.dropFirst(layers.count + 1)
        let number = inner.prefix { $0 != "." }
        let part = inner.dropFirst(number.count + 1)
        let name = layerNames[String(part)] ?? String(part)
        return (["model.layers", String(number), name].filter { !$0.isEmpty } + [leaf])
            .joined(separator: ".")
    }
}

extension String {
    /// A tensor's folder and its name in it.
    fileprivate var splitAtLastDot: (folder: String, leaf: String) {
        guard let dot = lastIndex(of: ".") else { return ("", self) }
        return (String(self[..<dot]), String(self[index(after: dot)...]))
    }
}

// MARK: - Configuration

extension HuggingFaceForm {
    /// What stands in `text_config`, and the keys beside it that it lacks.
    static func textConfiguration(_ file: ConfigurationFile) throws -> ConfigurationFile {
        guard case .object(let outer) = try file.value(),
            case .object(let inner)? = outer.first(where: { $0.key == "text_config" })?.value
        else { throw ConfigurationError.missing("text_config") }
        let known = Set(inner.map(\.key))
        return ConfigurationFile(
            name: file.name, .object(inner + outer.filter { !known.contains($0.key) }))
    }

    /// `config.json` with the keys that most families have.
    func configuration(_ file: ConfigurationFile) throws -> ConfigurationFile {
        guard case .object(var members) = try file.value() else { return file }
        var known = Set(members.filter { !$0.value.isNull }.map(\.key))
        for (key, own) in keys where !known.contains(key) {
            guard let value = members.first(where: { $0.key == own })?.value else { continue }
            members.append((key, value))
            known.insert(key)
        }
        for (key, value) in defaults(ConfigurationKeys(members)) where !known.contains(key) {
            members.append((key, value))
            known.insert(key)
        }
        let kept = members.filter { !$0.value.isNull || !known.contains($0.key) }
        return ConfigurationFile(name: file.name, .object(kept))
    }
}

/// The keys of `config.json`.
struct ConfigurationKeys {
    private let members: [String: JSON]

    init(_ members: [(key: String, value: JSON)]) {
        self.members = Dictionary(members, uniquingKeysWith: { first, _ in first })
    }

    func int(_ key: String) -> Int? {
        if case .integer(let value)? = members[key] { value } else { nil }
    }

    func bool(_ key: String) -> Bool? {
        if case .bool(let value)? = members[key] { value } else { nil }
    }

    /// A multiple of a size; nil of one that the file does not have or that no machine has.
    func int(_ key: String, times factor: Int) -> JSON? {
        int(key).flatMap { size in
            let (product, overflows) = size.multipliedReportingOverflow(by: factor)
            return overflows ? nil : .integer(product)
        }
    }
}

extension JSON {
    fileprivate var isNull: Bool { if case .null = self { true } else { false } }
}
