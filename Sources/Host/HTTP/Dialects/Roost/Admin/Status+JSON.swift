import Engine
import JSON
import PluginHost

extension DeploymentStatus {
    /// What the admin routes and `roost models` show of a model.
    var json: JSONObject {
        var json = JSONObject()
        json["name"] = .string(name)
        json["state"] = .string(state.rawValue)
        json["generation"] = .optional(revision)
        json["plugin"] = .optional(plugin)
        json["isolation"] = .optional(isolation?.rawValue)
        json["source"] = .string(source)
        json["load"] = .string(load.rawValue)
        json["requests"] = .integer(inFlight)
        json["draining_generations"] = .integer(draining)
        json["library_hash"] = .optional(hash)
        json["last_error"] = .optional(lastError ?? supervisor?.lastFailure)
        json["warnings"] = .array(warnings.map { .string($0) })
        json["pid"] = .optional(supervisor?.processID)
        json["starting"] = .array(starting.map { .object($0.json) })
        json["worker"] = supervisor.map { .object($0.json) } ?? .null
        json["model"] = description.map { .object($0.json) } ?? .null
        return json
    }
}

extension ModelAdapters.Status {
    var json: JSONObject {
        JSONObject([
            (key: "name", value: .string(name)), (key: "source", value: .string(source.path)),
            (key: "rank", value: .optional(description?.rank)),
            (key: "bytes", value: .optional(description.map { Int(clamping: $0.bytes) })),
            (key: "requests", value: .integer(inUse)),
            (key: "last_error", value: .optional(failure)),
        ])
    }
}

extension StartingWorker {
    fileprivate var json: JSONObject {
        JSONObject([
            (key: "pid", value: .integer(Int(processID))), (key: "plugin", value: .string(plugin)),
            (key: "step", value: .string(step)),
            (key: "opening", value: opening.map { .object($0.json) } ?? .null),
            (key: "seconds", value: .integer(Int(elapsed.components.seconds))),
        ])
    }
}

extension OpeningProgress {
    fileprivate var json: JSONObject {
        JSONObject([
            (key: "what", value: .string(what)),
            (key: "done", value: .integer(Int(clamping: done))),
            (key: "of", value: of == 0 ? .null : .integer(Int(clamping: of))),
        ])
    }
}

extension SupervisorStatus {
    fileprivate var processID: Int? {
        if case .running(let processID?) = state { Int(processID) } else { nil }
    }

    fileprivate var json: JSONObject {
        var json = JSONObject()
        json["restarts"] = .integer(restarts)
        json["last_output"] = .optional(lastOutput)
        switch state {
        case .idle: json["state"] = "idle"
        case .running(let processID):
            json["state"] = "running"
            json["resident_bytes"] = .optional(
                processID.flatMap(ProcessMemory.resident).map(Int.init))
        case .restarting: json["state"] = "restarting"
        case .quarantined(let after, _):
            json["state"] = "quarantined"
            json["retry_after"] = .integer(Int(after.wholeSeconds))
        case .stopped: json["state"] = "stopped"
        }
        return json
    }
}

extension ModelDescription {
    fileprivate var json: JSONObject {
        let info = ModelInfo(self)
        var json = JSONObject()
        json["plugin_id"] = .string(pluginID)
        json["plugin_version"] = .string(pluginVersion)
        json["family"] = .string(family)
        json["name"] = .optional(info.name)
        json["parameters"] = .optional(info.parameters)
        json["quantization"] = .optional(info.quantization)
        json["context_length"] = .optional(decode?.contextLength ?? info.contextLength)
        json["sequences"] = .optional(decode?.sequences)
        json["dimensions"] = .optional(vectors.flatMap { $0.dimensions > 0 ? $0.dimensions : nil })
        json["max_tokens"] = .optional(vectors?.maxTokens)
        json["extensions"] = .array(extensions.sorted().map { .string($0) })
        json["memory"] = .object(memory)
        return json
    }

    /// Bytes: what the plugin expects to take, what it may take, and what it took of the host's.
    private var memory: JSONObject {
        JSONObject([
            (key: "model", value: .integer(Int(clamping: bytesHost))),
            (key: "context", value: .integer(Int(clamping: bytesPerContext))),
            (
                key: "budget",
                value: budgetBytes == 0 ? .null : .integer(Int(clamping: budgetBytes))
            ),
            (
                key: "allocated",
                value: .object(
                    JSONObject([
                        (key: "weights", value: .integer(Int(clamping: allocated.weights))),
                        (key: "sequences", value: .integer(Int(clamping: allocated.sequences))),
                        (key: "work", value: .integer(Int(clamping: allocated.work))),
                        (key: "other", value: .integer(Int(clamping: allocated.other))),
                    ]))
            ),
        ])
    }
}

extension PluginStatus {
    var json: JSONObject {
        var json = JSONObject()
        json["name"] = .string(name)
        json["library"] = .string(path ?? library)
        json["found"] = .bool(path != nil)
        json["isolation"] = .string(isolation.rawValue)
        json["id"] = .optional(id)
        json["version"] = .optional(version)
        json["library_hashes"] = .array(hashes.map { .string($0) })
        json["models"] = .array(models.map { .string($0) })
        return json
    }
}
