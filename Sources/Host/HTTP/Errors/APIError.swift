import PluginHost

/// Why a request is refused or its work ended, in the OpenAI API's terms.
package enum APIError: Error, Equatable, Sendable {
    /// The request breaks the rules of HTTP.
    case malformed(String)
    case unknownCoding(String)
    case notJSON(String)
    case notUTF8
    case notAnObject(found: String)
    case missing(param: String, expected: String)
    case invalid(param: String, String)
    case unsupported(param: String, String)
    case bodyTooLarge(limit: Int)
    case bodyTooSlow
    case unsupportedMediaType(String)
    case unsupportedCoding(String)
    case unknownModel(String, known: [String])
    case unknown(String)
    case unknownRoute(method: String, path: String)
    case methodNotAllowed(method: String, allowed: [String])
    case contextLengthExceeded(tokens: Int, context: Int)
    /// With the headers that may bring one.
    case missingKey(headers: [String])
    case missingAdminKey
    case wrongKey
    case forbidden(String)
    case conflict(String)
    /// A newer operation was requested meanwhile.
    case superseded(String)
    /// The same request crashed the model before.
    case takesModelDown(String, retryAfter: Int)
    case overloaded(String, retryAfter: Int)
    case unavailable(String, retryAfter: Int?)
    /// A revision that an admin requested could not be started.
    case notLoadable(String, LoadProblem)
    case stopping
    case modelFailed(String)
    case timedOut(String)
    case storageFull(String)
    case storageFailed(String)
    case clientGone
    case refused(String)
    case broken(String)

    /// The parts of the sentence, for programs.
    package struct LoadProblem: Equatable, Sendable {
        /// `preflight`, `open`, …: one of `LoadStage`.
        var stage: String
        var reason: String
        var fix: String?
        /// The previous revision, which keeps serving.
        var serving: Int?

        /// The new revision is at fault, not a host that cannot start it for now.
        fileprivate var isRefusal: Bool {
            serving != nil && stage != LoadStage.start.rawValue
        }
    }
}

extension APIError {
    /// The status of a response with only this error.
    package var status: Int {
        switch self {
        case .malformed, .notJSON, .notUTF8, .notAnObject, .missing, .invalid, .unsupported,
            .contextLengthExceeded, .refused:
            400
        case .missingKey, .missingAdminKey, .wrongKey: 401
        case .forbidden: 403
        case .unknownModel, .unknown, .unknownRoute: 404
        case .methodNotAllowed: 405
        case .bodyTooSlow: 408
        case .conflict, .superseded: 409
        case .bodyTooLarge: 413
        case .unsupportedMediaType, .unsupportedCoding: 415
        case .takesModelDown: 422
        case .notLoadable(_, let problem) where problem.isRefusal: 422
        case .overloaded: 429
        case .clientGone: 499
        case .broken: 500
        case .unknownCoding: 501
        case .modelFailed: 502
        case .unavailable, .notLoadable, .stopping, .storageFailed: 503
        case .timedOut: 504
        case .storageFull: 507
        }
    }

    package var type: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    package var code: String? {
        switch self {
        case .malformed: "malformed_request"
        case .unknownCoding: "unsupported_transfer_encoding"
        case .notJSON, .notUTF8, .notAnObject: "invalid_json"
        case .missing: "missing_required_parameter"
        case .invalid: "invalid_value"
        case .unsupported: "unsupported_parameter"
        case .bodyTooLarge: "request_too_large"
        case .bodyTooSlow: "request_timeout"
        case .unsupportedMediaType: "unsupported_media_type"
        case .unsupportedCoding: "unsupported_content_encoding"
        case .unknownModel: "model_not_found"
        case .unknown: "not_found"
        case .unknownRoute: "unknown_url"
        case .methodNotAllowed: "method_not_allowed"
        case .contextLengthExceeded: "context_length_exceeded"
        case .missingKey: "missing_api_key"
        case .missingAdminKey: "missing_admin_key"
        case .wrongKey: "invalid_api_key"
        case .forbidden: "forbidden"
        case .conflict: "conflict"
        case .superseded: "superseded"
        case .takesModelDown: "request_fails_model"
        case .overloaded: "overloaded"
        case .unavailable: "model_unavailable"
        case .notLoadable(_, let problem):
            problem.isRefusal ? "reload_refused" : "model_unavailable"
        case .stopping: "shutting_down"
        case .modelFailed: "model_failed"
        case .timedOut: "deadline_exceeded"
        case .storageFull: "storage_full"
        case .storageFailed: "storage_failed"
        case .clientGone: "client_closed_request"
        case .refused, .broken: nil
        }
    }

    /// The parameter at fault, by its path in the request: `messages[2].role`.
    package var param: String? {
        switch self {
        case .missing(let param, _), .invalid(let param, _), .unsupported(let param, _): param
        case .unknownModel: "model"
        default: nil
        }
    }

    /// Seconds after which the same request may succeed.
    package var retryAfter: Int? {
        switch self {
        case .overloaded(_, let seconds), .takesModelDown(_, let seconds): seconds
        case .unavailable(_, let seconds): seconds
        case .stopping: 5
        default: nil
        }
    }
}

extension APIError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let reason), .notJSON(let reason): reason
        case .unknownCoding(let coding):
            "the transfer coding '\(coding)' is not known, expected 'chunked'"
        case .notUTF8: "the body is not UTF-8"
        case .notAnObject(let found): "the body is \(found), expected a JSON object"
        case .missing(let param, let expected): "'\(param)' is missing, expected \(expected)"
        case .invalid(let param, let reason), .unsupported(let param, let reason):
            "'\(param)' \(reason)"
        case .bodyTooSlow:
            "the body came too slowly, expected \(BodyPace.bytesPerSecond) bytes a second"
        case .unsupportedCoding(let coding):
            "the content-encoding '\(coding.prefix(64))' is not understood, expected gzip, deflate or none"
        case .bodyTooLarge(let limit): "the body is larger than \(limit) bytes"
        case .unknownModel(let name, let known): Self.unknownModelText(name, known)
        case .unknownRoute(let method, let path): "there is no route \(method) \(path)"
        case .methodNotAllowed(let method, let allowed):
            "\(method) is not allowed here, expected \(allowed.joined(separator: " or "))"
        case .contextLengthExceeded(let tokens, let context):
            "the prompt has \(tokens) tokens, the model's context is \(context) tokens; shorten the prompt"
        case .missingKey(let headers):
            "a key is required; send the header "
                + headers.map { "'\($0)'" }.joined(separator: " or ")
        case .missingAdminKey:
            "an admin key is required: one of server.admin_keys, else that in admin.key of the data "
                + "folder; `roost open` opens the page with it, programs send the header "
                + "'Authorization: Bearer KEY'"
        case .wrongKey: "the key that was sent is not known here"
        case .clientGone: "the client went away before the answer was complete"
        case .stopping: "the host is shutting down; retry in a moment"
        case .forbidden(let reason), .conflict(let reason), .superseded(let reason),
            .takesModelDown(let reason, _), .overloaded(let reason, _),
            .unknown(let reason), .unavailable(let reason, _), .notLoadable(let reason, _),
            .modelFailed(let reason), .timedOut(let reason), .storageFull(let reason),
            .storageFailed(let reason), .unsupportedMediaType(let reason),
            .refused(let reason), .broken(let reason):
            reason
        }
    }

    private static func unknownModelText(_ name: String, _ known: [String]) -> String {
        let shown = String(name.prefix(128))
        if known.isEmpty {
            return
                "there is no model '\(shown)'; none is configured, add [[models]] to plugins.toml"
        }
        let names = known.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
        return "there is no model '\(shown)', only \(names)" + (known.count > 20 ? ", …" : "")
    }
}
