import CKernels

/// Weights of eight-bit floats, where one scale multiplies a block of them: OCP FP8 E4M3,
/// Micikevicius et al. 2022 (arXiv:2209.05433), section 3.
///
///     w[r, c] = number[r, c] · scale[r / rows, c / columns]
///
/// They become F16, or F32 if a product could leave the range of that.
struct ScaledFloats: WeightAssembly {
    let numbers: TensorEntry  // [N, K]
    private let scales: TensorEntry
    private let block: (rows: Int, columns: Int)
    private let perRow: Int

    /// - Parameters:
    ///   - scales: one, one for each row, or a grid.
    ///   - block: rows and columns that share a number of a grid.
    init(_ numbers: TensorEntry, _ scales: TensorEntry, block: [Int]) throws {
        try numbers.requireMatrix()
        let (rows, columns) = (numbers.shape[0], numbers.shape[1])
        self.numbers = numbers
        self.scales = scales
        if scales.elements == 1 {
            self.block = (max(rows, 1), max(columns, 1))
        } else if scales.shape == [rows] || scales.shape == [rows, 1] {
            self.block = (1, max(columns, 1))
        } else {
            self.block = (block[0], block[1])
            try scales.requireShape([
                (rows - 1) / block[0] + 1, (columns - 1) / block[1] + 1,
            ])
        }
        perRow = (columns + self.block.columns - 1) / self.block.columns
    }

    var shape: [Int] { numbers.shape }
    var type: StoredType {
        StoredType(name: numbers.type.name, blockSize: 1, blockBytes: 2, element: .f16)
    }

    func weight() throws -> Tensor {
        let scales = try dequantize(self.scales.read()).floats
        let most = scales.reduce(0) { max($0, abs($1)) } * Self.largest
        let result = Tensor(most < 65504 ? .f16 : .f32, uninitialized: shape)
        let columns = result.width
        numbers.file.withBytes(numbers.bytes) { bytes in
            ThreadPool.shared.parallel(result.rowCount) { row in
                let floats = [Float](unsafeUninitializedCapacity: columns) { out, count in
                    for column in 0..<columns {
                        let scale = row / block.rows * perRow + column / block.columns
                        out[column] =
                            Self.values[Int(bytes[row * columns + column])]
                            * scales[scale]
                    }
                    count = columns
                }
                if result.element == .f16 {
                    rk_narrow_f16(result.data() + row * columns, floats, columns)
                } else {
                    let out: UnsafeMutablePointer<Float> = result.data()
                    (out + row * columns).update(from: floats, count: columns)
                }
            }
        }
        withExtendedLifetime(result) {}
        return result
    }

    private static let largest: Float = 448

    /// By byte: a sign, four bits of exponent, three of mantissa; no infinity, one number that is none.
    private static let values: [Float] = (0..<256).map { byte in
        let (exponent, mantissa) = (byte >> 3 & 15, byte & 7)
        if byte & 127 == 127 { return .nan }
        let size =
            exponent == 0
            ? Float(sign: .plus, exponent: -9, significand: Float(mantissa))
            : Float(sign: .plus, exponent: exponent - 10, significand: Float(8 + mantissa))
        return byte < 128 ? size : -size
    }
}
