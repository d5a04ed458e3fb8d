import PluginCommon
import PluginKit

extension LlamaError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .unsupported: .unsupported
        case .settings, .unknownSettings, .sequences: .argument
        case .configuration, .missing, .range: .model
        }
    }
}
