package import Engine
package import JSON
package import PluginHost

/// The tasks of a model that clients can request by name.
package struct ModelTasks: Sendable {
    /// In the plugin's order.
    package let served: [ModelTask]
    /// Why the others are not served, by their names.
    private let refused: [(name: String, reason: String)]
    /// Of those that are served, what is wrong with the description of their events.
    private let unchecked: [String]

    package init(_ descriptions: [TaskDescription]) {
        var served: [ModelTask] = []
        var refused: [(name: String, reason: String)] = []
        var unchecked: [String] = []
        for description in descriptions {
            do {
                var task = try ModelTask(description)
                do {
                    task.events = try JSONSchema(description.eventSchema)
                } catch {
                    unchecked.append(
                        "the events of the task '\(task.name)' are not checked: its event_schema "
                            + "cannot be used: \(error)")
                }
                served.append(task)
            } catch {
                refused.append((description.name, "its input_schema cannot be used: \(error)"))
            }
        }
        self.served = served
        self.refused = refused
        self.unchecked = unchecked
    }

    /// Why some tasks are not served, and the events of others are not checked.
    package var warnings: [String] {
        refused.map { "the task '\($0.name)' is not served: \($0.reason)" } + unchecked
    }

    /// - Throws: `TaskRefusal` for a task that is not there or not served.
    package func task(_ name: String) throws -> ModelTask {
        if let task = served.first(where: { $0.name == name }) { return task }
        if let (_, reason) = refused.first(where: { $0.name == name }) {
            throw TaskRefusal.notServed(name, reason: reason)
        }
        throw TaskRefusal.unknown(name, known: served.map(\.name))
    }
}

/// A task whose input is checked before the model sees it, and whose events before a client does.
package struct ModelTask: Sendable {
    package let description: TaskDescription
    private let input: JSONSchema
    /// Nil for a schema that is not understood.
    fileprivate var events: JSONSchema?

    package var name: String { description.name }

    fileprivate init(_ description: TaskDescription) throws(JSONSchemaError) {
        self.description = description
        input = try JSONSchema(description.inputSchema)
    }

    /// - Throws: `JSONViolation`: the first thing that the input schema does not allow.
    package func check(_ input: JSONValue) throws(JSONViolation) {
        try self.input.check(input)
    }

    /// - Returns: the event.
    /// - Throws: `EngineError.modelFailed` for one that the plugin's own event schema does not allow.
    package func checked(event: JSONValue) throws(EngineError) -> JSONValue {
        do {
            try events?.check(event)
            return event
        } catch {
            let failure = ModelFailure.broken(
                step: "advance",
                reason: "an event of '\(name)' is not as its event_schema says: \(error.sentence)")
            throw .modelFailed(attempts: 1, failure: String(describing: failure))
        }
    }
}

/// Why a task is not started, whatever its input.
package enum TaskRefusal: Error, Equatable {
    case unknown(String, known: [String])
    /// The plugin describes it in a way that the host does not support.
    case notServed(String, reason: String)
}

extension TaskRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknown(let name, let known):
            "the model has no task '\(name.prefix(128))'; there is "
                + (known.isEmpty ? "none" : known.map { "'\($0)'" }.joined(separator: ", "))
        case .notServed(let name, let reason): "the task '\(name)' is not served: \(reason)"
        }
    }
}
