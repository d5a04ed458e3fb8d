import Deflate
import Engine
import NIOHTTP1
import PluginHost
import SearchCollections
import Services

extension APIError {
    /// What a client is told about an error of a lower layer, without paths of this machine.
    package init(_ error: any Error) {
        let whole = APIError(whole: error)
        self = error is APIError ? whole : whole.withoutFolders
    }

    /// As an admin is told.
    init(whole error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as EngineError: self.init(error)
        case let failure as ModelFailure: self.init(failure)
        case let error as DeploymentError: self.init(error)
        case let error as CollectionError: self.init(error)
        case let error as TaskRefusal: self.init(error)
        case let error as AdapterError: self.init(error)
        case let error as SourceParts.TooLong:
            self = .contextLengthExceeded(tokens: error.tokens, context: error.most)
        case let error as GroundedPrompt.TooLong:
            self = .contextLengthExceeded(tokens: error.tokens, context: error.room)
        case let error as GroundedPrompt.Refusal: self = .refused(error.reason)
        case EarlyEnd.hostStopping: self = .stopping
        case EarlyEnd.clientGone, is CancellationError: self = .clientGone
        case is HTTPParserError: self = .malformed("the request's body is not valid HTTP")
        case is BodyTooSlow: self = .bodyTooSlow
        case StorageError.full: self = .storageFull(String(describing: error))
        case let error as StorageError: self = .storageFailed(error.publicDescription)
        case let error as InflateError: self = .refused(String(describing: error))
        default:
            self = .broken("an unexpected error; the host's log says which, by the request's id")
        }
    }

    private init(_ error: EngineError) {
        let text = String(describing: error)
        switch error {
        case .overloaded(_, let after):
            self = .overloaded(text, retryAfter: Int(max(1, after.wholeSeconds)))
        case .unavailable, .draining, .stopped:
            let after = error.retryAfter.map { Int(max(1, $0.wholeSeconds)) }
            self = .unavailable(text, retryAfter: after)
        case .emptyPrompt, .unknownToken: self = .invalid(param: "prompt", "is refused: \(text)")
        case .promptTooLong(let tokens, let context):
            self = .contextLengthExceeded(tokens: tokens, context: context)
        case .sourceTooLong(let tokens, let limit):
            self = .contextLengthExceeded(tokens: tokens, context: limit)
        case .invalidParameter(let name, let reason): self = .invalid(param: name, reason)
        case .deadlineExceeded: self = .timedOut(text)
        case .modelFailed, .invalidLogits: self = .modelFailed(text)
        case .takesModelDown(let after):
            self = .takesModelDown(text, retryAfter: Int(max(1, after.wholeSeconds)))
        case .unsupported: self = .refused(text)
        }
    }

    private init(_ refusal: TaskRefusal) {
        let text = String(describing: refusal)
        switch refusal {
        case .unknown: self = .unknown(text)
        // The request itself may be right.
        case .notServed: self = .broken(text)
        }
    }

    private init(_ error: AdapterError) {
        let text = String(describing: error)
        switch error {
        case .unknown: self = .unknown(text)
        case .unusable: self = .unavailable(text, retryAfter: nil)
        case .name: self = .invalid(param: "name", "is refused: \(text)")
        case .failed: self = .invalid(param: "source", "is refused: \(text)")
        case .exists, .noModel, .inUse: self = .conflict(text)
        }
    }

    private init(_ error: DeploymentError) {
        let text = String(describing: error)
        switch error {
        case .unknownModel(let name, let known): self = .unknownModel(name, known: known)
        case .unknownPlugin: self = .unknown(text)
        case .modelExists, .pluginExists, .pluginInUse, .conflict: self = .conflict(text)
        case .notLoaded: self = .unavailable(text, retryAfter: nil)
        case .failed: self = .unavailable(text, retryAfter: nil)
        case .superseded(_, by: .stop), .stopping: self = .stopping
        case .superseded: self = .superseded(text)
        }
    }

    /// What an admin is told, with stages and paths.
    init(toAdmin error: any Error) {
        guard
            case DeploymentError.failed(_, let stage, let reason, let fix, let serving) = error
        else {
            self.init(error)
            return
        }
        self = .notLoadable(
            String(describing: error),
            LoadProblem(stage: stage.rawValue, reason: reason, fix: fix, serving: serving))
    }

    private init(_ failure: ModelFailure) {
        let text = String(describing: failure)
        switch failure {
        case .refused(.argument, _, _), .refused(.unsupported, _, _): self = .refused(text)
        case .refused, .broken, .crashed, .hung: self = .modelFailed(text)
        case .load: self = .unavailable("the model cannot be loaded: \(text)", retryAfter: nil)
        case .unavailable(_, let after):
            self = .unavailable(text, retryAfter: after.map { Int(max(1, $0.wholeSeconds)) })
        }
    }
}

// MARK: - Collections

extension APIError {
    private init(_ error: CollectionError) {
        let text = String(describing: error)
        switch error {
        case .invalidName:
            self = .invalid(param: "name", "is none, expected \(CollectionName.rule)")
        case .unknownCollection, .unknownDocument: self = .unknown(text)
        case .unknownColumn(_, let parameter, _):
            self = .invalid(param: parameter, "is wrong: \(text)")
        case .invalidFilter: self = .invalid(param: "filter", "is refused: \(text)")
        case .invalidQuery(let parameter, let reason): self = .invalid(param: parameter, reason)
        case .invalidRow, .tooManyColumns, .notRows, .textAfterArray, .cutShort, .noRows,
            .noRowWithin, .badCompression:
            self = .refused(text)
        case .otherFile: self = .unsupportedMediaType(text)
        case .tooManyBytes(let limit): self = .bodyTooLarge(limit: limit)
        case .noVectors, .otherModel, .replaced: self = .conflict(text)
        case .closed: self = .stopping
        case .storageFull: self = .storageFull(text)
        case .folderInUse, .cannotOpen, .storage: self = .storageFailed(error.publicDescription)
        }
    }
}

// MARK: - Paths

extension APIError {
    private var withoutFolders: APIError {
        switch self {
        case .unavailable(let text, let after):
            .unavailable(text.withoutFolders, retryAfter: after)
        case .modelFailed(let text): .modelFailed(text.withoutFolders)
        case .refused(let text): .refused(text.withoutFolders)
        case .conflict(let text): .conflict(text.withoutFolders)
        default: self
        }
    }
}
