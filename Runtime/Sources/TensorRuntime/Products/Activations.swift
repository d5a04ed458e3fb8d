import CKernels

/// The left operand of a matrix product, in the form that its kernel reads.
struct Activations: @unchecked Sendable {
    private let depth: Int
    private let content: Content

    private enum Content {
        case floats(Tensor)
        case pairs(Storage)
        case quantized(Storage, layout: Layout)
    }

    /// Where the parts of quantized activations begin in their storage, in bytes.
    private struct Layout {
        let subBlock: Int
        let scales: Int
        let sums: Int
        let offsets: Int
        let end: Int

        init(rows: Int, depth: Int, subBlock: Int) {
            self.subBlock = subBlock
            scales = rows * depth
            sums = scales + rows * (depth / 32) * 4
            offsets = sums + rows * (depth / 32) * 4
            end = offsets + rows * (depth / subBlock) * 4
        }
    }

    /// - Parameter x: [N, K], F32.
    init(floats x: Tensor) {
        depth = x.width
        content = .floats(x)
    }

    /// Rounds to BF16; each row is filled up with zeros.
    ///
    /// - Parameter x: [N, K], F32.
    init(halving x: Tensor) {
        let (depth, filled) = (x.width, rk_pair_depth(x.width))
        self.depth = depth
        let storage = Storage(byteCount: x.rowCount * filled * MemoryLayout<UInt16>.stride)
        content = .pairs(storage)
        let rows = storage.base.assumingMemoryBound(to: UInt16.self)
        forRows(of: x) { row in
            let target = rows + row * filled
            rk_narrow_bf16(target, x.data() + row * depth, depth)
            (target + depth).update(repeating: 0, count: filled - depth)
        }
    }

    /// Rounds to 8 bits with one scale for every 32 numbers.
    ///
    /// - Parameters:
    ///   - x: [N, K], F32; K is a multiple of 32.
    ///   - rounding: how many numbers share an offset, and what the offsets are multiples of.
    init(quantizing x: Tensor, _ rounding: rk_rounding) {
        depth = x.width
        let layout = Layout(rows: x.rowCount, depth: depth, subBlock: rounding.sub_block)
        content = .quantized(Storage(byteCount: layout.end), layout: layout)
        forRows(of: x) { row in
            let target = product(from: row)
            rk_quantize_i8(
                UnsafeMutablePointer(mutating: target.quants),
                UnsafeMutablePointer(mutating: target.scales),
                UnsafeMutablePointer(mutating: target.sums),
                UnsafeMutablePointer(mutating: target.offsets), x.data() + row * depth, depth,
                rounding.sub_block, rounding.factor)
        }
    }

    /// A product whose activations begin at row `token`; valid as long as these activations live.
    func product(from token: Int) -> rk_product {
        var product = rk_product()
        product.depth = depth
        switch content {
        case .floats(let floats):
            product.x = UnsafePointer(floats.data(as: Float.self) + token * depth)
        case .pairs(let storage):
            product.pairs = UnsafePointer(
                storage.base.assumingMemoryBound(to: UInt16.self) + token * rk_pair_depth(depth))
        case .quantized(let storage, let layout):
            let (base, blocks) = (UnsafeRawPointer(storage.base), token * (depth / 32))
            product.quants = base.assumingMemoryBound(to: Int8.self) + token * depth
            product.scales = (base + layout.scales).assumingMemoryBound(to: Float.self) + blocks
            product.sums = (base + layout.sums).assumingMemoryBound(to: Float.self) + blocks
            product.offsets =
                (base + layout.offsets).assumingMemoryBound(to: Int32.self)
                + token * (depth / layout.subBlock)
        }
        return product
    }
}
