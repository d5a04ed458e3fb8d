import Foundation
import Host
import Testing

@Suite struct ResponseStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        .path

    private func response(
        _ id: String, behind previous: String? = nil, created: Int = 1_800_000_000
    )
        -> StoredResponse
    {
        StoredResponse(id: id, previous: previous, created: created, input: "[]", body: "{}")
    }

    @Test func aConversationIsItsResponsesInTheirOrder() async throws {
        let store = ResponseStore(HostDatabase(folder: folder))
        try await store.save(response("a"), of: .host)
        try await store.save(response("b", behind: "a"), of: .host)
        try await store.save(response("c", behind: "b"), of: .host)
        #expect(try await store.chain(endingAt: "c", of: .host)?.map(\.id) == ["a", "b", "c"])
        #expect(try await store.chain(endingAt: "c", of: .host, most: 2) == nil)
        #expect(try await store.delete("b", of: .host))
        #expect(try await store.chain(endingAt: "c", of: .host) == nil)
        #expect(try await store.delete("b", of: .host) == false)
    }

    @Test func whatBelongsToOneKeyIsNotFoundWithAnother() async throws {
        let store = ResponseStore(HostDatabase(folder: folder))
        let (mine, other) = (Owner(key: "mine"), Owner(key: "other"))
        try await store.save(response("a"), of: mine)
        #expect(try await store.find("a", of: mine)?.id == "a")
        #expect(try await store.find("a", of: other) == nil)
        #expect(try await store.chain(endingAt: "a", of: .host) == nil)
        #expect(try await store.delete("a", of: other) == false)
    }

    @Test func aResponseIsReplacedByItsLaterState() async throws {
        let store = ResponseStore(HostDatabase(folder: folder))
        var response = response("a")
        try await store.save(response, of: .host)
        response.body = "{\"status\":\"completed\"}"
        try await store.save(response, of: .host)
        #expect(try await store.find("a", of: .host) == response)
    }

    @Test func aNewResponseRemovesThoseThatAreTooOld() async throws {
        let store = ResponseStore(HostDatabase(folder: folder))
        let now = 1_800_000_000
        try await store.save(
            response("old", created: now - ResponseStore.lifetime - 1), of: Owner(key: "any"))
        try await store.save(response("new", created: now), of: .host)
        #expect(try await store.find("old", of: Owner(key: "any")) == nil)
        #expect(try await store.find("new", of: .host) != nil)
    }
}
