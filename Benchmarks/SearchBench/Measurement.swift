import FoundationEssentials
import JSON
import SearchCollections

/// Asks the queries, one after the other.
struct Measurement {
    let folder: String
    let hasGraph: Bool

    private static let rounds = 3

    func run() async throws {
        let embedder = LatentEmbedder()
        let store = CollectionStore(
            folder: Queries.storePath(folder), options: .bench(hasGraph: hasGraph),
            embedder: { _ in embedder },
            log: { print($0) })
        let truth = try String(contentsOfFile: Queries.truthPath(folder), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let count = try await store.describe("bench").count
        _ = try await measure(store, truth)  // the file comes from the disk the first time
        let plain = try await measure(store, truth)
        print("rows \(count)  \(hasGraph ? "graph" : "scan")  \(plain)")
        if !hasGraph {
            let filter = try Filter(["group": ["lt": 50]])
            _ = try await measure(store, nil, filter: filter)
            print(
                "rows \(count)  scan, half of them by a filter  "
                    + "\(try await measure(store, nil, filter: filter))")
            print("rows \(count)  text  \(try await measure(store, nil, mode: .text))")
        }
        await store.close()
    }

    struct Result: CustomStringConvertible {
        let times: [Duration]
        let recall: Double?

        var description: String {
            let sorted = times.sorted().map { ($0 / .microseconds(1)).rounded() / 1000 }
            let recall = recall.map { "  recall@10 \(($0 * 10_000).rounded() / 10_000)" } ?? ""
            return "p50 \(sorted[sorted.count / 2]) ms  p99 \(sorted[sorted.count * 99 / 100]) ms"
                + recall
        }
    }

    private func measure(
        _ store: CollectionStore, _ truth: [[String]]?, mode: CollectionQuery.Mode = .vector,
        filter: Filter? = nil
    ) async throws -> Result {
        var times: [Duration] = []
        var found = 0
        for round in 0..<Self.rounds {
            for (index, seed) in Queries.seeds.enumerated() {
                let text = mode == .text ? "row number \(index * 10)" : "\(seed)"
                let query = CollectionQuery(text, mode: mode, count: Queries.depth, filter: filter)
                let start = ContinuousClock.now
                let answer = try await store.query("bench", query)
                times.append(.now - start)
                guard round == 0, let truth else { continue }
                found += Set(answer.hits.map(\.document.id)).intersection(truth[index]).count
            }
        }
        let recall = truth.map { _ in Double(found) / Double(Queries.count * Queries.depth) }
        return Result(times: times, recall: recall)
    }
}
