import CKernels

/// One convolution in progress.
struct ConvolutionCall {
    let matrix: PackedMatrix
    let windows: ImageWindows
    let biases: Tensor?  // [N or 1, O]

    /// - Returns: [N, rows, columns, O].
    func run() -> Tensor {
        let result = Tensor(
            uninitialized: [windows.images, windows.rows, windows.columns, matrix.rows])
        let pieces = WindowPieces(windows, outputs: matrix.rows)
        ThreadPool.shared.parallel(pieces.count) { run(pieces[$0], into: result) }
        withExtendedLifetime(self) {}
        return result
    }

    private func run(_ piece: WindowPieces.Piece, into result: Tensor) {
        let input = windows(piece.image, piece.windows)
        let first = piece.image * windows.perImage + piece.windows.lowerBound
        let column = piece.tiles.lowerBound * Int(RK_TILE)
        let out = result.data(as: Float.self) + first * matrix.rows + column
        matrix.multiply(
            piece.tiles, matrix.activations(input), tokens: 0..<piece.windows.count, into: out)
        guard let biases else { return }
        let row = biases.shape[0] == 1 ? 0 : piece.image
        rk_finish_f32(
            out, piece.windows.count, matrix.rows,
            biases.data(as: Float.self) + row * matrix.rows + column,
            min(matrix.rows - column, piece.tiles.count * Int(RK_TILE)), RK_IDENTITY)
    }
}

/// Windows cut into pieces small enough to stay in a core's cache while they are multiplied, and
/// many enough for the threads. The cut does not change an element's sum.
struct WindowPieces {
    /// Some windows of one image and some tiles of outputs.
    struct Piece {
        let image: Int
        let windows: Range<Int>
        let tiles: Range<Int>
    }

    private let perImage: Int
    private let perPiece: Int
    private let chunks: Int
    private let tiles: Int
    private let strips: Int
    let count: Int

    init(_ windows: ImageWindows, outputs: Int) {
        let threads = ThreadPool.shared.threads
        let all = windows.perImage
        let isSmall = windows.images * all * windows.geometry.depth * outputs < Self.worthSharing
        var perPiece = min(max(Self.floats / windows.geometry.depth, Self.least), Self.most)
        while !isSmall, perPiece > Self.least,
            windows.images * ((all + perPiece - 1) / perPiece) < 4 * threads
        {
            perPiece = max(Self.least, perPiece / 2)
        }
        // Whole blocks of the kernel, and all about as large.
        let even = (all + perPiece - 1) / perPiece
        perPiece = ((all + even - 1) / even + Self.block - 1) / Self.block * Self.block
        let chunks = (all + perPiece - 1) / perPiece
        let tiles = PackedMatrix.tileCount(outputs)
        let pieces = max(1, windows.images * chunks)
        perImage = all
        self.perPiece = perPiece
        self.chunks = chunks
        self.tiles = tiles
        strips = max(1, min(isSmall ? 1 : (2 * threads + pieces - 1) / pieces, tiles / 4))
        count = windows.images * chunks * strips
    }

    subscript(index: Int) -> Piece {
        let (place, strip) = (index / strips, index % strips)
        let (image, first) = (place / chunks, place % chunks * perPiece)
        return Piece(
            image: image, windows: min(first, perImage)..<min(perImage, first + perPiece),
            tiles: strip * tiles / strips..<(strip + 1) * tiles / strips)
    }

    /// The size of a piece's windows in numbers: 1 MB, about a core's L2 cache.
    private static let floats = 1 << 18
    /// Fewer windows are not worth reading the weights for.
    private static let least = 24
    private static let most = 192
    /// How many windows the widest kernels process together.
    private static let block = 6
    /// Multiplications that take longer than waking a thread.
    private static let worthSharing = 1 << 17
}
