import CKernels

/// One product in progress: what is multiplied, and what happens to the sums.
struct ProductCall {
    let matrix: PackedMatrix
    let activations: Activations
    let bias: Tensor?  // [rows]
    let activation: Activation?
    let result: Tensor  // [..., rows]

    var pieces: ProductPieces {
        ProductPieces(tokens: result.rowCount, rows: matrix.rows, depth: matrix.depth)
    }

    func run(_ piece: ProductPieces.Piece) {
        let column = piece.tiles.lowerBound * Int(RK_TILE)
        let out = result.data(as: Float.self) + piece.tokens.lowerBound * matrix.rows + column
        matrix.multiply(piece.tiles, activations, tokens: piece.tokens, into: out)
        if bias != nil || activation != nil { finish(piece, out, column) }
        withExtendedLifetime(self) {}
    }

    /// Adds the bias and applies the activation while the sums are in the cache.
    private func finish(
        _ piece: ProductPieces.Piece, _ out: UnsafeMutablePointer<Float>, _ column: Int
    ) {
        let end = min(matrix.rows, piece.tiles.upperBound * Int(RK_TILE))
        rk_finish_f32(
            out, piece.tokens.count, matrix.rows,
            bias.map { UnsafePointer($0.data(as: Float.self) + column) }, end - column,
            activation?.kernel ?? RK_IDENTITY)
    }
}

/// A product cut into pieces small enough to divide among the threads. The cut does not change an
/// element's sum.
struct ProductPieces {
    /// Some tokens and some tiles of one product.
    struct Piece {
        let tokens: Range<Int>
        let tiles: Range<Int>
    }

    private let tokens: Int
    private let tiles: Int
    private let tilesPerPiece: Int
    private let tokensPerPiece: Int
    let count: Int

    init(tokens: Int, rows: Int, depth: Int) {
        let tiles = PackedMatrix.tileCount(rows)
        let isSmall = tokens * rows * depth < Self.worthSharing
        let tilesPerPiece = isSmall ? max(tiles, 1) : Self.strip
        let strips = (tiles + tilesPerPiece - 1) / tilesPerPiece
        var chunk = max(tokens, 1)
        while !isSmall, chunk > 48,
            strips * ((tokens + chunk - 1) / chunk) < 4 * ThreadPool.shared.threads
        {
            chunk = (chunk + 1) / 2
        }
        self.tokens = tokens
        self.tiles = tiles
        self.tilesPerPiece = tilesPerPiece
        tokensPerPiece = chunk
        count = strips * ((tokens + chunk - 1) / chunk)
    }

    subscript(index: Int) -> Piece {
        let chunks = (tokens + tokensPerPiece - 1) / tokensPerPiece
        let (tile, token) = (index / chunks * tilesPerPiece, index % chunks * tokensPerPiece)
        return Piece(
            tokens: token..<min(tokens, token + tokensPerPiece),
            tiles: tile..<min(tiles, tile + tilesPerPiece))
    }

    func run(_ body: (Piece) -> Void) {
        ThreadPool.shared.parallel(count) { body(self[$0]) }
    }

    /// How many tiles a piece has if there are enough of them.
    private static let strip = 4

    /// Multiplications that take longer than waking a thread.
    private static let worthSharing = 1 << 17
}
