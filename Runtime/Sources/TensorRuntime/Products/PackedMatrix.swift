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
        let (source, format) = try PackedFormat.choose(for: precision.rounded(weight))
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
        try x.requireF32("the input of a linear map")
        guard x.width == depth else {
            throw .shape(of: "the input of a linear map", found: x.shape, expected: "[…, \(depth)]")
        }
        let result = Tensor(uninitialized: x.shape.dropLast() + [rows])
        let activations = format.prepare(x)
        forPieces(tokens: x.rowCount) { piece in
            multiply(piece, activations, into: result)
            finish(piece, of: result, bias, activation)
        }
        withExtendedLifetime((activations, bias, result)) {}
        return result
    }

    /// Some tokens and some tiles of one product.
    private struct Piece {
        let tokens: Range<Int>
        let tiles: Range<Int>
    }

    private func multiply(_ piece: Piece, _ activations: Activations, into result: Tensor) {
        let firstRow = piece.tiles.lowerBound * Int(RK_TILE)
        var product = activations.product(from: piece.tokens.lowerBound)
        product.out = result.data() + piece.tokens.lowerBound * rows + firstRow
        product.out_stride = rows
        product.tokens = piece.tokens.count
        product.rows = min(rows - firstRow, piece.tiles.count * Int(RK_TILE))
        product.tiles = UnsafeRawPointer(
            tiles.base + piece.tiles.lowerBound * format.tileBytes(depth))
        format.multiply(&product)
    }

    private func finish(
        _ piece: Piece, of result: Tensor, _ bias: Tensor?, _ activation: Activation?
    ) {
        if bias == nil && activation == nil { return }
        let first = piece.tiles.lowerBound * Int(RK_TILE)
        let count = min(rows, piece.tiles.upperBound * Int(RK_TILE)) - first
        let bias = bias.map { UnsafePointer($0.data(as: Float.self) + first) }
        for token in piece.tokens {
            let out = result.data(as: Float.self) + token * rows + first
            rk_activate_f32(out, out, bias, count, activation?.kernel ?? RK_IDENTITY)
        }
    }

    /// Cuts a product into pieces small enough to share out among the threads. The cut does not
    /// change what an element adds up to.
    private func forPieces(tokens: Int, _ body: (Piece) -> Void) {
        let (tilesPerPiece, pool) = (4, ThreadPool.shared)
        let tiles = Self.tileCount(rows)
        if tokens * rows * depth < Self.worthSharing {
            return body(Piece(tokens: 0..<tokens, tiles: 0..<tiles))
        }
        let strips = (tiles + tilesPerPiece - 1) / tilesPerPiece
        var chunk = tokens
        while chunk > 48, strips * ((tokens + chunk - 1) / chunk) < 4 * pool.threads {
            chunk = (chunk + 1) / 2
        }
        let chunks = tokens == 0 ? 0 : (tokens + chunk - 1) / chunk
        pool.parallel(strips * chunks) { index in
            let (strip, part) = (index / chunks * tilesPerPiece, index % chunks * chunk)
            body(
                Piece(
                    tokens: part..<min(tokens, part + chunk),
                    tiles: strip..<min(tiles, strip + tilesPerPiece)))
        }
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

    /// Multiplications that take longer than it takes to wake a thread.
    private static let worthSharing = 1 << 17

    private static func tileCount(_ rows: Int) -> Int { (rows + Int(RK_TILE) - 1) / Int(RK_TILE) }
}
