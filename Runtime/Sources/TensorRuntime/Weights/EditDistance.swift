extension String {
    /// The number of byte insertions, deletions and substitutions that turn this into `other`.
    public func editDistance(to other: String) -> Int {
        let other = Array(other.utf8)
        var row = Array(0...other.count)
        for (i, x) in utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in other.enumerated() {
                let substitution = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[other.count]
    }
}
