package import JSON

/// A task of a model as its plugin lists it: its name, its input and its events.
package struct TaskDescription: Sendable, Equatable {
    package var name: String
    /// A JSON Schema of the input; unchecked.
    package var inputSchema: JSONValue
    /// A JSON Schema of each event, for clients.
    package var eventSchema: JSONValue

    package init(
        name: String, inputSchema: JSONValue = [:], eventSchema: JSONValue = [:]
    ) {
        self.name = name
        self.inputSchema = inputSchema
        self.eventSchema = eventSchema
    }

    /// - Returns: nil for what has no name; a schema that is missing allows everything.
    init?(_ json: JSONValue) {
        guard let name = json["name"]?.string else { return nil }
        self.init(
            name: name, inputSchema: json["input_schema"] ?? [:],
            eventSchema: json["event_schema"] ?? [:])
    }

    /// As a plugin lists it.
    private var json: JSONValue {
        ["name": .string(name), "input_schema": inputSchema, "event_schema": eventSchema]
    }
}

extension TaskDescription: WireValue {
    package init() { self.init(name: "") }

    package mutating func pass(_ wire: inout Wire) throws {
        var text = wire.isRead ? "" : json.serialized()
        try wire.pass(&text)
        guard wire.isRead else { return }
        guard let json = try? JSONValue(parsing: text), let task = Self(json) else {
            throw WireError.value("a task that is no object with a name")
        }
        self = task
    }
}
