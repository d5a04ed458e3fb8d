/// Rewrites text before it is split into words.
protocol Normalizer: Sendable {
    /// - Parameter tracked: whether the result records where its bytes come from.
    /// - Returns: the new text, or nil when it is `text` itself.
    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText?
}

extension Normalizer {
    /// - Returns: the new text, or nil when it is `text` itself.
    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        normalize(text, tracked: false)?.bytes
    }
}

/// One normalizer after the other.
struct NormalizerSequence: Normalizer {
    let steps: [any Normalizer]

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result: RewrittenText?
        for step in steps {
            if let current = result {
                let next = step.normalize(current.bytes.span, tracked: tracked)
                result = next?.composed(over: current) ?? current
            } else {
                result = step.normalize(text, tracked: tracked)
            }
        }
        return result
    }
}

/// Puts fixed text before any text that is not empty.
struct Prepend: Normalizer {
    let prefix: [UInt8]

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        guard !text.isEmpty else { return nil }
        var result = RewrittenText(tracked: tracked, capacity: prefix.count + text.count)
        result.append(prefix, for: 0)
        result.copy(text.indices, of: text)
        return result
    }
}

/// Strips white space from the ends.
struct Strip: Normalizer {
    let left: Bool
    let right: Bool

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var start = 0
        var end = text.count
        while left, start < end, let (scalar, length) = UTF8Runs.scalar(at: start, in: text),
            scalar.properties.isWhitespace
        {
            start += length
        }
        while right, start < end, let (scalar, length) = UTF8Runs.scalar(before: end, in: text),
            scalar.properties.isWhitespace
        {
            end -= length
        }
        guard end - start < text.count else { return nil }
        var result = RewrittenText(tracked: tracked)
        result.copy(start..<end, of: text)
        return result
    }
}
