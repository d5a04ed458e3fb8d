import FoundationEssentials
import SearchCollections

/// What the queries are and where the exact answers lie.
enum Queries {
    static let count = 100
    static let depth = 10
    /// Seeds beyond those of the rows.
    static let seeds = (0..<UInt64(count)).map { 1 << 40 + $0 }

    /// Beside the store's folder, in which nothing lies but what is its own.
    static func truthPath(_ folder: String) -> String { folder + "/truth.txt" }
    static func storePath(_ folder: String) -> String { folder + "/collections" }
}

extension CollectionOptions {
    static func bench(hasGraph: Bool) -> CollectionOptions {
        var options = CollectionOptions()
        options.batch = 2000
        options.graphAbove = hasGraph ? 1 : .max
        return options
    }
}

/// Makes a collection, and finds the exact answers by float products with every vector.
struct Preparation {
    let folder: String
    let rows: Int
    let hasGraph: Bool

    func run() async throws {
        let embedder = LatentEmbedder()
        let store = CollectionStore(
            folder: Queries.storePath(folder), options: .bench(hasGraph: hasGraph),
            embedder: { _ in embedder },
            log: { print($0) })
        let clock = ContinuousClock()
        let importing = try await clock.measure { try await load(store) }
        print("\(rows) rows on the disk after \(importing)")
        let embedding = try await clock.measure {
            for await step in try await store.progress("bench") where step.stage == .ready { break }
        }
        print("ready after \(embedding)")
        await store.close()
        try truth(embedder).write(toFile: Queries.truthPath(folder))
    }

    private func load(_ store: CollectionStore) async throws {
        var options = ImportOptions(.csv)
        options.text = ["text"]
        let document = try await store.beginImport("bench", options)
        try await document.feed(Array("id,text,group\n".utf8))
        for start in stride(from: 0, to: rows, by: 1000) {
            let lines = (start..<min(start + 1000, rows)).map {
                "\($0),\($0) words of row number \($0 % 1009),\($0 % 100)\n"
            }
            try await document.feed(Array(lines.joined().utf8))
        }
        _ = try await document.finish()
    }

    /// A line per query: the ids of the nearest rows, the best first.
    private func truth(_ embedder: LatentEmbedder) -> String {
        let queries = Queries.seeds.map(embedder.vector)
        var best = [[(score: Float, row: Int)]](repeating: [], count: queries.count)
        for row in 0..<rows {
            let vector = embedder.vector(UInt64(row))
            for (index, query) in queries.enumerated() {
                let score = Self.dot(query, vector)
                if best[index].count == Queries.depth, score <= best[index].last!.score { continue }
                let place = best[index].firstIndex { $0.score < score } ?? best[index].count
                best[index].insert((score, row), at: place)
                if best[index].count > Queries.depth { best[index].removeLast() }
            }
        }
        return best.map { $0.map { String($0.row) }.joined(separator: " ") }.joined(separator: "\n")
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Float {
        var sums = SIMD16<Float>.zero
        a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                for offset in stride(from: 0, to: a.count, by: 64) {
                    let x = a.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    let y = b.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    sums.addProduct(x, y)
                }
            }
        }
        return sums.sum()
    }
}

extension String {
    fileprivate func write(toFile path: String) throws {
        try Data(utf8).write(to: URL(filePath: path))
    }
}
