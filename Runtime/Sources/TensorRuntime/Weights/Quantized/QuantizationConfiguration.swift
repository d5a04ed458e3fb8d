import ModelJSON

/// `quantization_config` of a `config.json`, as far as it says how weights are stored.
struct QuantizationConfiguration: Decodable {
    let quantMethod: String?
    let bits: Int?
    /// AWQ's kernel, which determines the layout.
    let version: String?
    /// What the zero points of GPTQ count from.
    let checkpointFormat: String?
    /// Of compressed-tensors.
    let format: String?
    /// Rows and columns that share a scale.
    let weightBlockSize: [Int]?
    let configGroups: [String: Group]?

    struct Group: Decodable {
        let format: String?
        let weights: Weights?

        struct Weights: Decodable {
            let blockStructure: [Int]?
        }
    }

    private struct File: Decodable {
        let quantizationConfig: QuantizationConfiguration?
    }

    /// Nil for a file without one, or that cannot be decoded: whoever reads the rest of it says so.
    init?(json: [UInt8]) {
        guard let root = try? JSON(parsing: json), let file: File = try? root.decoded(),
            let configuration = file.quantizationConfig
        else { return nil }
        self = configuration
    }

    /// Rows and columns that share a scale, where the scales are a grid.
    var block: [Int] {
        let structure = configGroups?.values.lazy.compactMap { $0.weights?.blockStructure }.first
        let block = weightBlockSize ?? structure ?? []
        return block.count == 2 && block.allSatisfy { $0 > 0 } ? block : Self.usualBlock
    }

    static let usualBlock = [128, 128]

    /// - Throws: `CheckpointError.quantization` for a variant of a known method that cannot be read.
    func check() throws {
        switch quantMethod {
        case "awq": try expect("version", version ?? "gemm", among: ["gemm"])
        case "gptq":
            try expect("checkpoint_format", checkpointFormat ?? "gptq", among: ["gptq", "gptq_v2"])
        case "compressed-tensors":
            let known = ["pack-quantized", "int-quantized", "float-quantized", "naive-quantized"]
            let groups = configGroups?.values.compactMap(\.format) ?? []
            for format in (groups + [format].compactMap(\.self)) where format != "mixed-precision" {
                try expect("format", format, among: known)
            }
        default: break
        }
        guard let bits, quantMethod == "awq" || quantMethod == "gptq" else { return }
        let known = quantMethod == "awq" ? [4] : [4, 8]
        try expect("bits", "\(bits)", among: known.map { "\($0)" })
    }

    private func expect(_ key: String, _ found: String, among known: [String]) throws {
        guard !known.contains(found) else { return }
        throw CheckpointError.quantization(
            key: key, found: found, expected: known.joined(separator: ", "))
    }
}
