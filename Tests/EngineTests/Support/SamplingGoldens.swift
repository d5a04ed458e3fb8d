import Engine
import Foundation
import JSON
import TestFixtures

/// Probabilities by transformers' logits processors: `Tests/Fixtures/sampling`.
struct SamplingGoldens {
    let logits: [Float]
    let history: [Int32]
    let cases: [(parameters: SamplingParameters, kept: Int, probabilities: [Float], name: String)]

    init() throws {
        let folder = URL(filePath: TestFiles.own("Tests/Fixtures/sampling"))
        let arrays = try Self.floats(
            Data(contentsOf: folder.appending(path: "sampling.safetensors")))
        let json = try JSONValue(parsing: Data(contentsOf: folder.appending(path: "sampling.json")))
        logits = arrays["logits"] ?? []
        history = (json["history"]?.array ?? []).compactMap { $0.integer.map(Int32.init) }
        cases = (json["cases"]?.array ?? []).map { item in
            var parameters = SamplingParameters()
            item["temperature"]?.number.map { parameters.temperature = Float($0) }
            item["top_k"]?.integer.map { parameters.topK = $0 }
            item["top_p"]?.number.map { parameters.topP = Float($0) }
            item["min_p"]?.number.map { parameters.minP = Float($0) }
            item["typical_p"]?.number.map { parameters.typicalP = Float($0) }
            item["repetition_penalty"]?.number.map { parameters.repetitionPenalty = Float($0) }
            return (
                parameters, item["kept"]?.integer ?? 0,
                arrays[item["probs"]?.string ?? ""] ?? [], item["name"]?.string ?? ""
            )
        }
    }

    /// The F32 arrays of a safetensors file.
    private static func floats(_ file: Data) throws -> [String: [Float]] {
        let header = file.prefix(8).enumerated().reduce(0) {
            $0 | Int($1.element) << (8 * $1.offset)
        }
        let json = try JSONValue(parsing: file[8..<(8 + header)])
        var arrays: [String: [Float]] = [:]
        for (name, entry) in json.object?.members ?? [] {
            let ends = (entry["data_offsets"]?.array ?? []).compactMap(\.integer)
            guard ends.count == 2 else { continue }
            let bytes = file[(8 + header + ends[0])..<(8 + header + ends[1])]
            arrays[name] = bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
                }
            }
        }
        return arrays
    }
}
