/// How long steps take by their number of rows, learnt from the steps themselves.
///
/// The cost of a step is a piecewise linear function of its rows: a point for each power of two, which is
/// the running mean of the steps of about that size. What a row costs grows with the depth of the
/// sequences, and the machine may be busy otherwise, so later steps count more.
package struct StepCost: Sendable {
    private struct Point {
        var rows: Double
        var seconds: Double
    }

    /// The point of steps with 2^k to 2^(k + 1) - 1 rows.
    private var points = [Point?](repeating: nil, count: 32)
    private static let weight = 0.3
    /// Steps grow at most this much beyond those that have been seen.
    private static let growth = 2.0
    /// What a step of twice the rows is taken to cost more, before one has been seen.
    private static let optimism = 0.1
    /// A larger step is taken to cost at most this much more per row where it decides how long streams
    /// wait, so that one slow step does not keep prompts back.
    private static let tolerance = 1.25
    /// What was measured longer ago gives way by this with each smaller step, so that it is tried again
    /// some day.
    private static let relaxation = 0.005

    package init() {}

    package mutating func note(rows: Int, _ time: Duration) {
        guard rows > 0, time > .zero else { return }
        let place = min(Int.bitWidth - rows.leadingZeroBitCount - 1, points.count - 1)
        let (rows, seconds) = (Double(rows), time.inSeconds)
        if let old = points[place] {
            points[place] = Point(
                rows: old.rows + (rows - old.rows) * Self.weight,
                seconds: old.seconds + (seconds - old.seconds) * Self.weight)
        } else {
            points[place] = Point(rows: rows, seconds: seconds)
        }
        for larger in (place + 1)..<points.count {
            guard let point = points[larger] else { continue }
            let most = seconds * point.rows / rows * Self.tolerance
            points[larger]?.seconds -= max(0, point.seconds - most) * Self.relaxation
        }
    }

    /// About how long a step of so many rows takes; nil while none so small has been seen. Larger ones
    /// than any that was seen are taken to cost little more, until they are tried.
    func seconds(of rows: Int) -> Double? {
        let known = points.compactMap { $0 }
        guard let first = known.first, let last = known.last else { return nil }
        let rows = Double(rows)
        // A point is a mean, and so may lie a little above the rows that it is of.
        guard rows > first.rows - 1 else { return nil }
        guard rows > first.rows else { return first.seconds }
        guard rows < last.rows else {
            return last.seconds * (1 + Self.optimism * (rows - last.rows) / last.rows)
        }
        let next = known.firstIndex { $0.rows > rows } ?? known.count - 1
        let (below, above) = (known[next - 1], known[next])
        let share = (rows - below.rows) / (above.rows - below.rows)
        return below.seconds + (above.seconds - below.seconds) * share
    }

    /// The points, none of which costs much more per row than a smaller one.
    private var bounded: [Point] {
        var perRow = Double.infinity
        return points.compactMap { $0 }.map { point in
            let seconds = min(point.seconds, perRow * Self.tolerance * point.rows)
            perRow = min(perRow, seconds / point.rows)
            return Point(rows: point.rows, seconds: seconds)
        }
    }

    /// How many rows a step may have to end within a time; nil while no step has been seen.
    package func rows(within time: Duration) -> Int? {
        let known = bounded
        guard let smallest = known.first else { return nil }
        let target = time.inSeconds
        guard let last = known.lastIndex(where: { $0.seconds <= target }) else {
            return max(1, Int(smallest.rows * target / smallest.seconds))
        }
        let below = known[last]
        guard last + 1 < known.count else {
            return Int(below.rows * min(Self.growth, target / below.seconds))
        }
        let above = known[last + 1]
        let share = (target - below.seconds) / (above.seconds - below.seconds)
        return Int(below.rows + (above.rows - below.rows) * share)
    }
}
