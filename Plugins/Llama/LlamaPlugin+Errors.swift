import PluginCommon
import PluginKit

extension LlamaError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .settings, .unknownSettings, .setting, .missingSetting, .token, .sequences: .argument
        case .adapter: .model
        }
    }
}
