/// The windows that a convolution looks through.
struct WindowGeometry: Sendable {
    let channels: Int
    let height: Int
    let width: Int
    let stride: Int
    let padding: Convolution.Padding

    /// The numbers in a window.
    var depth: Int { height * width * channels }

    /// Whether a window is one pixel and each pixel has one.
    var isPixel: Bool { height == 1 && width == 1 && stride == 1 && padding == .both(0) }
}

/// The windows of images, as rows of a matrix.
struct ImageWindows {
    let geometry: WindowGeometry
    let image: Tensor  // [N, H, W, C]
    /// Windows in a column and in a row of an image.
    let rows: Int
    let columns: Int
    /// The pixel that each place of the enlarged image repeats.
    private let sourceRows: [Int]
    private let sourceColumns: [Int]

    /// - Parameters:
    ///   - image: [N, H, W, C], F32.
    ///   - height: what the image is enlarged to before windows are taken.
    ///   - width: the same.
    init(_ geometry: WindowGeometry, _ image: Tensor, height: Int, width: Int) {
        let padding = geometry.padding.before + geometry.padding.after
        func count(_ size: Int, _ window: Int) -> Int {
            size + padding < window ? 0 : (size + padding - window) / geometry.stride + 1
        }
        self.geometry = geometry
        self.image = image
        rows = count(height, geometry.height)
        columns = count(width, geometry.width)
        sourceRows = (0..<height).map { $0 * image.shape[1] / height }
        sourceColumns = (0..<width).map { $0 * image.shape[2] / width }
    }

    /// Whether every pixel of the image is seen.
    var enlarges: Bool {
        sourceRows.count >= image.shape[1] && sourceColumns.count >= image.shape[2]
    }

    var images: Int { image.shape[0] }
    var perImage: Int { rows * columns }

    /// Some windows of one image.
    ///
    /// - Returns: [range.count, depth].
    func callAsFunction(_ index: Int, _ range: Range<Int>) -> Tensor {
        let pixels = image.shape[1] * image.shape[2]
        if geometry.isPixel, sourceRows.count * sourceColumns.count == pixels {
            let first = index * pixels
            return Tensor(
                unchecked: image.storage,
                image.byteOffset + (first + range.lowerBound) * image.rowBytes, .f32,
                [range.count, geometry.channels])
        }
        let result = Tensor(uninitialized: [range.count, geometry.depth])
        let (out, source) = (result.data(as: Float.self), image.data(as: Float.self))
        let start = source + index * pixels * geometry.channels
        for (place, window) in range.enumerated() {
            lay(
                out + place * geometry.depth, start, row: window / columns,
                column: window % columns)
        }
        withExtendedLifetime((self, result)) {}
        return result
    }

    /// Writes one window, with zeros for what lies beyond the edges.
    private func lay(
        _ out: UnsafeMutablePointer<Float>, _ image: UnsafeMutablePointer<Float>, row: Int,
        column: Int
    ) {
        let top = row * geometry.stride - geometry.padding.before
        let left = column * geometry.stride - geometry.padding.before
        let lineSize = geometry.width * geometry.channels
        for u in 0..<geometry.height {
            let line = out + u * lineSize
            guard sourceRows.indices.contains(top + u) else {
                line.update(repeating: 0, count: lineSize)
                continue
            }
            layLine(
                line, image + sourceRows[top + u] * self.image.shape[2] * geometry.channels,
                left: left)
        }
    }

    private func layLine(
        _ out: UnsafeMutablePointer<Float>, _ row: UnsafeMutablePointer<Float>, left: Int
    ) {
        let channels = geometry.channels
        let isWhole = sourceColumns.count == image.shape[2]
        if isWhole, left >= 0, left + geometry.width <= sourceColumns.count {
            out.update(from: row + left * channels, count: geometry.width * channels)
            return
        }
        for v in 0..<geometry.width {
            let target = out + v * channels
            if sourceColumns.indices.contains(left + v) {
                target.update(from: row + sourceColumns[left + v] * channels, count: channels)
            } else {
                target.update(repeating: 0, count: channels)
            }
        }
    }
}
