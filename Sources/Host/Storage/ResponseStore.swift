import GRDB

/// Keeps responses, so that later requests can go on from them.
package struct ResponseStore: Sendable {
    private let database: HostDatabase

    /// Responses of one owner; the oldest give way to new ones.
    package static let limit = 5_000
    /// How long one is kept, in seconds.
    package static let lifetime = 30 * 24 * 3600

    package init(_ database: HostDatabase) {
        self.database = database
    }

    package func find(_ id: String, of owner: Owner) async throws -> StoredResponse? {
        try await database.read { try Self.find($0, id, owner) }
    }

    /// The response and those before it, the first one first.
    ///
    /// - Parameter most: responses of one conversation.
    /// - Returns: nil if one of them is not kept, or if there are more.
    package func chain(
        endingAt id: String, of owner: Owner, most: Int = 1_000
    ) async throws -> [StoredResponse]? {
        try await database.read { database in
            var chain: [StoredResponse] = []
            var next: String? = id
            while let id = next {
                guard chain.count < most, let found = try Self.find(database, id, owner) else {
                    return nil
                }
                chain.append(found)
                next = found.previous
            }
            return chain.reversed()
        }
    }

    private static func find(
        _ database: GRDB.Database, _ id: String, _ owner: Owner
    ) throws -> StoredResponse? {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM response WHERE id = ? AND owner = ?",
            arguments: [id, owner.name])
        return row.map {
            StoredResponse(
                id: $0["id"], previous: $0["previous"], created: $0["created"], input: $0["input"],
                body: $0["body"])
        }
    }

    /// Adds a response or replaces the one with its id. Those that are too old or too many give way.
    package func save(_ response: StoredResponse, of owner: Owner) async throws {
        try await database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO response (id, owner, previous, created, input, body)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET body = excluded.body
                    """,
                arguments: [
                    response.id, owner.name, response.previous, response.created, response.input,
                    response.body,
                ])
            try database.execute(
                sql: "DELETE FROM response WHERE created < ?",
                arguments: [response.created - Self.lifetime])
            try database.execute(
                sql: """
                    DELETE FROM response WHERE owner = ? AND id IN (
                        SELECT id FROM response WHERE owner = ?
                        ORDER BY created DESC, rowid DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [owner.name, owner.name, Self.limit])
        }
    }

    /// - Returns: whether there was one.
    package func delete(_ id: String, of owner: Owner) async throws -> Bool {
        try await database.remove { database in
            try database.execute(
                sql: "DELETE FROM response WHERE id = ? AND owner = ?",
                arguments: [id, owner.name])
            return database.changesCount > 0
        }
    }
}

/// A response that the host keeps.
package struct StoredResponse: Sendable, Equatable {
    package var id: String
    /// The response that it goes on from.
    package var previous: String?
    /// Seconds since 1970.
    package var created: Int
    /// What the request added to the conversation: a JSON array of items, each with its id.
    package var input: String
    /// The response as the API has it, a JSON object.
    package var body: String

    package init(id: String, previous: String?, created: Int, input: String, body: String) {
        self.id = id
        self.previous = previous
        self.created = created
        self.input = input
        self.body = body
    }
}
