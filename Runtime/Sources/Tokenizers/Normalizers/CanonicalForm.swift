@_spi(_Unicode) internal import Swift

/// Unicode normalization: "e" and a combining acute become "é" in form C, and the reverse in form D.
struct CanonicalForm: Normalizer {
    /// Form C, composed; otherwise D.
    let composes: Bool

    /// The most marks on one character that are ordered together. Sorting them takes quadratic time
    /// in the standard library; Unicode's own stream-safe format (UAX #15) stops at 30.
    private static let mostMarks = 256

    func normalize(_ text: Span<UInt8>, tracked: Bool) -> RewrittenText? {
        guard !isPlain(text) else { return nil }
        var result = RewrittenText(tracked: tracked, capacity: text.count)
        UTF8Runs.forEach(text) { run, isValid in
            if isValid {
                rewrite(run, of: text, into: &result)
            } else {
                result.copy(run, of: text)
            }
        }
        return result
    }

    /// Whether every character is below U+0300, where nothing composes, or below U+00C0, where
    /// nothing decomposes.
    private func isPlain(_ text: Span<UInt8>) -> Bool {
        let end: UInt8 = composes ? 0xCC : 0xC3
        return text.withUnsafeBufferPointer { $0.allSatisfy { $0 < end } }
    }

    /// `_nfcCodeUnits` is public in the standard library, and the only way to its tables.
    private func rewrite(
        _ run: Range<Int>, of source: Span<UInt8>, into result: inout RewrittenText
    ) {
        let text = String(decoding: Array(copying: source.extracting(run)), as: UTF8.self)
        var start = text.startIndex
        var place = run.lowerBound
        var marks = 0
        for index in text.unicodeScalars.indices {
            marks = Self.isMark(text.unicodeScalars[index]) ? marks + 1 : 0
            if marks > Self.mostMarks {
                place += rewrite(text[start..<index], at: place, into: &result)
                start = index
                marks = 1
            }
        }
        _ = rewrite(text[start...], at: place, into: &result)
    }

    /// - Returns: the bytes of `part`.
    private func rewrite(
        _ part: Substring, at place: Int, into result: inout RewrittenText
    ) -> Int {
        let text = String(part)
        let new = composes ? text._nfcCodeUnits : text.decomposed
        if result.alignment == nil || text.utf8.elementsEqual(new) {
            result.append(new.count, from: place) { new[$0] }
        } else {
            Self.align(String(decoding: new, as: UTF8.self), with: text, at: place, into: &result)
        }
        return text.utf8.count
    }

    /// Appends `new`. It has the same decomposition as `text`, which identifies its characters:
    /// each stands for the one from which its first part comes. If marks change places, the
    /// reference may point to a neighbouring one.
    private static func align(
        _ new: String, with text: String, at place: Int, into result: inout RewrittenText
    ) {
        var sources = text.unicodeScalars.makeIterator()
        var source = (byte: place, length: 0, firstPart: 0, parts: 0)
        var part = 0
        for scalar in new.unicodeScalars {
            while part >= source.firstPart + source.parts, let next = sources.next() {
                source = (
                    source.byte + source.length, UTF8.width(next), source.firstPart + source.parts,
                    partCount(next)
                )
            }
            result.append(String(scalar).utf8, for: source.byte)
            part += partCount(scalar)
        }
    }

    private static func partCount(_ scalar: Unicode.Scalar) -> Int {
        scalar.value < 0xC0 ? 1 : String(scalar)._nfd.reduce(0) { count, _ in count + 1 }
    }

    /// Whether a character, or what it decomposes into, is reordered among its neighbours.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300: false
        case 0xF73, 0xF75, 0xF81: true  // of class 0, but made of marks
        default: scalar.properties.canonicalCombiningClass != .notReordered
        }
    }
}

extension String {
    fileprivate var decomposed: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + utf8.count / 2)
        for scalar in _nfd { bytes.append(contentsOf: String(scalar).utf8) }
        return bytes
    }
}
