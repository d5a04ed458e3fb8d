/// A query to a collection.
package struct CollectionQuery: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// By similarity of meaning: the cosine of the vectors.
        case vector
        /// By words: BM25.
        case text
        /// By both: reciprocal rank fusion.
        case hybrid
    }

    package var text: String
    package var mode: Mode
    package var count: Int
    package var offset: Int
    package var minimumScore: Double?
    package var filter: Filter?

    package init(
        _ text: String, mode: Mode = .vector, count: Int = 10, offset: Int = 0,
        minimumScore: Double? = nil, filter: Filter? = nil
    ) {
        self.text = text
        self.mode = mode
        self.count = count
        self.offset = offset
        self.minimumScore = minimumScore
        self.filter = filter
    }

    /// The limit of `offset` plus `count`.
    package static let deepest = 10_000

    /// How many ranks to find.
    var depth: Int { offset + count }
}

/// The result of a query.
package struct CollectionAnswer: Sendable {
    package struct Hit: Sendable, Equatable {
        package var rank: Int
        package var score: Double
        package var document: Document
    }

    package var hits: [Hit]
    package var mode: CollectionQuery.Mode
    package var model: String?
    package var totalRows: Int
    package var embedded: Int
}

/// A row and its score.
struct RankedKey: Sendable, Equatable {
    var key: Int64
    var score: Double

    /// The better score first; of equal scores, the row that was added first.
    static func isBetter(_ left: RankedKey, _ right: RankedKey) -> Bool {
        (left.score, right.key) > (right.score, left.key)
    }
}

/// Reciprocal rank fusion: Cormack, Clarke and Büttcher 2009 (doi:10.1145/1571941.1572114).
///
///     score(d) = sum over the lists of 1 / (60 + rank of d)
enum RankFusion {
    static let constant = 60.0

    static func fused(_ lists: [[RankedKey]]) -> [RankedKey] {
        var scores: [Int64: Double] = [:]
        for list in lists {
            for (index, ranked) in list.enumerated() {
                scores[ranked.key, default: 0] += 1 / (constant + Double(index + 1))
            }
        }
        return scores.map { RankedKey(key: $0.key, score: $0.value) }.sorted(by: RankedKey.isBetter)
    }
}
