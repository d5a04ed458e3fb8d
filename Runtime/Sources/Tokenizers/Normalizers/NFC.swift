/// Unicode normalization form C: "e" and a combining acute become "é".
struct NFC: Normalizer {
    /// Marks on one character that are put in order together. Sorting them takes quadratic time in
    /// the standard library; Unicode's own stream-safe format (UAX #15) stops at 30.
    private static let mostMarks = 256

    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        guard !isPlain(text) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        UTF8Runs.forEach(text) { run, isValid in
            let run = Array(copying: text.extracting(run))
            if isValid {
                compose(String(decoding: run, as: UTF8.self), into: &result)
            } else {
                result += run
            }
        }
        return result
    }

    /// Whether every character lies below U+0300, where nothing composes.
    private func isPlain(_ text: Span<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { $0.allSatisfy { $0 < 0xCC } }
    }

    /// `_nfcCodeUnits` is public in the standard library, and the only way to its tables.
    private func compose(_ text: String, into result: inout [UInt8]) {
        var start = text.startIndex
        var marks = 0
        for index in text.unicodeScalars.indices {
            marks = Self.isMark(text.unicodeScalars[index]) ? marks + 1 : 0
            if marks > Self.mostMarks {
                result += String(text.unicodeScalars[start..<index])._nfcCodeUnits
                start = index
                marks = 1
            }
        }
        result += String(text.unicodeScalars[start...])._nfcCodeUnits
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
