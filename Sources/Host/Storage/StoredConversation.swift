/// A conversation that the page keeps with the host: a tree of messages.
package struct StoredConversation: Sendable, Equatable {
    /// Chosen by the client, a UUID in lower case.
    package var id: String
    package var title: String
    package var model: String
    /// What the model is told before all messages.
    package var instructions: String
    /// A JSON object of the client's, such as how its answers are sampled; empty for none.
    package var settings: String
    /// In the order in which they were added, so that none comes before its parent.
    package var messages: [StoredMessage]
    /// Seconds since 1970.
    package var updated: Int
    /// Rises with every change.
    package internal(set) var version = 1

    package init(
        id: String, title: String, model: String, instructions: String = "", settings: String = "",
        messages: [StoredMessage], updated: Int
    ) {
        self.id = id
        self.title = title
        self.model = model
        self.instructions = instructions
        self.settings = settings
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

    /// What is to change of one.
    package struct Change: Sendable {
        package var title: String?
        package var model: String?
        package var instructions: String?
        package var settings: String?
        /// Added behind their parents; one with an id that is there takes that message's content.
        package var messages: [StoredMessage] = []
        package var time: Int

        package init(time: Int) {
            self.time = time
        }
    }
}

/// A message of a conversation; messages with the same parent are alternatives.
package struct StoredMessage: Sendable, Equatable {
    /// Chosen by the client; unlike all others of its conversation.
    package var id: String
    /// The message that this one follows; nil for one that begins the conversation.
    package var parent: String?
    package var role: String
    package var content: String
    /// A JSON object of the client's, such as which model answered and how fast; empty for none.
    package var metadata: String
    /// Seconds since 1970.
    package var created: Int

    package init(
        id: String, parent: String?, role: String, content: String, metadata: String = "",
        created: Int
    ) {
        self.id = id
        self.parent = parent
        self.role = role
        self.content = content
        self.metadata = metadata
        self.created = created
    }
}
