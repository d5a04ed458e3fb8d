/// Replaces each occurrence of fixed text.
struct Replace: Normalizer {
    let target: [UInt8]
    let replacement: [UInt8]

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        guard let first = target.first else { return nil }
        var result = RewrittenText(tracked: tracked)
        var copied = 0
        var index = 0
        while index + target.count <= text.count {
            guard text[index] == first && matches(text, at: index) else {
                index += 1
                continue
            }
            result.copy(copied..<index, of: text)
            index += target.count
            result.append(replacement, for: index - 1)
            copied = index
        }
        guard copied > 0 else { return nil }
        result.copy(copied..<text.count, of: text)
        return result
    }

    private func matches(_ text: Span<UInt8>, at start: Int) -> Bool {
        for i in target.indices where text[start + i] != target[i] { return false }
        return true
    }
}

/// Replaces each match of a pattern.
struct ReplaceMatches: Normalizer {
    let pattern: Pattern
    let replacement: [UInt8]

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count)
        UTF8Runs.forEach(text) { run, isValid in
            var copied = run.lowerBound
            if isValid {
                // A pattern that gives up leaves the rest of the text as it is.
                try? pattern.forEachMatch(in: text.extracting(run)) { match in
                    let end = run.lowerBound + match.upperBound
                    result.copy(copied..<run.lowerBound + match.lowerBound, of: text)
                    result.append(replacement, for: max(end - 1, 0))
                    copied = end
                }
            }
            result.copy(copied..<run.upperBound, of: text)
        }
        return result
    }
}
