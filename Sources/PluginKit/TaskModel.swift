/// A model with tasks: work of many steps that puts out events, `roost.task/1`.
public protocol TaskModel: Model where Context: TaskContext {
    /// They never change.
    var tasks: [TaskDescription] { get }
}

public protocol TaskContext: ModelContext {
    /// Starts a task; the kit has checked that the model has one of that name.
    ///
    /// - Parameter input: JSON that may or may not fit the task's `inputSchema`.
    func begin(task: String, input: [UInt8], call: Call) throws -> any TaskJob
}

/// A task in progress. Released when it is done, or when nobody waits for it.
public protocol TaskJob: AnyObject {
    /// Works for about `limit`; not called again after an answer that is `done`, or an error.
    func advance(for limit: Duration, call: Call) throws -> TaskProgress
}

/// A task's name, its input and its events.
public struct TaskDescription: Sendable {
    public var name: String
    /// A JSON Schema of the input.
    public var inputSchema: String
    /// A JSON Schema of each event.
    public var eventSchema: String

    public init(name: String, inputSchema: String, eventSchema: String) {
        self.name = name
        self.inputSchema = inputSchema
        self.eventSchema = eventSchema
    }

    var json: String {
        var object = JSONObjectWriter()
        object.add("name", name)
        object.add("input_schema", json: inputSchema)
        object.add("event_schema", json: eventSchema)
        return object.text
    }
}

/// What a task did in one `advance`.
public struct TaskProgress: Sendable {
    /// JSON objects, each without a line break.
    public var events: [String]
    public var done: Bool
    public var step: Int
    /// The number of steps, where known.
    public var of: Int?

    public init(events: [String] = [], done: Bool, step: Int = 0, of: Int? = nil) {
        self.events = events
        self.done = done
        self.step = step
        self.of = of
    }
}
