import Engine
import FoundationEssentials
import Hummingbird
import JSON
import PluginHost

/// `GET /api/tags`, `POST /api/show`, `GET /api/ps` and `GET /api/version`.
struct OllamaModelRoutes {
    let models: Models
    let body: Body

    /// The version of Ollama's API that is spoken, which clients compare; Roost's own is beside it.
    private static let version = "0.12.0"

    var routes: [Route] {
        [
            Route(.get, "/api/tags", .inference, list),
            Route(.get, "/api/ps", .inference, listRunning),
            Route(.post, "/api/show", .inference, show),
            Route(.get, "/api/version", .open) { _, _ in
                Response([
                    "version": .string(Self.version), "roost": .string(Version.text),
                ])
            },
        ]
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["models": .array(models.registry.models.map { .object(entry($0)) })])
    }

    /// The models that are loaded, with the memory that their plugins say they take.
    private func listRunning(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let running = models.registry.models.filter { $0.state == .ready || $0.state == .reloading }
        let entries = running.map { status -> JSONValue in
            var entry = entry(status)
            entry["modified_at"] = nil
            entry["size"] = .integer(Int(clamping: status.description?.bytesHost ?? 0))
            entry["size_vram"] = 0
            entry["expires_at"] = "9999-12-31T23:59:59Z"
            entry["context_length"] = .optional(
                models.serving(status.name)?.text?.engine.contextLength)
            return .object(entry)
        }
        return Response(["models": .array(entries)])
    }

    private func entry(_ status: DeploymentStatus) -> JSONObject {
        let source = OllamaSource(status)
        return JSONObject([
            (key: "name", value: .string(status.name)), (key: "model", value: .string(status.name)),
            (key: "modified_at", value: .string(source.modified)),
            (key: "size", value: .integer(source.size)),
            (key: "digest", value: .string(source.digest)),
            (key: "details", value: details(status)),
        ])
    }

    private func details(_ status: DeploymentStatus) -> JSONValue {
        let info = status.description.map(ModelInfo.init)
        let family = info?.architecture ?? ""
        return [
            "parent_model": "", "format": .string(status.source.hasSuffix(".gguf") ? "gguf" : ""),
            "family": .string(family), "families": family.isEmpty ? [] : [.string(family)],
            "parameter_size": .string(info?.parameters.map(Self.size) ?? ""),
            "quantization_level": .string(info?.quantization ?? ""),
        ]
    }

    /// `7.6B`, `135M`
    private static func size(_ parameters: Int) -> String {
        let units: [(Double, String)] = [(1e9, "B"), (1e6, "M"), (1e3, "K")]
        guard let (unit, name) = units.first(where: { Double(parameters) >= $0.0 }) else {
            return "\(parameters)"
        }
        let tenths = (Double(parameters) / unit * 10).rounded()
        return tenths >= 1000
            ? "\(Int((tenths / 10).rounded()))\(name)" : "\(tenths / 10)\(name)"
    }

    // MARK: - One model

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = try await body.read(request, context, .ollamaModels) {
            try models.ollamaModel($0)
        }
        let status = try models.status(of: name)
        let info = status.description.map(ModelInfo.init)
        return Response([
            "modelfile": "", "license": .string(info?.license ?? ""), "parameters": "",
            "template": .string(info?.chatTemplate ?? ""), "details": details(status),
            "modified_at": .string(OllamaSource(status).modified),
            "model_info": .object(facts(status, info)),
            "capabilities": .array(abilities(of: name, info)),
        ])
    }

    /// Named as in a GGUF file.
    private func facts(_ status: DeploymentStatus, _ info: ModelInfo?) -> JSONObject {
        let family = info?.architecture ?? "model"
        let context = models.serving(status.name)?.text?.engine.contextLength
        var facts = JSONObject([(key: "general.architecture", value: .string(family))])
        facts["general.parameter_count"] = info?.parameters.map { .integer($0) }
        facts["\(family).context_length"] =
            (context ?? info?.contextLength ?? info?.maxTokens).map { .integer($0) }
        facts["\(family).embedding_length"] =
            (status.description?.vectors?.dimensions).map { .integer($0) }
        return facts
    }

    private func abilities(of name: String, _ info: ModelInfo?) -> [JSONValue] {
        let capabilities = models.capabilities(of: name)
        let template = info?.chatTemplate ?? ""
        var abilities: [JSONValue] = []
        if capabilities.contains(.completion) { abilities.append("completion") }
        if capabilities.contains(.embeddings) { abilities.append("embedding") }
        if template.contains("tools") { abilities.append("tools") }
        if template.contains("think") { abilities.append("thinking") }
        return abilities
    }
}

/// The files of a model, as far as a list shows them.
private struct OllamaSource {
    private(set) var size = 0
    private(set) var modified = WallClock(seconds: 0, milliseconds: 0).isoText
    /// Tells a model and its next version apart; not a hash of the weights.
    private(set) var digest = ""

    init(_ status: DeploymentStatus) {
        let files = FileManager.default
        let source = status.source
        let names = (try? files.contentsOfDirectory(atPath: source)) ?? []
        var newest = 0.0
        for path in [source] + names.map({ source + "/" + $0 }) {
            guard let facts = try? files.attributesOfItem(atPath: path) else { continue }
            let date = (facts[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            newest = max(newest, date)
            if (facts[.type] as? FileAttributeType) == .typeRegular {
                size += (facts[.size] as? Int) ?? (facts[.size] as? UInt64).map { Int($0) } ?? 0
            }
        }
        modified = WallClock(seconds: Int(newest), milliseconds: 0).isoText
        digest = SHA256.hexadecimal(Array("\(status.name)\0\(source)\0\(modified)\0\(size)".utf8))
    }
}
