import CKernels

/// Weights repacked for the kernels: tiles of 16 output rows whose elements are interleaved.
final class PackedMatrix: Sendable {
    let rows: Int
    let depth: Int
    private let format: PackedFormat
    private let tiles: Storage

    /// - Parameter weight: [rows, depth].
    /// - Throws: `TensorError.shape`, `.element` if there is no kernel for the type.
    init(_ weight: Tensor, precision: Precision = .f32) throws {
        guard weight.shape.count == 2 else {
            throw TensorError.shape(of: "a weight", found: weight.shape, expected: "[to, from]")
        }
        let (source, format) = try PackedFormat.choose(for: weight, precision)
        rows = weight.shape[0]
        depth = weight.shape[1]
        self.format = format
        tiles = Storage(byteCount: format.tileBytes(depth) * Self.tileCount(rows))
        pack(source)
        weight.storage.forgetResidentPages(weight.bytes)
    }

    /// The transpose of a matrix.
    ///
    /// - Parameter matrix: [depth, rows], F32.
    init(transposing matrix: Tensor) {
        format = .f32
        (depth, rows) = (matrix.shape[0], matrix.shape[1])
        let (depth, rows, tileBytes) = (depth, rows, format.tileBytes(depth))
        let count = Self.tileCount(rows)
        tiles = Storage(byteCount: tileBytes * count)
        let base = tiles.base
        ThreadPool.shared.parallel(count) { tile in
            let first = tile * Int(RK_TILE)
            rk_pack_columns_f32(
                base + tile * tileBytes, matrix.data(as: Float.self) + first,
                min(rows - first, Int(RK_TILE)), depth, rows)
        }
        withExtendedLifetime(matrix) {}
    }

    var byteCount: Int { tiles.byteCount }

    /// - Parameters:
    ///   - x: [..., depth], F32.
    ///   - bias: [rows], F32.
    ///   - activation: applied to the sums.
    /// - Returns: [..., rows], F32.
    func product(
        _ x: Tensor, bias: Tensor?, then activation: Activation?
    ) throws(TensorError) -> Tensor {
        let result = try result(of: x)
        let call = ProductCall(
            matrix: self, activations: format.prepare(x), bias: bias, activation: activation,
            result: result)
        call.pieces.run { call.run($0) }
        return result
    }

    /// Products of several matrices with one `x`, which is prepared and distributed once.
    ///
    /// - Returns: a result for each matrix.
    static func products(
        _ x: Tensor, _ maps: [(matrix: PackedMatrix, bias: Tensor?)]
    ) throws(TensorError) -> [Tensor] {
        // What is small alone is done sooner than the threads are awake, and than its input is shared.
        guard maps.contains(where: { $0.matrix.isWorthSharing(x.rowCount) }) else {
            var results: [Tensor] = []
            for (matrix, bias) in maps {
                results.append(try matrix.product(x, bias: bias, then: nil))
            }
            return results
        }
        var calls: [ProductCall] = []
        for (matrix, bias) in maps {
            let result = try matrix.result(of: x)
            let alike = calls.first { $0.matrix.format == matrix.format }
            let activations = alike?.activations ?? matrix.format.prepare(x)
            calls.append(
                ProductCall(
                    matrix: matrix, activations: activations, bias: bias, activation: nil,
                    result: result))
        }
        let pieces = calls.map(\.pieces)
        let ends = pieces.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        ThreadPool.shared.parallel(ends[pieces.count]) { index in
            let call = ends.lastIndex { $0 <= index } ?? 0
            calls[call].run(pieces[call][index - ends[call]])
        }
        return calls.map(\.result)
    }

    private func isWorthSharing(_ tokens: Int) -> Bool {
        ProductPieces(tokens: tokens, rows: rows, depth: depth).count > 1
    }

    private func result(of x: Tensor) throws(TensorError) -> Tensor {
        try x.requireF32("the input of a linear map")
        guard x.width == depth else {
            throw .shape(of: "the input of a linear map", found: x.shape, expected: "[…, \(depth)]")
        }
        return Tensor(uninitialized: x.shape.dropLast() + [rows])
    }

    /// The input in the form that the kernel reads.
    func activations(_ x: Tensor) -> Activations { format.prepare(x) }

    /// The sums of some tokens over some tiles.
    ///
    /// - Parameters:
    ///   - tokens: rows of the activations.
    ///   - out: where the sums of the first token's first tile go; rows lie `rows` floats apart.
    func multiply(
        _ tiles: Range<Int>, _ activations: Activations, tokens: Range<Int>,
        into out: UnsafeMutablePointer<Float>
    ) {
        let firstRow = tiles.lowerBound * Int(RK_TILE)
        var product = activations.product(from: tokens.lowerBound)
        product.out = out
        product.out_stride = rows
        product.tokens = tokens.count
        product.rows = min(rows - firstRow, tiles.count * Int(RK_TILE))
        product.tiles = UnsafeRawPointer(
            self.tiles.base + tiles.lowerBound * format.tileBytes(depth))
        format.multiply(&product)
    }

    private func pack(_ source: Tensor) {
        let rowBytes = source.rowBytes
        ThreadPool.shared.parallel(Self.tileCount(rows)) { tile in
            let first = tile * Int(RK_TILE)
            format.pack(
                tiles.base + tile * format.tileBytes(depth),
                source.data(as: UInt8.self) + first * rowBytes,
                min(rows - first, Int(RK_TILE)), depth)
        }
        withExtendedLifetime(source) {}
    }

    static func tileCount(_ rows: Int) -> Int { (rows + Int(RK_TILE) - 1) / Int(RK_TILE) }
}
