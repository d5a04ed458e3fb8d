import CKernels

/// The windows of a convolution.
struct WindowGeometry: Sendable {
    let channels: Int
    let height: Int
    let width: Int
    let stride: Int
    let padding: Convolution.Padding

    /// The numbers in a window.
    var depth: Int { height * width * channels }

    /// Whether every window is one pixel and every pixel has a window.
    var isPixel: Bool { height == 1 && width == 1 && stride == 1 && padding == .both(0) }
}

/// The windows of images, as rows of a matrix.
struct ImageWindows {
    let geometry: WindowGeometry
    let image: Tensor  // [N, H, W, C]
    /// Windows in a column and in a row of an image.
    let rows: Int
    let columns: Int
    /// Whether every pixel of the image is seen.
    let enlarges: Bool
    private let isEnlarged: Bool
    /// For each row or column of the padded, enlarged image, the pixel that it repeats; -1 for a
    /// zero.
    private let sourceRows: [Int32]
    private let sourceColumns: [Int32]

    /// - Parameters:
    ///   - image: [N, H, W, C], F32.
    ///   - height: what the image is enlarged to before windows are taken.
    ///   - width: the same.
    init(_ geometry: WindowGeometry, _ image: Tensor, height: Int, width: Int) {
        let padding = geometry.padding
        func count(_ size: Int, _ window: Int) -> Int {
            let padded = size + padding.before + padding.after
            return padded < window ? 0 : (padded - window) / geometry.stride + 1
        }
        func sources(_ size: Int, of original: Int) -> [Int32] {
            Array(repeating: -1, count: padding.before)
                + (0..<size).map { Int32($0 * original / size) }
                + Array(repeating: -1, count: padding.after)
        }
        self.geometry = geometry
        self.image = image
        rows = count(height, geometry.height)
        columns = count(width, geometry.width)
        enlarges = height >= image.shape[1] && width >= image.shape[2]
        isEnlarged = [height, width] != Array(image.shape[1...2])
        sourceRows = sources(height, of: image.shape[1])
        sourceColumns = sources(width, of: image.shape[2])
    }

    var images: Int { image.shape[0] }
    var perImage: Int { rows * columns }

    /// Some windows of one image.
    ///
    /// - Returns: [range.count, depth].
    func callAsFunction(_ index: Int, _ range: Range<Int>) -> Tensor {
        let pixels = image.shape[1] * image.shape[2]
        if geometry.isPixel, !isEnlarged {
            let first = index * pixels + range.lowerBound
            return Tensor(
                unchecked: image.storage, image.byteOffset + first * image.rowBytes, .f32,
                [range.count, geometry.channels])
        }
        let result = Tensor(uninitialized: [range.count, geometry.depth])
        sourceRows.withUnsafeBufferPointer { rows in
            sourceColumns.withUnsafeBufferPointer { columns in
                var windows = rk_windows(
                    image: image.data(as: Float.self) + index * pixels * geometry.channels,
                    width: image.shape[2], channels: geometry.channels,
                    window_height: geometry.height, window_width: geometry.width,
                    stride: geometry.stride, per_row: self.columns, rows: rows.baseAddress,
                    columns: columns.baseAddress)
                rk_lay_windows_f32(result.data(), &windows, range.lowerBound, range.count)
            }
        }
        withExtendedLifetime((self, result)) {}
        return result
    }
}
