/// A conversation that the page keeps with the host.
package struct StoredConversation: Sendable, Equatable {
    /// Chosen by the client, a UUID in lower case.
    package var id: String
    package var title: String
    package var model: String
    /// A JSON array of `{"role", "content"}`.
    package var messages: String
    /// Seconds since 1970.
    package var updated: Int

    package init(id: String, title: String, model: String, messages: String, updated: Int) {
        self.id = id
        self.title = title
        self.model = model
        self.messages = messages
        self.updated = updated
    }

    /// What a list shows.
    package struct Summary: Sendable, Equatable {
        package var id: String
        package var title: String
        package var model: String
        package var updated: Int
    }
}
