/// Weights of four-bit floats of which 32 share an exponent: OCP MXFP4, Rouhani et al. 2023
/// (arXiv:2310.10537), section 3, as transformers stores them.
///
///     w[…, 32 b + i] = number[…, b, i] · 2^(scale[…, b] - 127)
///
/// They become blocks of GGUF's MXFP4: the same bits in another order.
struct MicroscaledFloats: WeightAssembly {
    let numbers: TensorEntry  // […, B, 16], two a byte
    private let scales: TensorEntry  // […, B]

    private static let perBlock = 32

    init(_ numbers: TensorEntry, _ scales: TensorEntry) throws {
        guard numbers.shape.count > 2, numbers.shape.last == Self.perBlock / 2 else {
            throw CheckpointError.shape(
                tensor: numbers.name, found: numbers.shape,
                expected: numbers.shape.dropLast() + [Self.perBlock / 2])
        }
        try scales.requireShape(numbers.shape.dropLast())
        for entry in [numbers, scales] where entry.type.name != "U8" {
            throw CheckpointError.unsupportedType(tensor: entry.name, type: entry.type.name)
        }
        self.numbers = numbers
        self.scales = scales
    }

    var shape: [Int] {
        numbers.shape.dropLast(2) + [scales.shape[scales.shape.count - 1] * Self.perBlock]
    }

    var type: StoredType {
        StoredType(
            name: ElementType.mxfp4.name, blockSize: Self.perBlock,
            blockBytes: ElementType.mxfp4.blockBytes, element: .mxfp4)
    }

    func weight() throws -> Tensor {
        let result = Tensor(.mxfp4, uninitialized: shape)
        let blocks = scales.elements
        let stretch = 4096
        numbers.file.withBytes(numbers.bytes) { numbers in
            scales.file.withBytes(scales.bytes) { scales in
                ThreadPool.shared.parallel((blocks + stretch - 1) / stretch) { part in
                    for block in part * stretch..<min(blocks, (part + 1) * stretch) {
                        let out = result.bytes.baseAddress! + block * type.blockBytes
                        Self.write(
                            numbers.baseAddress! + block * Self.perBlock / 2, scales[block], to: out
                        )
                    }
                }
            }
        }
        withExtendedLifetime(result) {}
        return result
    }

    /// Byte j has the numbers 2j and 2j + 1 here, j and j + 16 there.
    private static func write(
        _ numbers: UnsafeRawPointer, _ scale: UInt8, to block: UnsafeMutableRawPointer
    ) {
        block.storeBytes(of: scale, as: UInt8.self)
        let number = { (index: Int) -> UInt8 in
            let byte = numbers.load(fromByteOffset: index / 2, as: UInt8.self)
            return index.isMultiple(of: 2) ? byte & 15 : byte >> 4
        }
        for j in 0..<perBlock / 2 {
            block.storeBytes(
                of: number(j) | number(j + perBlock / 2) << 4, toByteOffset: 1 + j, as: UInt8.self)
        }
    }
}

extension MicroscaledFloats {
    /// - Returns: the tensors, where `x_blocks` and `x_scales` are one, `x.weight`.
    static func assembled(_ tensors: [String: TensorEntry]) throws -> [String: TensorEntry] {
        let suffix = "_blocks"
        var result = tensors
        for (name, numbers) in tensors where name.hasSuffix(suffix) {
            let stem = String(name.dropLast(suffix.count))
            guard let scales = tensors["\(stem)_scales"] else {
                throw CheckpointError.missingTensor("\(stem)_scales", near: [])
            }
            let assembly = try MicroscaledFloats(numbers, scales)
            result[name] = nil
            result["\(stem)_scales"] = nil
            let weight = "\(stem).weight"
            result[weight] = TensorEntry(
                name: weight, shape: assembly.shape, type: assembly.type, file: numbers.file,
                bytes: numbers.bytes, assembly: assembly)
        }
        return result
    }
}
