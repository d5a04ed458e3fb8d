import GRDB

/// How rows are split into words: as SQLite's `unicode61` does, and in scripts without spaces into
/// pairs of characters.
///
/// `使用gzip压缩` is 使用, 用, gzip, 压缩, 缩: every pair, and the last character of a run, so that each
/// character begins a word. A query of several characters is a phrase of its pairs, which are
/// adjacent exactly where the row has these characters; a query of a single character is a prefix.
final class WordTokenizer: FTS5CustomTokenizer {
    static let name = "roost"
    /// Incremented when the rule changes: indexes of another form are rebuilt.
    static let form = 2

    private let spaced: any FTS5Tokenizer

    init(db: Database, arguments: [String]) throws {
        spaced = try db.makeTokenizer(.unicode61(diacritics: .remove))
    }

    func tokenize(
        context: UnsafeMutableRawPointer?, tokenization: FTS5Tokenization,
        pText: UnsafePointer<CChar>?, nText: CInt, tokenCallback: @escaping FTS5TokenCallback
    ) -> CInt {
        let sink = Sink(context: context, callback: tokenCallback)
        let isQuery = tokenization.contains(.query)
        return UnsafeRawBufferPointer(start: pText, count: Int(nText))
            .withMemoryRebound(to: UInt8.self) { bytes in
                for run in ScriptRuns(bytes) {
                    let code =
                        run.characters.isEmpty
                        ? words(bytes, run.range, tokenization, sink)
                        : pairs(bytes, run.characters, isQuery: isQuery, sink)
                    guard code == Self.ok else { return code }
                }
                return Self.ok
            }
    }

    private static let ok: CInt = 0

    /// The receiver of the words, and where in the text the words passed to it begin.
    private struct Sink {
        let context: UnsafeMutableRawPointer?
        let callback: FTS5TokenCallback
        var offset: CInt = 0
    }

    private func words(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        _ tokenization: FTS5Tokenization, _ sink: Sink
    ) -> CInt {
        var sink = sink
        sink.offset = CInt(range.lowerBound)
        let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range])
        return withUnsafeMutablePointer(to: &sink) { sink in
            spaced.tokenize(
                context: sink, tokenization: tokenization,
                pText: piece.baseAddress?.assumingMemoryBound(to: CChar.self),
                nText: CInt(piece.count)
            ) { context, flags, token, count, start, end in
                guard let sink = context?.assumingMemoryBound(to: Sink.self).pointee else {
                    return 1
                }
                return sink.callback(
                    sink.context, flags, token, count, start + sink.offset, end + sink.offset)
            }
        }
    }

    private func pairs(
        _ bytes: UnsafeBufferPointer<UInt8>, _ characters: [Range<Int>], isQuery: Bool,
        _ sink: Sink
    ) -> CInt {
        var token: [UInt8] = []
        for (index, first) in characters.enumerated() {
            let second = index + 1 < characters.count ? characters[index + 1] : nil
            if second == nil, isQuery, index > 0 { break }
            token.removeAll(keepingCapacity: true)
            token += bytes[first]
            if let second { token += bytes[second] }
            let code = token.withUnsafeBytes { token in
                sink.callback(
                    sink.context, 0, token.baseAddress?.assumingMemoryBound(to: CChar.self),
                    CInt(token.count), CInt(first.lowerBound),
                    CInt((second ?? first).upperBound))
            }
            guard code == Self.ok else { return code }
        }
        return Self.ok
    }
}
