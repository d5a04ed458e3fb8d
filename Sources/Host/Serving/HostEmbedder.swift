import Engine
import PluginHost
import SearchCollections

/// Embeds the rows and queries of collections with the models of this host.
struct HostEmbedder: CollectionEmbedder {
    let models: Models
    /// Nil for the host's default.
    let name: String?

    /// How often a full queue is retried before that counts as a failure.
    private static let patience = 20

    var model: EmbeddingModel {
        get async throws {
            let hold = try await hold()
            defer { hold.release() }
            return await hold.embeddingModel
        }
    }

    func embed(_ texts: [String], as purpose: EmbedPurpose) async throws -> EmbeddedTexts {
        let inputs = texts.map { EmbeddingInput.text($0) }
        return try await patiently {
            try await Models.inNextRevision {
                let hold = try await hold()
                defer { hold.release() }
                let embedded = try await hold.engine.embed(
                    inputs, purpose: purpose == .query ? .query : .passage)
                return EmbeddedTexts(by: await hold.embeddingModel, embedded.vectors)
            }
        }
    }

    private func hold() async throws -> ModelHold<VectorEngine> {
        try await models.startup.wait(for: name ?? models.defaultName(for: .embeddings))
        do {
            return try await models.vectors(name, for: [.embeddings])
        } catch let error as APIError {
            throw EmbedderMissing(Self.reason(error, name))
        }
    }

    private static func reason(_ error: APIError, _ name: String?) -> String {
        switch error {
        case .missing: "no model of this host embeds texts, or none is the default that does"
        default: String(describing: error)
        }
    }

    private func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        var attempts = 0
        while true {
            do {
                return try await body()
            } catch EngineError.overloaded(_, let after) where attempts < Self.patience {
                attempts += 1
                try await Task.sleep(for: after)
            } catch let error as EngineError where error.isOfThisText {
                throw EmbeddingRefused(String(describing: error))
            }
        }
    }
}

extension ModelHold<VectorEngine> {
    fileprivate var embeddingModel: EmbeddingModel {
        get async {
            EmbeddingModel(
                name: name, contentHash: await fingerprint,
                dimensions: engine.capabilities.dimensions)
        }
    }
}

extension EngineError {
    /// Whether the same text will always fail.
    fileprivate var isOfThisText: Bool {
        switch self {
        case .invalidLogits, .invalidParameter, .emptyPrompt, .promptTooLong, .sourceTooLong,
            .unknownToken, .takesModelDown:
            true
        default: false
        }
    }
}
