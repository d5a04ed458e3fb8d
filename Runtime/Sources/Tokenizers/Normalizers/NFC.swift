/// Unicode normalization form C: "e" and a combining acute become "é".
struct NFC: Normalizer {
    func normalize(_ text: Span<UInt8>) -> [UInt8]? {
        guard !isPlain(text) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        UTF8Runs.forEach(text) { run, isValid in
            let run = Array(copying: text.extracting(run))
            // `_nfcCodeUnits` is public in the standard library, and the only way to its tables.
            result += isValid ? String(decoding: run, as: UTF8.self)._nfcCodeUnits : run
        }
        return result
    }

    /// Whether every character lies below U+0300, where nothing composes.
    private func isPlain(_ text: Span<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { $0.allSatisfy { $0 < 0xCC } }
    }
}
