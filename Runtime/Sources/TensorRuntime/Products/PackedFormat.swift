import CKernels

/// How the weights of one element type are repacked, and which kernels work with them.
enum PackedFormat: Sendable {
    case f32, f16, bf16

    /// - Returns: what to pack, and how.
    static func choose(for weight: Tensor) throws -> (Tensor, PackedFormat) {
        switch weight.element {
        case .f32: (weight, .f32)
        case .f16: (weight, .f16)
        case .bf16: (weight, .bf16)
        default: (try dequantize(weight), .f32)
        }
    }

    /// The bytes of a tile of 16 rows of `depth` elements.
    func tileBytes(_ depth: Int) -> Int {
        switch self {
        case .f32: 16 * depth * 4
        case .f16, .bf16: 16 * depth * 2
        }
    }

    func pack(
        _ tile: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ rows: Int, _ depth: Int
    ) {
        switch self {
        case .f32: rk_pack_f32(tile, source, rows, depth)
        case .f16, .bf16: rk_pack_f16(tile, source, rows, depth)
        }
    }

    /// What the kernels of this format need to know of the activations.
    func prepare(_ x: Tensor) -> Activations {
        switch self {
        case .f32, .f16, .bf16: Activations(floats: x)
        }
    }

    func multiply(_ product: inout rk_product) {
        switch self {
        case .f32: rk_matmul_f32(&product)
        case .f16: rk_matmul_f16(&product)
        case .bf16: rk_matmul_bf16(&product)
        }
    }
}
