import JSON

/// Why a command that talks to a host failed.
package enum ClientError: Error {
    case noAnswer(HostURL, reason: String)
    case refused(status: Int, message: String)
    case notUnderstood(String)
    case notWritten(String, reason: String)
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noAnswer(let url, let reason):
            "no host answers at \(url) (\(reason)); start one with `roost serve`, or name it with --url"
        case .refused(_, let message): message.printable
        case .notWritten(let path, let reason): "cannot write \(path): \(reason)"
        case .notUnderstood(let what): "the host's answer is not understood: \(what)"
        }
    }

    /// What an error response, or an error event of a stream, says.
    init(status: Int, body: [UInt8]) {
        let error = (try? JSONValue(parsing: body))?["error"]
        self = .refused(status: status, message: error?["message"]?.string ?? "status \(status)")
    }
}
