/// A normalizer that rewrites each character independently.
protocol ScalarNormalizer: Normalizer {
    /// - Returns: the replacement of `scalar`, nil for itself.
    func rewrite(_ scalar: Unicode.Scalar) -> String?
}

extension ScalarNormalizer {
    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        var result = RewrittenText(tracked: tracked, capacity: text.count)
        var copied = 0
        var index = 0
        while index < text.count {
            guard let (scalar, length) = UTF8Runs.scalar(at: index, in: text) else {
                index += 1
                continue
            }
            if let new = rewrite(scalar) {
                result.copy(copied..<index, of: text)
                result.replace(index..<index + length, by: new.utf8)
                copied = index + length
            }
            index += length
        }
        guard copied > 0 else { return nil }
        result.copy(copied..<text.count, of: text)
        return result
    }
}

/// Each character's own lower case, regardless of its context: the last sigma of a word is not
/// distinguished.
struct Lowercase: ScalarNormalizer {
    func rewrite(_ scalar: Unicode.Scalar) -> String? {
        if scalar.isASCII {
            guard case 0x41...0x5A = scalar.value else { return nil }
            return String(Unicode.Scalar(UInt8(scalar.value) + 0x20))
        }
        return scalar.properties.changesWhenLowercased ? scalar.properties.lowercaseMapping : nil
    }
}

/// Removes the marks on, under or around other characters, after decomposition.
struct StripAccents: ScalarNormalizer {
    func rewrite(_ scalar: Unicode.Scalar) -> String? {
        guard scalar.value >= 0x300 else { return nil }
        return switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: ""
        default: nil
        }
    }
}
