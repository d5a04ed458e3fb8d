/// Weights that several tensors of a file make together, such as numbers of few bits and their
/// scales.
protocol WeightAssembly: Sendable {
    /// The tensor with the numbers.
    var numbers: TensorEntry { get }
    /// [to, from]
    var shape: [Int] { get }
    var type: StoredType { get }
    func weight() throws -> Tensor
}

/// Quantized weights of Hugging Face directories, opened as the tensors `weight` that they stand for.
///
/// transformers' `fp8` and `fbgemm_fp8`, compressed-tensors, GPTQ and AWQ:
///
///     weight, weight_scale or weight_scale_inv    F8_E4M3 or I8
///     weight_packed, weight_scale, weight_shape   compressed-tensors in 4 or 8 bits
///     qweight, qzeros, scales, g_idx              GPTQ; AWQ, without g_idx
///     …_blocks, …_scales                          transformers' `mxfp4`
public enum QuantizedWeights {
    /// Values of `quant_method` whose weights are read.
    public static let methods = [
        "awq", "compressed-tensors", "fbgemm_fp8", "fp8", "gptq", "mxfp4",
    ]

    /// Scales of activations, or of a cache in 8 bits: both are computed with in more bits here.
    private static let unused: Set = [
        "input_scale", "output_scale", "input_scale_ub", "activation_scale", "input_zero_point",
        "q_scale", "k_scale", "v_scale",
    ]

    /// - Returns: the tensors, where those that make a weight together are one entry.
    /// - Throws: `CheckpointError` for a part that is missing or does not fit the others.
    static func assembled(
        _ tensors: [String: TensorEntry], _ configuration: QuantizationConfiguration?
    ) throws -> [String: TensorEntry] {
        if let method = configuration?.quantMethod, !methods.contains(method) { return tensors }
        try configuration?.check()
        if configuration?.quantMethod == "mxfp4" { return try MicroscaledFloats.assembled(tensors) }
        var result = tensors
        for numbers in tensors.values {
            let parts = WeightParts(numbers, tensors)
            guard let assembly = try assembly(parts, configuration) else { continue }
            for leaf in Self.parts { result[parts.name(leaf)] = nil }
            let weight = parts.name("weight")
            result[weight] = TensorEntry(
                name: weight, shape: assembly.shape, type: assembly.type,
                file: assembly.numbers.file, bytes: assembly.numbers.bytes, assembly: assembly)
        }
        guard configuration != nil else { return result }
        return result.filter { !unused.contains(WeightParts($0.value, tensors).leaf) }
    }

    private static let parts = [
        "weight", "weight_scale", "weight_scale_inv", "weight_packed", "weight_shape",
        "weight_zero_point", "weight_g_idx", "qweight", "qzeros", "scales", "g_idx",
    ]

    /// Nil for a tensor that is not the numbers of an assembly.
    private static func assembly(
        _ parts: WeightParts, _ configuration: QuantizationConfiguration?
    ) throws -> (any WeightAssembly)? {
        switch parts.leaf {
        case "weight" where parts.numbers.type.name == "F8_E4M3":
            guard let scales = parts["weight_scale_inv"] ?? parts["weight_scale"] else {
                throw CheckpointError.missingTensor(parts.name("weight_scale"), near: [])
            }
            let block = configuration?.block ?? QuantizationConfiguration.usualBlock
            return try ScaledFloats(parts.numbers, scales, block: block)
        case "weight" where parts.numbers.type.element == .i8 && parts["weight_scale"] != nil:
            return try GroupedIntegers(signed: parts)
        case "weight_packed": return try GroupedIntegers(compressed: parts)
        case "qweight" where configuration?.quantMethod == "awq":
            return try GroupedIntegers(awq: parts)
        case "qweight" where configuration?.quantMethod == "gptq":
            return try GroupedIntegers(
                gptq: parts, bits: configuration?.bits ?? 4,
                countsFromOne: configuration?.checkpointFormat != "gptq_v2")
        default: return nil
        }
    }
}

/// The tensors of one linear map.
struct WeightParts {
    let numbers: TensorEntry
    let leaf: String
    private let folder: String
    private let tensors: [String: TensorEntry]

    init(_ numbers: TensorEntry, _ tensors: [String: TensorEntry]) {
        let name = numbers.name
        let end = name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.startIndex
        (folder, leaf) = (String(name[..<end]), String(name[end...]))
        self.tensors = tensors
        self.numbers = numbers
    }

    func name(_ leaf: String) -> String { folder + leaf }

    subscript(_ leaf: String) -> TensorEntry? { tensors[name(leaf)] }

    /// - Throws: `CheckpointError.missingTensor`
    func require(_ leaf: String) throws -> TensorEntry {
        guard let entry = self[leaf] else {
            throw CheckpointError.missingTensor(name(leaf), near: [])
        }
        return entry
    }
}

extension TensorEntry {
    /// - Throws: `CheckpointError.shape`
    func requireShape(_ expected: [Int]) throws {
        guard shape == expected else {
            throw CheckpointError.shape(tensor: name, found: shape, expected: expected)
        }
    }

    /// - Throws: `CheckpointError.shape` where it has not two axes.
    func requireMatrix() throws {
        guard shape.count == 2 else {
            throw CheckpointError.axes(tensor: name, found: shape, expected: 2)
        }
    }

    /// - Throws: `CheckpointError.axes`, `.words` where it has not two axes of 32-bit words.
    func requireWords() throws {
        try requireMatrix()
        guard type.blockBytes == 4, type.element == .i32 || type.name == "U32" else {
            throw CheckpointError.words(tensor: name, found: type.name)
        }
    }
}
