import PluginCommon
import PluginKit

extension BertError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .settings, .unknownSetting, .setting, .token, .input, .taskInput: .argument
        }
    }
}
