package func argmax(_ logits: [Float]) -> Int32 {
    Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
}

/// The largest absolute difference; infinite when the counts differ or a number is not one.
package func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}

package func largestDifference(_ found: [[Float]], _ expected: [[Float]]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { largestDifference($0, $1) }.max() ?? 0
}
