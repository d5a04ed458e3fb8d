import CKernels

/// How the weights of one element type are repacked, and which kernels work with them.
enum PackedFormat: Hashable, Sendable {
    case f32, f16, bf16
    /// BF16 times activations of BF16.
    case pairs
    /// Blocks as files have them, times activations in 8 bits.
    case blocks(ElementType)

    /// - Returns: what to pack, and how. A type without a kernel is widened to half precision, which
    ///   is finer than any block type, or to F32 if its numbers leave that range.
    static func choose(
        for stored: Tensor, _ precision: Precision
    ) throws -> (Tensor, PackedFormat) {
        let weight = try precision.rounded(stored)
        return switch weight.element {
        case .f32: (weight, .f32)
        case .f16: (weight, .f16)
        case .bf16: (weight, precision == .bf16 ? .pairs : .bf16)
        case let element where element.rounding.sub_block > 0: (weight, .blocks(element))
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
        case .blocks(let element): rk_tile_bytes_blocks(element.blockFormat, depth)
        }
    }

    func pack(
        _ tile: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ rows: Int, _ depth: Int
    ) {
        switch self {
        case .f32: rk_pack_f32(tile, source, rows, depth)
        case .f16, .bf16: rk_pack_f16(tile, source, rows, depth)
        case .pairs: rk_pack_pairs(tile, source, rows, depth)
        case .blocks(let element): rk_pack_blocks(element.blockFormat, tile, source, rows, depth)
        }
    }

    /// What the kernels of this format need to know of the activations.
    func prepare(_ x: Tensor) -> Activations {
        switch self {
        case .f32, .f16, .bf16: Activations(floats: x)
        case .pairs: Activations(halving: x)
        case .blocks(let element): Activations(quantizing: x, element.rounding)
        }
    }

    func multiply(_ product: inout rk_product) {
        switch self {
        case .f32: rk_matmul_f32(&product)
        case .f16: rk_matmul_f16(&product)
        case .bf16: rk_matmul_bf16(&product)
        case .pairs: rk_matmul_pairs(&product)
        case .blocks(let element):
            product.format = element.blockFormat
            rk_matmul_blocks(&product)
        }
    }
}

extension ElementType {
    /// Both number the types as GGUF files do.
    fileprivate var blockFormat: rk_block_format { rk_block_format(rawValue: rawValue) }

    /// The sub-block is 0 for a type without a kernel for blocks.
    fileprivate var rounding: rk_rounding { rk_rounding_for(blockFormat) }
}
