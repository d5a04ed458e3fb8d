import PluginCommon
import PluginKit

/// What the files beside the weights say about how the model writes and what it reads.
struct WritingSettings {
    let defaults: GenerationDefaults
    let sourcePrefix: String?
    let decoderStart: Int32?

    /// The parameters of the task come first, then `generation_config.json`, then `config.json`.
    ///
    /// - Throws: `ConfigurationError.file` naming a value of the wrong kind.
    init(configuration: ConfigurationFile, generation: ConfigurationFile?) throws {
        let general = try configuration.decode(Configuration.self)
        let task = try configuration.decodeVerbatim(Tasks.self).task_specific_params?.summarization
        let own = try generation?.decode(Configuration.self)
        var defaults = task?.defaults ?? GenerationDefaults()
        if let generation {
            defaults = defaults.merging(try generation.decodeVerbatim())
        }
        self.defaults = defaults.merging(try configuration.decodeVerbatim())
        let prefix = task?.prefix ?? general.prefix
        sourcePrefix = prefix?.isEmpty == false ? prefix : nil
        decoderStart = general.decoderStartTokenId ?? own?.decoderStartTokenId
    }

    private struct Configuration: Decodable {
        let decoderStartTokenId: Int32?
        let prefix: String?
    }

    private struct Tasks: Decodable {
        let task_specific_params: Parameters?

        struct Parameters: Decodable {
            let summarization: Task?
        }

        struct Task: Decodable {
            let prefix: String?
            let defaults: GenerationDefaults

            private enum CodingKeys: CodingKey {
                case prefix
            }

            init(from decoder: any Decoder) throws {
                prefix = try decoder.container(keyedBy: CodingKeys.self)
                    .decodeIfPresent(String.self, forKey: .prefix)
                defaults = try GenerationDefaults(from: decoder)
            }
        }
    }
}
