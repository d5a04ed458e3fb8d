import FoundationEssentials
import PluginCommon
import PluginKit
import TensorRuntime

extension DecoderCheckpoint {
    func info() throws -> ModelInfo {
        var info = ModelInfo(
            architecture: decoder.family.architecture,
            parameters: checkpoint.tensors.values.parameters,
            contextLength: configuration.contextLength,
            quantization: checkpoint.tensors.values.storedType?.name)
        switch checkpoint.metadata {
        case .gguf(let metadata):
            info.name = try metadata.string(ifPresent: "general.name")
            info.license = try metadata.string(ifPresent: "general.license")
            info.chatTemplate = try metadata.string(ifPresent: "tokenizer.chat_template")
            for name in Self.templateNames {
                info.chatTemplates[name] =
                    try metadata.string(ifPresent: "tokenizer.chat_template.\(name)")
            }
        case .huggingFace(let metadata):
            info.name = metadata.directory.split(separator: "/").last.map(String.init)
            info.chatTemplate = Self.chatTemplate(in: metadata.directory)
            info.chatTemplates = Self.namedTemplates(in: metadata.directory)
        }
        return info
    }

    /// The separate file if there is one; transformers prefers it too.
    private static func chatTemplate(in directory: String) -> String? {
        let files = FileManager.default
        if let file = files.contents(atPath: "\(directory)/chat_template.jinja") {
            return String(decoding: file, as: UTF8.self)
        }
        guard let file = files.contents(atPath: "\(directory)/tokenizer_config.json") else {
            return nil
        }
        return (try? TokenizerConfiguration(json: file))?.chatTemplate?.text
    }

    /// The names that published models use, besides that of the usual template.
    private static let templateNames = ["tool_use", "rag"]

    /// Those of the configuration, and the files of a folder, as transformers writes them.
    private static func namedTemplates(in directory: String) -> [String: String] {
        let files = FileManager.default
        var templates =
            files.contents(atPath: "\(directory)/tokenizer_config.json").flatMap {
                try? TokenizerConfiguration(json: $0).chatTemplate?.others
            } ?? [:]
        let folder = "\(directory)/additional_chat_templates"
        for file in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
            guard file.hasSuffix(".jinja"), let text = files.contents(atPath: "\(folder)/\(file)")
            else { continue }
            templates[String(file.dropLast(".jinja".count))] = String(decoding: text, as: UTF8.self)
        }
        return templates
    }

    private struct TokenizerConfiguration: Decodable {
        let chatTemplate: Template?
    }

    /// One template, or several with names of which `default` is for chat.
    private enum Template: Decodable {
        case one(String)
        case named([Named])

        struct Named: Decodable {
            let name: String
            let template: String
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .one(text)
            } else {
                self = .named(try container.decode([Named].self))
            }
        }

        /// Those with other names.
        var others: [String: String] {
            guard case .named(let templates) = self else { return [:] }
            return Dictionary(
                templates.filter { $0.name != "default" }.map { ($0.name, $0.template) },
                uniquingKeysWith: { $1 })
        }

        var text: String? {
            switch self {
            case .one(let text): text
            case .named(let templates): templates.first { $0.name == "default" }?.template
            }
        }
    }
}
