/// A task of a model that is under way.
package struct TaskID: Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What a task did in one `advance`.
package struct TaskProgress: Sendable, Equatable {
    /// What the plugin holds to be a JSON object each; nobody has looked into them.
    package var events: [[UInt8]]
    package var done: Bool
    package var step: Int
    /// The number of steps; nil when unknown.
    package var of: Int?

    package init(events: [[UInt8]] = [], done: Bool, step: Int = 0, of: Int? = nil) {
        self.events = events
        self.done = done
        self.step = step
        self.of = of
    }
}
