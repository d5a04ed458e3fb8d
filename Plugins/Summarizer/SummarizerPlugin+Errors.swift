import PluginCommon
import PluginKit

extension SummarizerError: PluginErrorConvertible {
    var pluginError: PluginError { PluginError(code, description) }

    private var code: ErrorCode {
        switch self {
        case .unsupported: .unsupported
        case .settings, .unknownSettings, .sequences, .longSource: .argument
        case .configuration, .missing, .range: .model
        }
    }
}
