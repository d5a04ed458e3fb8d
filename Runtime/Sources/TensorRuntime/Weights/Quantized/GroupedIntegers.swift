import CKernels

/// Weights of 4 or 8 bits where groups of a row share a scale and a zero point.
///
///     w[r, c] = scale[r, c / group] · (number[r, c] - zero[r, c / group])
///
/// They become blocks that there are kernels for: Q4_0 where every zero point is 8, else Q4_1, and
/// Q8_0. A group has to be whole blocks.
struct GroupedIntegers: WeightAssembly {
    let numbers: TensorEntry
    let shape: [Int]  // [N, K]
    private let packing: IntegerPacking
    private let scales: TensorEntry
    /// Whether numbers, scales and zero points are stored as [K, N] and [groups, N].
    private let isTransposed: Bool
    private let groups: Int
    private let zeros: ZeroPoints?

    /// Where the zero points are that are not the middle of the range.
    private struct ZeroPoints {
        let entry: TensorEntry
        let packing: IntegerPacking
        var plus = 0
    }

    var type: StoredType {
        let element: ElementType = packing.bits == 8 ? .q8_0 : .q4_1
        return StoredType(
            name: "int\(packing.bits)", blockSize: element.blockSize,
            blockBytes: element.blockBytes, element: element)
    }

    private var group: Int { shape[1] / groups }

    private init(
        _ numbers: TensorEntry, _ packing: IntegerPacking, shape: [Int], scales: TensorEntry,
        groups: Int, zeros: ZeroPoints?, isTransposed: Bool
    ) throws {
        guard groups > 0, shape[1] > 0, shape[1].isMultiple(of: groups),
            (shape[1] / groups).isMultiple(of: 32)
        else {
            throw CheckpointError.groups(tensor: numbers.name, columns: shape[1], groups: groups)
        }
        (self.numbers, self.packing, self.shape) = (numbers, packing, shape)
        (self.scales, self.groups, self.zeros) = (scales, groups, zeros)
        self.isTransposed = isTransposed
    }
}

// MARK: - Formats

extension GroupedIntegers {
    /// GPTQ, Frantar et al. 2023 (arXiv:2210.17323), as AutoGPTQ writes it.
    ///
    /// - Parameter countsFromOne: whether a zero point is stored less 1.
    init(gptq parts: WeightParts, bits: Int, countsFromOne: Bool) throws {
        let (numbers, scales) = (parts.numbers, try parts.require("scales"))
        let zeros = try parts.require("qzeros")
        try numbers.requireWords()
        try zeros.requireWords()
        try scales.requireMatrix()
        let shape = [numbers.shape[1], numbers.shape[0] * (32 / bits)]
        let groups = scales.shape[0]
        try scales.requireShape([groups, shape[0]])
        try zeros.requireShape([groups, shape[0] * bits / 32])
        try self.init(
            numbers, .down(bits: bits), shape: shape, scales: scales, groups: groups,
            zeros: ZeroPoints(
                entry: zeros, packing: .across(bits: bits), plus: countsFromOne ? 1 : 0),
            isTransposed: true)
        if let order = parts["g_idx"] { try requireOrder(order) }
    }

    /// AWQ, Lin et al. 2023 (arXiv:2306.00978), in the layout of its `gemm` kernel.
    init(awq parts: WeightParts) throws {
        let (numbers, scales) = (parts.numbers, try parts.require("scales"))
        let zeros = try parts.require("qzeros")
        try numbers.requireWords()
        try zeros.requireWords()
        try scales.requireMatrix()
        let shape = [numbers.shape[1] * 8, numbers.shape[0]]
        let groups = scales.shape[0]
        try scales.requireShape([groups, shape[0]])
        try zeros.requireShape([groups, numbers.shape[1]])
        try self.init(
            numbers, .interleaved, shape: shape, scales: scales, groups: groups,
            zeros: ZeroPoints(entry: zeros, packing: .interleaved), isTransposed: true)
    }

    /// `pack-quantized` of compressed-tensors.
    init(compressed parts: WeightParts) throws {
        let (numbers, scales) = (parts.numbers, try parts.require("weight_scale"))
        let stored = try dequantize(parts.require("weight_shape").read()).floats
        let shape = stored.map { Int(exactly: $0) ?? -1 }
        try numbers.requireWords()
        try scales.requireMatrix()
        let words = numbers.shape[1]
        guard shape.count == 2, shape[0] == numbers.shape[0], (1...1 << 32).contains(shape[1]),
            let bits = [4, 8].first(where: { shape[1] * $0 == words * 32 })
        else {
            throw CheckpointError.packing(tensor: numbers.name, found: numbers.shape, of: shape)
        }
        let groups = scales.shape[1]
        try scales.requireShape([shape[0], groups])
        var zeros: ZeroPoints?
        if let points = parts["weight_zero_point"] {
            try points.requireWords()
            try points.requireShape([(shape[0] * bits + 31) / 32, groups])
            zeros = ZeroPoints(entry: points, packing: .down(bits: bits))
        }
        try self.init(
            numbers, .across(bits: bits), shape: shape, scales: scales, groups: groups,
            zeros: zeros, isTransposed: false)
        if let order = parts["weight_g_idx"] { try requireOrder(order) }
    }

    /// `int-quantized` of compressed-tensors: signed bytes.
    init(signed parts: WeightParts) throws {
        let (numbers, scales) = (parts.numbers, try parts.require("weight_scale"))
        try numbers.requireMatrix()
        if let points = parts["weight_zero_point"] {
            guard try dequantize(points.read()).floats.allSatisfy({ $0 == 0 }) else {
                throw CheckpointError.zeroPoints(tensor: points.name)
            }
        }
        let groups = scales.shape.count == 2 ? scales.shape[1] : 1
        if scales.shape != [1] {
            let rows = numbers.shape[0]
            try scales.requireShape(scales.shape.count == 1 ? [rows] : [rows, groups])
        }
        try self.init(
            numbers, .signedBytes, shape: numbers.shape, scales: scales, groups: groups,
            zeros: nil, isTransposed: false)
    }

    /// Columns that were sorted before they were grouped do not lie in blocks.
    private func requireOrder(_ order: TensorEntry) throws {
        try order.requireShape([shape[1]])
        let groupOf = try dequantize(order.read()).floats
        guard groupOf.indices.allSatisfy({ groupOf[$0] == Float($0 / group) }) else {
            throw CheckpointError.quantization(
                key: "desc_act", found: "true, with columns of a group far apart",
                expected: "groups of adjacent columns")
        }
    }
}

// MARK: - Reading

extension GroupedIntegers {
    func weight() throws -> Tensor {
        let (rows, columns) = (shape[0], shape[1])
        let scales = try scaleTable()
        let zeros = zeroTable()
        let middle = zeros.allSatisfy { $0 == packing.middle }
        if packing.bits == 8, !middle { throw CheckpointError.zeroPoints(tensor: numbers.name) }
        let element: ElementType = packing.bits == 8 ? .q8_0 : middle ? .q4_0 : .q4_1
        let result = Tensor(element, uninitialized: shape)
        let perTile = 16
        numbers.file.withBytes(numbers.bytes) { bytes in
            ThreadPool.shared.parallel((rows + perTile - 1) / perTile) { tile in
                let chosen = tile * perTile..<min(rows, (tile + 1) * perTile)
                let quants = unpacked(bytes, chosen)
                for row in chosen {
                    let out = result.data(as: UInt8.self) + row * result.rowBytes
                    for block in 0..<columns / 32 {
                        let place = row * groups + block * 32 / group
                        Self.write(
                            quants, from: (row - chosen.lowerBound) * columns + block * 32,
                            scale: scales[place], zero: zeros[place], element,
                            to: out + block * element.blockBytes)
                    }
                }
            }
        }
        withExtendedLifetime(result) {}
        return result
    }

    /// Numbers of some rows, [rows.count, K].
    private func unpacked(_ bytes: UnsafeRawBufferPointer, _ rows: Range<Int>) -> [UInt8] {
        let (columns, all) = (shape[1], shape[0])
        return [UInt8](unsafeUninitializedCapacity: rows.count * columns) { out, count in
            count = rows.count * columns
            guard isTransposed else {
                for place in 0..<count {
                    let (row, column) = place.quotientAndRemainder(dividingBy: columns)
                    out[place] = packing.number(
                        bytes, rows.lowerBound + row, column, of: (all, columns))
                }
                return
            }
            for column in 0..<columns {
                for row in rows {
                    out[(row - rows.lowerBound) * columns + column] = packing.number(
                        bytes, column, row, of: (columns, all))
                }
            }
        }
    }

    /// [N, groups]
    private func scaleTable() throws -> [Float] {
        let stored = try dequantize(scales.read()).floats
        if stored.count == 1 { return Array(repeating: stored[0], count: shape[0] * groups) }
        guard isTransposed else { return stored }
        return (0..<shape[0] * groups).map { stored[$0 % groups * shape[0] + $0 / groups] }
    }

    /// [N, groups]
    private func zeroTable() -> [Int] {
        guard let zeros else { return Array(repeating: packing.middle, count: shape[0] * groups) }
        return zeros.entry.file.withBytes(zeros.entry.bytes) { bytes in
            (0..<shape[0] * groups).map { place in
                let (row, group) = place.quotientAndRemainder(dividingBy: groups)
                let stored =
                    isTransposed
                    ? zeros.packing.number(bytes, group, row, of: (groups, shape[0]))
                    : zeros.packing.number(bytes, row, group, of: (shape[0], groups))
                return Int(stored) + zeros.plus
            }
        }
    }

    /// One block of 32; in those of four bits numbers j and j + 16 share a byte.
    private static func write(
        _ quants: [UInt8], from start: Int, scale: Float, zero: Int, _ element: ElementType,
        to out: UnsafeMutablePointer<UInt8>
    ) {
        var (d, m) = (scale, -scale * Float(zero))
        var halves: (UInt16, UInt16) = (0, 0)
        rk_narrow_f16(&halves.0, &d, 1)
        rk_narrow_f16(&halves.1, &m, 1)
        let raw = UnsafeMutableRawPointer(out)
        raw.storeBytes(of: halves.0.littleEndian, as: UInt16.self)
        switch element {
        case .q8_0: for j in 0..<32 { out[2 + j] = quants[start + j] ^ 0x80 }
        case .q4_0: for j in 0..<16 { out[2 + j] = quants[start + j] | quants[start + j + 16] << 4 }
        default:
            raw.storeBytes(of: halves.1.littleEndian, toByteOffset: 2, as: UInt16.self)
            for j in 0..<16 { out[4 + j] = quants[start + j] | quants[start + j + 16] << 4 }
        }
    }
}
