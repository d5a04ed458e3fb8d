import PluginABI
import PluginTesting
import TestFixtures

extension PluginLibrary {
    static let summarizer = PluginLibrary("libSummarizer.so")
}

/// What `probe` says of a path.
func probe(_ path: String) throws -> roost_probe { try PluginLibrary.summarizer.probe(path) }

extension TestModel {
    /// - Parameter settings: F32 keys and values unless said otherwise.
    convenience init(
        _ path: String, settings: String = #"{"cache_type": "f32"}"#, budget: UInt64 = 0
    ) throws {
        try self.init(.summarizer, path, settings: settings, budget: budget)
    }

    /// The token that a sequence begins with.
    var start: Int32 {
        get throws { try encoder.decoder_start }
    }

    fileprivate var encoder: roost_ext_encode {
        get throws { try table(ROOST_EXT_ENCODE) }
    }

    /// What tokens write, those of control left out.
    func text(of ids: [Int32]) throws -> String {
        let v = try vocabulary
        let bytes = ids.filter { v.attr[Int($0)] & 1 == 0 }.flatMap { id in
            (v.offset[Int(id)]..<v.offset[Int(id) + 1]).map { UInt8(bitPattern: v.bytes[Int($0)]) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return v.flags & 1 != 0 && text.hasPrefix(" ") ? String(text.dropFirst()) : text
    }
}

extension TestContext {
    /// - Parameter checks: how often the plugin finds that the deadline has not passed.
    func encode(
        _ source: [Int32], for sequence: UInt32 = 0, cancel: UnsafePointer<UInt32>? = nil,
        checks: Int? = nil
    ) throws {
        let encoder = try model.encoder
        try source.withUnsafeBufferPointer { source in
            try checked(cancel: cancel, checks: checks) {
                encoder.encode(handle, sequence, source.baseAddress, UInt32(source.count), $0)
            }
        }
    }

    /// Writes with the likeliest token until the end token or `count` tokens behind the start.
    ///
    /// - Parameters:
    ///   - forced: the tokens behind the start token, whatever is likely.
    ///   - last: the token at the last place, whatever is likely.
    func greedy(
        _ source: [Int32], count: Int, forced: [Int32] = [], last: Int32? = nil
    ) throws -> [Int32] {
        clear()
        try encode(source)
        var tokens = [try model.start]
        let end = try model.vocabulary.eos
        while tokens.count <= count {
            let likeliest = argmax(try append([tokens[tokens.count - 1]])[0])
            let place = tokens.count - 1
            let chosen = place < forced.count ? forced[place] : likeliest
            tokens.append(tokens.count == count ? last ?? chosen : chosen)
            if tokens[tokens.count - 1] == end { break }
        }
        return tokens
    }
}
