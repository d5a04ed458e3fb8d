import ModelJSON
import PluginCommon
import PluginKit
import TensorRuntime

/// An adapter that rows of batches name.
struct DecoderAdapter: ModelAdapter {
    let additions: LowRankAdapter
    var rank: Int { additions.rank }
    var bytes: UInt64 { UInt64(additions.packedBytes) }
}

extension LoadedDecoder: AdaptableModel {
    func readAdapter(_ request: AdapterRequest) throws -> DecoderAdapter {
        try checkSettings(request)
        let stored = try StoredAdapter.open(request.path, of: form)
        try request.call.check()
        let additions = LowRankAdapter(try stored.additions(to: form.maps))
        let adapter = DecoderAdapter(additions: additions)
        let bytes = weightBytes + adapters.bytes + adapter.bytes
        if let budget, bytes > budget {
            throw PluginError(
                .outOfMemory,
                "the weights and adapters would take \(bytes) bytes, the budget is \(budget)")
        }
        return adapter
    }

    /// Adapters have no settings of their own.
    private func checkSettings(_ request: AdapterRequest) throws {
        if request.configJSON.isEmpty { return }
        let keys = try ConfigurationFile(name: "settings", Array(request.configJSON.utf8))
            .decodeVerbatim(ObjectKeys.self).names
        if !keys.isEmpty { throw LlamaError.adapter(request.path, .settings(keys.sorted())) }
    }
}

extension LoadedAdapters<DecoderAdapter> {
    /// Which rows go through which.
    ///
    /// - Parameter numbers: one for each row, 0 for none; nil if there is none at all.
    func rows(_ numbers: [Int]?) throws -> RowAdapters? {
        guard let numbers else { return nil }
        var found: [Int: LowRankAdapter] = [:]
        for number in Set(numbers) where number != 0 {
            found[number] = try adapter(number).additions
        }
        return RowAdapters(numbers.map { found[$0] })
    }
}
