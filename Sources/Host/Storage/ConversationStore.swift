import GRDB

/// Keeps conversations.
package struct ConversationStore: Sendable {
    private let database: HostDatabase

    /// Conversations beyond this many are refused until some are deleted.
    package static let limit = 10_000

    package init(_ database: HostDatabase) {
        self.database = database
    }

    /// The newest first.
    package func list(limit: Int = Self.limit) async throws -> [StoredConversation.Summary] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, title, model, updated FROM conversation
                    ORDER BY updated DESC, id LIMIT ?
                    """, arguments: [limit])
            return rows.map {
                StoredConversation.Summary(
                    id: $0["id"], title: $0["title"], model: $0["model"], updated: $0["updated"])
            }
        }
    }

    package func find(_ id: String) async throws -> StoredConversation? {
        try await database.read { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT * FROM conversation WHERE id = ?", arguments: [id])
            return row.map {
                StoredConversation(
                    id: $0["id"], title: $0["title"], model: $0["model"], messages: $0["messages"],
                    updated: $0["updated"])
            }
        }
    }

    /// Adds a conversation or replaces the one with its id.
    /// - Returns: false if the store is full and nothing was written.
    package func save(_ conversation: StoredConversation) async throws -> Bool {
        try await database.write { database in
            let others = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM conversation WHERE id <> ?",
                arguments: [conversation.id])
            guard others ?? 0 < Self.limit else { return false }
            try database.execute(
                sql: """
                    INSERT INTO conversation (id, title, model, messages, updated)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET title = excluded.title, model = excluded.model,
                        messages = excluded.messages, updated = excluded.updated
                    """,
                arguments: [
                    conversation.id, conversation.title, conversation.model, conversation.messages,
                    conversation.updated,
                ])
            return true
        }
    }

    /// - Returns: whether there was one.
    package func delete(_ id: String) async throws -> Bool {
        try await database.remove { database in
            try database.execute(sql: "DELETE FROM conversation WHERE id = ?", arguments: [id])
            return database.changesCount > 0
        }
    }
}
