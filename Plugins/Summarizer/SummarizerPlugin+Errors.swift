import PluginCommon
import PluginKit

extension SummarizerError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .settings, .unknownSettings, .sequences, .longSource: .argument
        }
    }
}
