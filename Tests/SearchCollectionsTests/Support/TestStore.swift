import Foundation
import SearchCollections
import Testing

/// A store in a folder of its own, which goes with it.
final class TestStore: Sendable {
    let folder: String
    let embedder: HashEmbedder
    let store: CollectionStore

    init(
        _ embedder: HashEmbedder = HashEmbedder(), options: CollectionOptions = .quick,
        folder: String? = nil
    ) {
        self.folder =
            folder
            ?? FileManager.default.temporaryDirectory
            .appending(path: "roost-collections-\(UUID().uuidString)").path
        self.embedder = embedder
        store = CollectionStore(folder: self.folder, options: options) { _ in embedder }
    }

    /// A copy of what the first released host kept: the collections "kept", of texts in nine scripts and
    /// a row without an id, and "lines". Their words were found by `unicode61` alone.
    static func kept(options: CollectionOptions = .quick) throws -> TestStore {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/collections-1").standardizedFileURL
        let test = TestStore(options: options)
        try FileManager.default.copyItem(at: fixture, to: URL(filePath: test.folder))
        return test
    }

    func remove() async {
        await store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    func put(
        _ text: String, as name: String = "topics", _ format: DocumentFormat = .csv,
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> CollectionDescription {
        try await put(Array(text.utf8), as: name, format, change)
    }

    @discardableResult
    func put(
        _ bytes: [UInt8], as name: String = "topics", _ format: DocumentFormat = .csv,
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) async throws -> CollectionDescription {
        var options = ImportOptions(format)
        change(&options)
        let document = try await store.beginImport(name, options)
        try await document.feed(bytes)
        return try await document.finish()
    }

    @discardableResult
    func add(_ text: String, to name: String = "topics", _ format: DocumentFormat = .jsonLines)
        async throws -> CollectionDescription
    {
        let document = try await store.beginAdding(name, ImportOptions(format))
        try await document.feed(Array(text.utf8))
        return try await document.finish()
    }

    /// Waits until the collection is in a state that fits; the test's time limit is the only clock.
    @discardableResult
    func wait(
        _ name: String = "topics",
        until fits: (CollectionDescription) -> Bool = {
            $0.state == .ready && !$0.isReplacing
        }
    ) async throws -> CollectionDescription {
        while true {
            let description = try await store.describe(name)
            if fits(description) { return description }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func ids(_ query: CollectionQuery, _ name: String = "topics") async throws -> [String] {
        try await store.query(name, query).hits.map(\.document.id)
    }
}

extension CollectionOptions {
    /// Small batches, so that the steps of a short document can be told apart.
    static var quick: CollectionOptions {
        var options = CollectionOptions()
        options.batch = 4
        options.retryAfter = .milliseconds(5)
        options.retryAtMost = .milliseconds(20)
        return options
    }
}

let topics = """
    id,title,description
    1,Volcanoes,"How magma reaches the surface, and why some eruptions explode"
    2,Beekeeping,Looking after honey bee colonies on city roofs
    3,Sourdough,"Keeping a wild yeast starter alive, and baking bread"
    4,Tides,Electricity from the rise and fall of the sea
    5,Cheese,Ripening milk into cheese
    """
