import CKernels
import TensorRuntime

/// Weights of one element type as a file has them, for the fast product and for the plain one.
struct Weight {
    enum Kind: String, Sendable, CaseIterable {
        case f32, f16, bf16
        /// BF16 times BF16.
        case pairs
        case q4_0, q4_1, q5_0, q5_1, q8_0, iq4_nl, mxfp4
        case q2_K, q3_K, q4_K, q5_K, q6_K, iq4_xs
        case iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s, tq1_0, tq2_0

        var element: ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16, .pairs: .bf16
            case .q4_0: .q4_0
            case .q4_1: .q4_1
            case .q5_0: .q5_0
            case .q5_1: .q5_1
            case .q8_0: .q8_0
            case .iq4_nl: .iq4_nl
            case .mxfp4: .mxfp4
            case .q2_K: .q2_K
            case .q3_K: .q3_K
            case .q4_K: .q4_K
            case .q5_K: .q5_K
            case .q6_K: .q6_K
            case .iq4_xs: .iq4_xs
            case .iq1_s: .iq1_s
            case .iq1_m: .iq1_m
            case .iq2_xxs: .iq2_xxs
            case .iq2_xs: .iq2_xs
            case .iq2_s: .iq2_s
            case .iq3_xxs: .iq3_xxs
            case .iq3_s: .iq3_s
            case .tq1_0: .tq1_0
            case .tq2_0: .tq2_0
            }
        }

        fileprivate var format: rk_block_format { rk_block_format(rawValue: element.rawValue) }

        /// Odd numbers where the type allows them, and more than one stretch of the kernels.
        var depths: [Int] {
            switch self {
            case .f32, .f16, .bf16, .pairs: [1, 5, 33, 1029]
            default: element.blockSize == 32 ? [32, 96, 608] : [256, 768]
            }
        }
    }

    static let kinds = Kind.allCases

    let kind: Kind
    let rows: Int
    let depth: Int
    let tensor: Tensor
    private let tiles: [UInt8]
    private let alignment: Int

    init(_ kind: Kind, rows: Int, depth: Int, seed: UInt64) throws {
        self.kind = kind
        self.rows = rows
        self.depth = depth
        let bytes = Self.bytes(kind, rows * depth, seed)
        let storage = Storage(byteCount: bytes.count)
        storage.base.copyMemory(from: bytes, byteCount: bytes.count)
        tensor = try Tensor(storage, element: kind.element, shape: [rows, depth])
        (tiles, alignment) = Self.pack(tensor, kind)
    }

    /// How far float32 sums in another order may lie apart, for numbers of unit size.
    func tolerance(_ depth: Int) -> Float {
        2e-6 * Float(depth).squareRoot() * 8
    }

    /// Random blocks whose scales are small powers of two, else any bytes.
    private static func bytes(_ kind: Kind, _ count: Int, _ seed: UInt64) -> [UInt8] {
        var noise = Noise(seed)
        let floats = { (noise: inout Noise) in noise.floats(count) }
        switch kind {
        case .f32: return floats(&noise).withUnsafeBytes(Array.init)
        case .f16: return floats(&noise).map { bits16($0) }.withUnsafeBytes(Array.init)
        case .bf16, .pairs:
            return floats(&noise).map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes(Array.init)
        default:
            return blocks(kind, count / kind.element.blockSize, &noise)
        }
    }

    private static func blocks(_ kind: Kind, _ count: Int, _ noise: inout Noise) -> [UInt8] {
        let size = kind.element.blockBytes
        var all: [UInt8] = []
        for _ in 0..<count {
            var block = noise.bytes(size)
            // Half-precision scales, as many and where the format has them, for weights of unit size.
            let scales: [(at: Int, value: Float)] =
                switch kind {
                case .q4_0: [(0, 0.2)]
                case .q4_1: [(0, 0.1), (2, -0.8)]
                case .q5_0: [(0, 0.1)]
                case .q5_1: [(0, 0.05), (2, -0.8)]
                case .q8_0, .iq4_nl: [(0, 0.01)]
                case .q2_K: [(size - 4, 0.05), (size - 2, 0.1)]
                case .q4_K: [(0, 0.004), (2, 0.01)]
                case .q5_K: [(0, 0.002), (2, 0.01)]
                case .iq4_xs: [(0, 0.0004)]
                case .q3_K: [(size - 2, 0.01)]
                case .iq1_s: [(0, 0.1)]
                case .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs: [(0, 0.003)]
                case .iq3_s: [(0, 0.008)]
                case .tq1_0, .tq2_0: [(size - 2, 0.8)]
                case .mxfp4, .iq1_m: []
                default: [(size - 2, 0.0004)]
                }
            // The top bits of four words together: a scale of about 1/16.
            if kind == .iq1_m {
                for (byte, bits) in zip([49, 51, 53, 55], [block[49] >> 4, 0, 12, 2] as [UInt8]) {
                    block[byte] = block[byte] & 15 | bits << 4
                }
            }
            // An exponent, and now and then a subnormal one.
            if kind == .mxfp4 { block[0] = block[0] < 8 ? block[0] % 2 : 124 + block[0] % 3 }
            for (at, value) in scales {
                let bits = bits16(value * Float.random(in: 0.5...1.5, using: &noise))
                block[at] = UInt8(bits & 255)
                block[at + 1] = UInt8(bits >> 8)
            }
            all += block
        }
        return all
    }

    private static func bits16(_ x: Float) -> UInt16 {
        var (bits, x) = (UInt16(0), x)
        rk_narrow_f16(&bits, &x, 1)
        return bits
    }
}

extension Weight {
    typealias Pack = (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int, Int) -> Void

    private static func pack(_ tensor: Tensor, _ kind: Kind) -> ([UInt8], Int) {
        let (rows, depth) = (tensor.shape[0], tensor.shape[1])
        let (pack, tileBytes): (Pack, Int) =
            switch kind {
            case .f32: (rk_pack_f32, rk_tile_bytes_f32(depth))
            case .f16, .bf16: (rk_pack_f16, rk_tile_bytes_f16(depth))
            case .pairs: (rk_pack_pairs, rk_tile_bytes_pairs(depth))
            default:
                (
                    { rk_pack_blocks(kind.format, $0, $1, $2, $3) },
                    rk_tile_bytes_blocks(kind.format, depth)
                )
            }
        let count = (rows + 15) / 16
        var tiles = [UInt8](repeating: 0, count: count * tileBytes + 64)
        let shift = tiles.withUnsafeMutableBytes { tiles in
            // An address that arrays do not promise.
            let shift = -Int(bitPattern: tiles.baseAddress) & 63
            tensor.withBytes { bytes in
                for tile in 0..<count {
                    pack(
                        tiles.baseAddress! + shift + tile * tileBytes,
                        bytes.baseAddress! + tile * 16 * tensor.rowBytes,
                        min(16, rows - tile * 16), depth)
                }
            }
            return shift
        }
        return (tiles, shift)
    }

    private var isBlock: Bool { !kind.element.isPlain }

    /// Rows of BF16, filled up with zeros.
    private static func pairs(_ x: [Float], tokens: Int, depth: Int) -> [UInt16] {
        (0..<tokens).flatMap { token in
            let row = Array(x[token * depth..<(token + 1) * depth])
            var narrow = [UInt16](repeating: 0, count: rk_pair_depth(depth))
            rk_narrow_bf16(&narrow, row, depth)
            return narrow
        }
    }

    private func withUnsafePointers(
        _ x: [Float], _ pairs: [UInt16],
        _ body: (UnsafePointer<Float>?, UnsafePointer<UInt16>?) -> Void
    ) {
        x.withUnsafeBufferPointer { x in
            pairs.withUnsafeBufferPointer { body(x.baseAddress, $0.baseAddress) }
        }
    }

    /// [tokens, rows] by a tier's kernel; what lies behind the rows must stay as it was.
    func product(_ x: [Float], tokens: Int, _ tier: Tier) -> [Float] {
        let stride = rows + 3
        var out = [Float](repeating: -7, count: tokens * stride)
        let pairs = kind == .pairs ? Self.pairs(x, tokens: tokens, depth: depth) : []
        let q = isBlock ? Quantized(x, tokens: tokens, rk_rounding_for(kind.format), tier) : nil
        out.withUnsafeMutableBufferPointer { out in
            tiles.withUnsafeBytes { tiles in
                withUnsafePointers(x, pairs) { x, pairs in
                    var product = rk_product()
                    product.out = out.baseAddress
                    product.out_stride = stride
                    product.tokens = tokens
                    product.rows = rows
                    product.depth = depth
                    product.tiles = tiles.baseAddress! + alignment
                    product.x = x
                    product.pairs = pairs
                    if let q { q.with(&product) { call(&$0, tier) } } else { call(&product, tier) }
                }
            }
        }
        let untouched = (0..<tokens).allSatisfy { t in
            out[t * stride + rows..<(t + 1) * stride].allSatisfy { $0 == -7 }
        }
        precondition(untouched, "a kernel wrote past its rows")
        return (0..<tokens).flatMap { out[$0 * stride..<$0 * stride + rows] }
    }

    private func call(_ product: inout rk_product, _ tier: Tier) {
        switch kind {
        case .f32: tier.kernels.matmul_f32(&product)
        case .f16: tier.kernels.matmul_f16(&product)
        case .bf16: tier.kernels.matmul_bf16(&product)
        case .pairs: tier.kernels.matmul_pairs(&product)
        default:
            product.format = kind.format
            tier.kernels.matmul_blocks(&product)
        }
    }

    /// [tokens, rows] in double precision, from the widened weights and from the activations as
    /// the kernel has them: as they are, in BF16, or in 8 bits.
    func plainProduct(_ x: [Float], tokens: Int) throws -> [Float] {
        let w = try dequantize(tensor).floats
        let x = kind == .pairs ? inBF16(x) : isBlock ? plainlyRounded(x) : x
        return (0..<tokens).flatMap { t in
            (0..<rows).map { r in
                Float(
                    (0..<depth).reduce(0.0) { sum, k in
                        sum + Double(x[t * depth + k]) * Double(w[r * depth + k])
                    })
            }
        }
    }

    private func inBF16(_ x: [Float]) -> [Float] {
        let narrow = Self.pairs(x, tokens: 1, depth: x.count)
        return narrow.prefix(x.count).map { Float(bitPattern: UInt32($0) << 16) }
    }

    private func plainlyRounded(_ x: [Float]) -> [Float] {
        stride(from: 0, to: x.count, by: 32).flatMap { start in
            let block = x[start..<start + 32]
            let scale = (block.map(abs).max() ?? 0) / 127
            return block.map { scale == 0 ? 0 : ($0 / scale).rounded(.toNearestOrEven) * scale }
        }
    }
}

/// Activations in 8 bits.
struct Quantized {
    private(set) var quants: [Int8]
    private(set) var scales: [Float]
    private(set) var sums: [Float]
    private(set) var offsets: [Int32]

    init(_ x: [Float], tokens: Int, _ rounding: rk_rounding, _ tier: Tier) {
        quants = Array(repeating: 0, count: x.count)
        scales = Array(repeating: 0, count: x.count / 32)
        sums = scales
        offsets = Array(repeating: 0, count: x.count / rounding.sub_block)
        tier.kernels.quantize_i8(
            &quants, &scales, &sums, &offsets, x, x.count, rounding.sub_block, rounding.factor)
    }

    func with(_ product: inout rk_product, _ body: (inout rk_product) -> Void) {
        quants.withUnsafeBufferPointer { quants in
            scales.withUnsafeBufferPointer { scales in
                sums.withUnsafeBufferPointer { sums in
                    offsets.withUnsafeBufferPointer { offsets in
                        product.quants = quants.baseAddress
                        product.scales = scales.baseAddress
                        product.sums = sums.baseAddress
                        product.offsets = offsets.baseAddress
                        body(&product)
                    }
                }
            }
        }
    }
}
