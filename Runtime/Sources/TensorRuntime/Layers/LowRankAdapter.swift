/// Low-rank additions to the linear maps of a network, Hu et al. 2021 (arXiv:2106.09685), section 4.1.
///
///     y = x · Wᵀ + b + s · (x · Aᵀ) · Bᵀ
///
/// Only the rows of a pass that `RowAdapters` gives them go through them.
public final class LowRankAdapter: Sendable {
    /// By the places of the maps that they are added to.
    fileprivate let additions: [Int: LowRankAddition]
    /// The largest.
    public let rank: Int
    /// Bytes of the matrices as they are kept for the kernels.
    public let packedBytes: Int

    public init(_ additions: [LowRankAddition]) {
        self.additions = Dictionary(
            additions.map { ($0.place, $0) }, uniquingKeysWith: { $1 })
        rank = additions.reduce(0) { max($0, $1.rank) }
        packedBytes = additions.reduce(0) { $0 + $1.packedBytes }
    }
}

/// What an adapter adds to one linear map.
///
///     s · (x · Aᵀ) · Bᵀ
public struct LowRankAddition: Sendable {
    fileprivate let place: Int
    fileprivate let rank: Int
    private let down: Linear  // A, [r, from]
    private let up: Linear  // B, [to, r]
    private let scale: Float

    /// - Parameters:
    ///   - map: what it is added to.
    ///   - a: [r, from], as a linear map.
    ///   - b: [to, r], with the rows of all that is stored with the map.
    /// - Throws: `TensorError.shape`, `.element`.
    public init(to map: NamedMap, a: Linear, b: Tensor, scale: Float) throws {
        place = map.place
        down = a
        up = try Linear(b.rows(map.rows))
        rank = b.width
        self.scale = scale
    }

    fileprivate var packedBytes: Int { down.packedBytes + up.packedBytes }

    /// - Parameters:
    ///   - x: [N, from].
    ///   - rows: of the map's result, N of them.
    ///   - y: the map's result.
    fileprivate func add(
        _ x: Tensor, toRows rows: [Int], of y: inout Tensor
    ) throws(TensorError) {
        let sums = try up(down(x))  // [N, to]
        try y.add(sums, times: [Float](repeating: scale, count: rows.count), toRows: rows)
    }
}

/// A linear map of a network by the name of its weights.
public struct NamedMap: Sendable {
    /// `model.layers.0.self_attn.q_proj`
    public let name: String
    public let from: Int
    /// Its part of the rows that are stored under this name: all, unless several maps are stored as one.
    public let rows: Range<Int>
    /// Its number among those of its network.
    let place: Int
}

/// Which rows of a pass go through which adapters.
///
/// Linear maps find this by themselves, so that no network has to pass it on. A row has the same bits whatever
/// other rows, of whatever adapters, are in the pass.
public struct RowAdapters: Sendable {
    /// Of the pass that this thread is in.
    @TaskLocal static var current: RowAdapters?

    private struct Group {
        let adapter: LowRankAdapter
        var rows: [Int]
    }

    private let rowCount: Int
    private let groups: [Group]

    /// - Parameter adapters: one for each row of the pass, nil for none.
    /// - Returns: nil if there is none at all.
    public init?(_ adapters: [LowRankAdapter?]) {
        var groups: [Group] = []
        for (row, adapter) in adapters.enumerated() {
            guard let adapter else { continue }
            if let known = groups.firstIndex(where: { $0.adapter === adapter }) {
                groups[known].rows.append(row)
            } else {
                groups.append(Group(adapter: adapter, rows: [row]))
            }
        }
        self.init(adapters.count, groups)
    }

    private init?(_ rowCount: Int, _ groups: [Group]) {
        if groups.isEmpty { return nil }
        self.rowCount = rowCount
        self.groups = groups
    }

    /// Runs a pass of a network with these rows.
    public static func with<Result>(
        _ adapters: RowAdapters?, _ pass: () throws -> Result
    ) rethrows -> Result {
        try $current.withValue(adapters, operation: pass)
    }

    /// Runs a part of the pass in progress with some of its rows.
    ///
    /// - Parameter rows: indices of the pass's rows, in the order in which the part has them.
    public static func selecting<Result>(
        _ rows: [Int], _ part: () throws -> Result
    ) rethrows -> Result {
        guard let current else { return try part() }
        return try with(current.selecting(rows), part)
    }

    private func selecting(_ rows: [Int]) -> RowAdapters? {
        var adapters = [LowRankAdapter?](repeating: nil, count: rowCount)
        for group in groups {
            for row in group.rows { adapters[row] = group.adapter }
        }
        return RowAdapters(rows.map { adapters[$0] })
    }

    func reach(_ place: Int) -> Bool {
        groups.contains { $0.adapter.additions[place] != nil }
    }

    /// Adds to the rows of a map's result what their adapters say.
    ///
    /// - Parameters:
    ///   - place: the map's.
    ///   - x: what the map was given, [N, from].
    ///   - y: what it gave, [N, to].
    /// - Throws: `TensorError.shape` if the pass has other rows.
    func add(at place: Int, _ x: Tensor, to y: inout Tensor) throws(TensorError) {
        for group in groups {
            guard let addition = group.adapter.additions[place] else { continue }
            guard x.rowCount == rowCount else {
                throw .shape(
                    of: "the input of an adapted map", found: x.shape,
                    expected: "[\(rowCount), \(x.width)]")
            }
            let rows = group.rows.count == rowCount ? x : try x.selectingRows(group.rows)
            try addition.add(rows, toRows: group.rows, of: &y)
        }
    }
}
