import CKernels

/// How the weights of one element type are repacked, and which kernels process them.
enum PackedFormat: Sendable {
    case f32, f16, bf16
    /// BF16 times activations of BF16.
    case pairs
    case q8_0, q4_K, q6_K

    /// - Returns: what to pack, and how. A type without a kernel is widened to half precision,
    ///   which is finer than any block type, or to F32 if its numbers exceed that range.
    static func choose(
        for stored: Tensor, _ precision: Precision
    ) throws -> (Tensor, PackedFormat) {
        let weight = try precision.rounded(stored)
        return switch weight.element {
        case .f32: (weight, .f32)
        case .f16: (weight, .f16)
        case .bf16: (weight, precision == .bf16 ? .pairs : .bf16)
        case .q8_0: (weight, .q8_0)
        case .q4_K: (weight, .q4_K)
        case .q6_K: (weight, .q6_K)
        default: try widened(weight)
        }
    }

    private static func widened(_ weight: Tensor) throws -> (Tensor, PackedFormat) {
        let wide = try dequantize(weight)
        let most = wide.withFloats { $0.reduce(0) { max($0, abs($1)) } }
        guard !weight.element.isPlain, most < 65504 else { return (wide, .f32) }
        let half = Tensor(.f16, uninitialized: wide.shape)
        rk_narrow_f16(half.data(), wide.data(), wide.count)
        return (half, .f16)
    }

    /// The bytes of a tile of 16 rows of `depth` elements.
    func tileBytes(_ depth: Int) -> Int {
        switch self {
        case .f32: rk_tile_bytes_f32(depth)
        case .f16, .bf16: rk_tile_bytes_f16(depth)
        case .pairs: rk_tile_bytes_pairs(depth)
        case .q8_0: rk_tile_bytes_q8_0(depth)
        case .q4_K: rk_tile_bytes_q4_k(depth)
        case .q6_K: rk_tile_bytes_q6_k(depth)
        }
    }

    func pack(
        _ tile: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ rows: Int, _ depth: Int
    ) {
        switch self {
        case .f32: rk_pack_f32(tile, source, rows, depth)
        case .f16, .bf16: rk_pack_f16(tile, source, rows, depth)
        case .pairs: rk_pack_pairs(tile, source, rows, depth)
        case .q8_0: rk_pack_q8_0(tile, source, rows, depth)
        case .q4_K: rk_pack_q4_k(tile, source, rows, depth)
        case .q6_K: rk_pack_q6_k(tile, source, rows, depth)
        }
    }

    /// What the kernels of this format need to know of the activations.
    func prepare(_ x: Tensor) -> Activations {
        switch self {
        case .f32, .f16, .bf16: Activations(floats: x)
        case .pairs: Activations(halving: x)
        case .q8_0: Activations(quantizing: x, subBlock: 32, factor: RK_FACTOR_Q8_0)
        case .q4_K: Activations(quantizing: x, subBlock: 32, factor: 0)
        case .q6_K: Activations(quantizing: x, subBlock: 16, factor: RK_FACTOR_Q6_K)
        }
    }

    func multiply(_ product: inout rk_product) {
        switch self {
        case .f32: rk_matmul_f32(&product)
        case .f16: rk_matmul_f16(&product)
        case .bf16: rk_matmul_bf16(&product)
        case .pairs: rk_matmul_pairs(&product)
        case .q8_0: rk_matmul_q8_0(&product)
        case .q4_K: rk_matmul_q4_k(&product)
        case .q6_K: rk_matmul_q6_k(&product)
        }
    }
}
