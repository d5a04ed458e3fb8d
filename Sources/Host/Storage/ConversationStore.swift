import GRDB
import JSON

/// Keeps conversations, each for its owner: to all others it does not exist.
package struct ConversationStore: Sendable {
    let database: HostDatabase

    /// Conversations of one owner beyond this many are refused until some are deleted.
    package static let limit = 10_000
    /// The most bytes of messages in one conversation.
    package static let largest = 4 << 20

    /// Why nothing was written.
    package enum Refusal: Error, Equatable {
        /// The owner has `limit` conversations.
        case full
        /// There is no such conversation, or it is another's.
        case missing
        /// Its version is this one, not the one expected.
        case changed(version: Int)
        case tooLarge
        /// A message follows one that is not there.
        case noParent(String)
    }

    package init(_ database: HostDatabase) {
        self.database = database
    }

    /// The newest first.
    package func list(
        of owner: Owner = .host, limit: Int = Self.limit
    ) async throws -> [StoredConversation.Summary] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, title, model, updated FROM conversation WHERE owner = ?
                    ORDER BY updated DESC, id LIMIT ?
                    """, arguments: [owner.name, limit])
            return rows.map {
                StoredConversation.Summary(
                    id: $0["id"], title: $0["title"], model: $0["model"], updated: $0["updated"])
            }
        }
    }

    package func find(_ id: String, of owner: Owner = .host) async throws -> StoredConversation? {
        try await database.read { try $0.conversation(id, of: owner) }
    }

    /// Adds a conversation or replaces the one with its id.
    ///
    /// - Parameter version: the one that is replaced; nil replaces any.
    /// - Returns: its version now.
    /// - Throws: `Refusal`, `StorageError`.
    package func save(
        _ conversation: StoredConversation, of owner: Owner = .host, replacing version: Int? = nil
    ) async throws -> Int {
        try await database.write { database in
            let found = try database.version(of: conversation.id, owner, expected: version)
            if found == nil { try database.requireRoom(for: owner) }
            try database.execute(
                sql: """
                    INSERT INTO conversation
                        (id, owner, title, model, instructions, settings, updated, version)
                    VALUES (?, ?, ?, ?, ?, ?, ?, 1)
                    ON CONFLICT (id) DO UPDATE SET title = excluded.title, model = excluded.model,
                        instructions = excluded.instructions, settings = excluded.settings,
                        updated = excluded.updated, version = version + 1
                    """,
                arguments: [
                    conversation.id, owner.name, conversation.title, conversation.model,
                    conversation.instructions.kept, conversation.settings,
                    conversation.updated,
                ])
            try database.execute(
                sql: "DELETE FROM message WHERE conversation = ?", arguments: [conversation.id])
            try database.add(conversation.messages, to: conversation.id)
            return (found ?? 0) + 1
        }
    }

    /// Changes a conversation; with messages, one that is not there begins with them.
    ///
    /// - Parameter version: the one that is changed; nil changes any.
    /// - Returns: its version now.
    /// - Throws: `Refusal`, `StorageError`.
    package func change(
        _ id: String, of owner: Owner = .host, at version: Int? = nil,
        _ change: StoredConversation.Change
    ) async throws -> Int {
        try await database.write { database in
            let found = try database.version(of: id, owner, expected: version)
            if found == nil {
                guard !change.messages.isEmpty else { throw Refusal.missing }
                try database.requireRoom(for: owner)
                try database.execute(
                    sql: """
                        INSERT INTO conversation
                            (id, owner, title, model, instructions, settings, updated, version)
                        VALUES (?, ?, '', '', '""', '', ?, 0)
                        """, arguments: [id, owner.name, change.time])
            }
            try database.execute(
                sql: """
                    UPDATE conversation SET title = coalesce(?, title), model = coalesce(?, model),
                        instructions = coalesce(?, instructions), settings = coalesce(?, settings),
                        updated = ?, version = version + 1
                    WHERE id = ?
                    """,
                arguments: [
                    change.title, change.model, change.instructions?.kept, change.settings,
                    change.time,
                    id,
                ])
            try database.add(change.messages, to: id)
            return (found ?? 0) + 1
        }
    }

    /// Deletes a message and all that follow it.
    ///
    /// - Returns: the conversation's version now; nil if it has no such message.
    /// - Throws: `Refusal`, `StorageError`.
    package func delete(
        message: String, in id: String, of owner: Owner = .host
    ) async throws -> Int? {
        try await database.remove { database in
            guard let version = try database.version(of: id, owner) else { throw Refusal.missing }
            try database.execute(
                sql: """
                    WITH RECURSIVE gone (id) AS (
                        SELECT id FROM message WHERE conversation = :conversation AND id = :message
                        UNION SELECT message.id FROM message JOIN gone
                            ON message.conversation = :conversation AND message.parent = gone.id)
                    DELETE FROM message WHERE conversation = :conversation AND id IN gone
                    """, arguments: ["conversation": id, "message": message])
            guard database.changesCount > 0 else { return nil }
            try database.execute(
                sql: "UPDATE conversation SET version = version + 1 WHERE id = ?", arguments: [id])
            return version + 1
        }
    }

    /// - Returns: whether there was one.
    package func delete(_ id: String, of owner: Owner = .host) async throws -> Bool {
        try await database.remove { database in
            try database.execute(
                sql: "DELETE FROM conversation WHERE id = ? AND owner = ?",
                arguments: [id, owner.name])
            return database.changesCount > 0
        }
    }
}

extension Database {
    fileprivate func conversation(_ id: String, of owner: Owner) throws -> StoredConversation? {
        let row = try Row.fetchOne(
            self, sql: "SELECT * FROM conversation WHERE id = ? AND owner = ?",
            arguments: [id, owner.name])
        guard let row else { return nil }
        let messages = try Row.fetchAll(
            self, sql: "SELECT * FROM message WHERE conversation = ? ORDER BY number",
            arguments: [id])
        var conversation = StoredConversation(
            id: row["id"], title: row["title"], model: row["model"],
            instructions: String(kept: row["instructions"]), settings: row["settings"],
            messages: messages.map {
                StoredMessage(
                    id: $0["id"], parent: $0["parent"], role: $0["role"],
                    content: String(kept: $0["content"]),
                    metadata: $0["metadata"], created: $0["created"])
            },
            updated: row["updated"])
        conversation.version = row["version"]
        return conversation
    }

    /// - Returns: nil if there is none with this id.
    /// - Throws: `Refusal.missing` if it is another's, `.changed` if it has not the expected version.
    fileprivate func version(
        of id: String, _ owner: Owner, expected: Int? = nil
    ) throws -> Int? {
        let row = try Row.fetchOne(
            self, sql: "SELECT owner, version FROM conversation WHERE id = ?", arguments: [id])
        if let row, row["owner"] != owner.name { throw ConversationStore.Refusal.missing }
        let version = row.map { $0["version"] as Int }
        if let expected, expected != version {
            throw version.map { ConversationStore.Refusal.changed(version: $0) } ?? .missing
        }
        return version
    }

    fileprivate func requireRoom(for owner: Owner) throws {
        let count = try Int.fetchOne(
            self, sql: "SELECT count(*) FROM conversation WHERE owner = ?", arguments: [owner.name])
        guard count ?? 0 < ConversationStore.limit else { throw ConversationStore.Refusal.full }
    }

    fileprivate func add(_ messages: [StoredMessage], to id: String) throws {
        for message in messages {
            if let parent = message.parent {
                let isThere = try Bool.fetchOne(
                    self,
                    sql: "SELECT EXISTS (SELECT 1 FROM message WHERE conversation = ? AND id = ?)",
                    arguments: [id, parent])
                guard isThere == true else { throw ConversationStore.Refusal.noParent(parent) }
            }
            try execute(
                sql: """
                    INSERT INTO message (conversation, id, parent, role, content, metadata, created)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (conversation, id) DO UPDATE SET content = excluded.content,
                        metadata = excluded.metadata
                    """,
                arguments: [
                    id, message.id, message.parent, message.role, message.content.kept,
                    message.metadata, message.created,
                ])
        }
        let bytes = try Int.fetchOne(
            self,
            sql: """
                SELECT sum(length(CAST(content AS BLOB)) + length(CAST(metadata AS BLOB)))
                FROM message WHERE conversation = ?
                """, arguments: [id])
        guard bytes ?? 0 <= ConversationStore.largest else {
            throw ConversationStore.Refusal.tooLarge
        }
    }
}

/// Text that a person or a model writes is kept as JSON: SQLite's own text ends at a zero.
extension String {
    fileprivate var kept: String { JSONValue.string(self).serialized() }

    fileprivate init(kept text: String) {
        self = (try? JSONValue(parsing: text))?.string ?? ""
    }
}
