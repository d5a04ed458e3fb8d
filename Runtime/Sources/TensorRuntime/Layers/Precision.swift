import CKernels

/// How the weights of a product are stored. Weights of a GGUF file's block types stay as they are.
public enum Precision: Sendable {
    /// As the checkpoint has them, F32, F16 or BF16, times float32 activations.
    case f32
    /// Rounded to BF16, times activations in BF16, accumulated in float32: half the memory of F32,
    /// and if `isBF16Fast`, two to ten times the speed of its products.
    case bf16
    /// Rounded to 8 bits in blocks of 32, times activations in 8 bits: a quarter of the memory of
    /// F32, and two to three times its speed. A depth that is not a multiple of 32 stays in floats.
    case int8

    /// Whether this processor multiplies numbers in BF16 faster than those in float32: with AMX, or with
    /// AMD's AVX512_BF16.
    public static var isBF16Fast: Bool { rk_has_fast_bf16() }

    /// The weights to pass to `PackedMatrix`.
    func rounded(_ weight: Tensor) throws -> Tensor {
        guard [.f32, .f16, .bf16].contains(weight.element) else { return weight }
        switch self {
        case .f32: return weight
        case .bf16: return weight.element == .bf16 ? weight : try narrowed(weight)
        case .int8: return try weight.width % 32 == 0 ? inBlocks(weight) : weight
        }
    }

    private func narrowed(_ weight: Tensor) throws -> Tensor {
        let (wide, narrow) = (try dequantize(weight), Tensor(.bf16, uninitialized: weight.shape))
        rk_narrow_bf16(narrow.data(), wide.data(), wide.count)
        withExtendedLifetime((wide, narrow)) {}
        return narrow
    }

    private func inBlocks(_ weight: Tensor) throws -> Tensor {
        let (wide, blocks) = (try dequantize(weight), Tensor(.q8_0, uninitialized: weight.shape))
        let width = wide.width
        forRows(of: wide) { row in
            rk_round_q8_0(
                blocks.bytes.baseAddress.map { $0 + row * blocks.rowBytes },
                wide.data() + row * width, width)
        }
        withExtendedLifetime((wide, blocks)) {}
        return blocks
    }
}
