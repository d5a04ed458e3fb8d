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
    public var pluginError: PluginError { PluginError(.model, description) }
}
