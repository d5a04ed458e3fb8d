/// Why an operation on a deployment failed; the host turns it into an HTTP status.
package enum DeploymentError: Error, Sendable, Equatable {
    case unknownModel(String, known: [String])
    case unknownPlugin(String, known: [String])
    case modelExists(String)
    case pluginExists(String)
    /// A plugin cannot be forgotten while models are served by it or name it.
    case pluginInUse(String, models: [String])
    /// A reload expected another revision than there is.
    case conflict(model: String, expected: Int, found: Int?)
    case notLoaded(model: String, reason: String?)
    /// A revision could not be started.
    ///
    /// - Parameters:
    ///   - fix: how to mend it, if the library's file shows that.
    ///   - serving: the previous revision, which keeps serving.
    case failed(
        model: String, stage: LoadStage, reason: String, fix: String? = nil, serving: Int? = nil)
    /// A newer operation was requested while the model was starting.
    case superseded(model: String, by: Wish)
    case stopping
}

extension DeploymentError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownModel(let name, let known):
            "no model is named '\(name)'; there is \(list(known))"
        case .unknownPlugin(let name, let known):
            "no plugin is named '\(name)'; there is \(list(known))"
        case .modelExists(let name): "a model is named '\(name)' already"
        case .pluginExists(let name): "a plugin is named '\(name)' already"
        case .pluginInUse(let name, let models):
            "plugin '\(name)' is needed by \(list(models)); unload or remove them first"
        case .conflict(let model, let expected, let found):
            "model '\(model)' is at \(found.map { "generation \($0)" } ?? "no generation"), "
                + "expected \(expected)"
        case .notLoaded(let model, let reason):
            "model '\(model)' is not loaded" + (reason.map { "; \($0)" } ?? "")
        case .failed(let model, let stage, let reason, let fix, let serving):
            "model '\(model)' could not be loaded, at \(stage.rawValue): \(reason)"
                + (fix.map { "; \($0)" } ?? "")
                + (serving.map { "; generation \($0) goes on serving" } ?? "")
        case .superseded(let model, by: let wish):
            "the start of model '\(model)' was ended for something newer: \(wish.noun)"
        case .stopping: "the host is stopping"
        }
    }

    private func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// Why a revision of `model` could not be started, with the stage.
    init(_ error: any Error, model: String, during stage: LoadStage) {
        switch error {
        case let error as DeploymentError: self = error
        case let refusal as LibraryRefusal:
            self = .failed(
                model: model, stage: .preflight, reason: refusal.reason, fix: refusal.fix)
        case let error as Superseded: self = .superseded(model: model, by: error.by)
        case ModelFailure.load(let stage, let reason):
            self = .failed(model: model, stage: stage, reason: reason)
        case ModelFailure.crashed(let death):
            let at = LoadStage(rawValue: death.step) ?? stage
            self = .failed(model: model, stage: at, reason: death.description)
        case let failure as ModelFailure:
            let at = failure.step.flatMap(LoadStage.init(rawValue:)) ?? stage
            self = .failed(model: model, stage: at, reason: failure.description)
        default: self = .failed(model: model, stage: stage, reason: String(describing: error))
        }
    }
}

extension DeploymentError {
    /// The same, while an older revision keeps serving.
    func keeping(_ revision: Int?) -> DeploymentError {
        guard let revision, case .failed(let model, let stage, let reason, let fix, nil) = self
        else { return self }
        return .failed(
            model: model, stage: stage, reason: reason, fix: fix, serving: revision)
    }
}

extension Wish {
    fileprivate var noun: String {
        switch self {
        case .load: "a load"
        case .reload: "a reload"
        case .unload: "an unload"
        case .removal: "its removal"
        case .stop: "the stop of the host"
        }
    }
}

extension ModelFailure {
    fileprivate var step: String? {
        switch self {
        case .broken(let step, _), .hung(let step, _, _): step
        default: nil
        }
    }
}
