public import PluginKit
public import TensorRuntime
public import Tokenizers

// What the host is told of errors of the runtime.

extension CheckpointError: PluginErrorConvertible {
    public var pluginError: PluginError {
        PluginError(isAboutFiles ? .io : .model, description)
    }
}

extension TensorError: PluginErrorConvertible {
    public var pluginError: PluginError { PluginError(.model, description) }
}

extension TokenizerError: PluginErrorConvertible {
    public var pluginError: PluginError { PluginError(.model, description + remedy) }

    private var remedy: String {
        switch self {
        case .file(_, let error): error.remedy
        case .unknownPreTokenizer:
            "; if it cuts words as another does, name that one: "
                + "settings = { pre_tokenizer = \"llama-bpe\" }"
        default: ""
        }
    }
}
