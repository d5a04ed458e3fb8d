/// Rewrites text before it is cut into words.
protocol Normalizer: Sendable {
    /// - Returns: the new text, or nil when it is `text` itself.
    func normalize(_ text: Span<UInt8>) -> [UInt8]?
}

/// One normalizer after the other.
struct NormalizerSequence: Normalizer {
    let steps: [any Normalizer]

    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        for step in steps {
            if let current = result {
                result = step.normalize(current.span) ?? current
            } else {
                result = step.normalize(text)
            }
        }
        return result
    }
}

/// Puts fixed text before any text that is not empty.
struct Prepend: Normalizer {
    let prefix: [UInt8]

    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        text.isEmpty ? nil : prefix + Array(copying: text)
    }
}

/// Replaces each occurrence of fixed text.
struct Replace: Normalizer {
    let target: [UInt8]
    let replacement: [UInt8]

    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        guard let first = target.first else { return nil }
        var result: [UInt8] = []
        var copied = 0
        var index = 0
        while index + target.count <= text.count {
            guard text[index] == first && matches(text, at: index) else {
                index += 1
                continue
            }
            result.append(copying: text.extracting(copied..<index))
            result.append(contentsOf: replacement)
            index += target.count
            copied = index
        }
        guard copied > 0 else { return nil }
        result.append(copying: text.extracting(copied..<text.count))
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

    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        UTF8Runs.forEach(text) { run, isValid in
            var copied = run.lowerBound
            if isValid {
                // A pattern that gives up leaves the rest of the text as it is.
                try? pattern.forEachMatch(in: text.extracting(run)) { match in
                    let start = run.lowerBound + match.lowerBound
                    result.append(copying: text.extracting(copied..<start))
                    result.append(contentsOf: replacement)
                    copied = run.lowerBound + match.upperBound
                }
            }
            result.append(copying: text.extracting(copied..<run.upperBound))
        }
        return result
    }
}
