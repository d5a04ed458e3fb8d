import CKernels

/// Group normalization, Wu and He 2018 (arXiv:1803.08494), equation 6, of images in channels-last
/// layout: mean and variance are those of a group of channels over all pixels of an image.
///
///     y = activation((x - mean) / sqrt(variance + ε) ⊙ w + b)
///
/// An image's result has the same bits whatever other images are in the batch.
public struct GroupNorm: Sendable {
    private let weight: Tensor  // [C]
    private let bias: Tensor  // [C]
    private let groups: Int
    private let epsilon: Float

    /// - Parameters:
    ///   - weight: [C], of any element type.
    ///   - bias: [C].
    ///   - groups: a divisor of C.
    public init(_ weight: Tensor, bias: Tensor, groups: Int, epsilon: Float) throws {
        guard weight.shape.count == 1, groups > 0, weight.count % groups == 0 else {
            throw TensorError.shape(
                of: "a group norm's weight", found: weight.shape,
                expected: "[C] with C a multiple of \(groups)")
        }
        guard bias.shape == weight.shape else {
            throw TensorError.shape(
                of: "a group norm's bias", found: bias.shape, expected: "\(weight.shape)")
        }
        self.weight = try dequantizedCopy(weight)
        self.bias = try dequantizedCopy(bias)
        self.groups = groups
        self.epsilon = epsilon
    }

    /// Reads `weight` [channels] and `bias` [channels].
    public init(_ weights: Weights, channels: Int, groups: Int, epsilon: Float) throws {
        try self.init(
            weights.tensor("weight", [channels]), bias: weights.tensor("bias", [channels]),
            groups: groups, epsilon: epsilon)
    }

    /// - Parameters:
    ///   - x: [N, …, C], F32.
    ///   - activation: applied to the result while it is in a register.
    public func callAsFunction(
        _ x: Tensor, then activation: Activation? = nil
    ) throws(TensorError) -> Tensor {
        try x.requireF32("the input of a group norm")
        guard x.shape.count >= 2, x.width == weight.count else {
            throw .shape(
                of: "the input of a group norm", found: x.shape,
                expected: "[N, …, \(weight.count)]")
        }
        let result = Tensor(uninitialized: x.shape)
        guard x.count > 0 else { return result }
        let stretches = Stretches(images: x.shape[0], rows: x.rowCount, width: x.width)
        let moments = moments(of: x, stretches)
        let maps = (0..<x.shape[0]).map { map(of: $0, moments, stretches) }
        apply(maps, to: x, stretches, activation, into: result)
        return result
    }

    private func apply(
        _ maps: [Tensor], to x: Tensor, _ stretches: Stretches, _ activation: Activation?,
        into result: Tensor
    ) {
        let (out, width) = (result.data(as: Float.self), x.width)
        let kernel = activation?.kernel ?? RK_IDENTITY
        ThreadPool.shared.parallel(stretches.count) { index in
            let stretch = stretches[index]
            let (from, map) = (stretch.rows.lowerBound * width, maps[stretch.image])
            rk_scale_columns_f32(
                out + from, x.data() + from, map.data(), map.data() + width, stretch.rows.count,
                width, kernel)
        }
        withExtendedLifetime((x, maps)) {}
    }
}

// MARK: - Moments

extension GroupNorm {
    /// - Returns: [stretches, 2, C]: each channel's mean over a stretch, and the sum of the squared
    ///   distances from it.
    private func moments(of x: Tensor, _ stretches: Stretches) -> Tensor {
        let width = x.width
        let moments = Tensor(uninitialized: [stretches.count, 2, width])
        let out = moments.data(as: Float.self)
        ThreadPool.shared.parallel(stretches.count) { index in
            let rows = stretches[index].rows
            let mean = out + index * 2 * width
            let source = x.data(as: Float.self) + rows.lowerBound * width
            rk_mean_rows_f32(mean, source, rows.count, width)
            rk_column_squares_f32(mean + width, source, mean, rows.count, width)
        }
        withExtendedLifetime(x) {}
        return moments
    }

    /// Combines the moments of one image's stretches and channels, Chan et al. 1979, equation 2.1b.
    ///
    /// - Returns: [2, C]: each channel's factor and summand.
    private func map(of image: Int, _ moments: Tensor, _ stretches: Stretches) -> Tensor {
        let width = weight.count
        let size = width / groups
        let map = Tensor(uninitialized: [2, width])
        let (scales, w, b) = (
            map.data(as: Float.self), weight.data(as: Float.self), bias.data(as: Float.self)
        )
        let all = stretches.of(image)
        for group in 0..<groups {
            let channels = group * size..<(group + 1) * size
            let (mean, variance) = join(all, channels, moments, stretches)
            let scale = 1 / (variance + Double(epsilon)).squareRoot()
            for channel in channels {
                scales[channel] = Float(scale) * w[channel]
                scales[width + channel] = Float(
                    Double(b[channel]) - mean * scale * Double(w[channel]))
            }
        }
        withExtendedLifetime((moments, self)) {}
        return map
    }

    private func join(
        _ all: Range<Int>, _ channels: Range<Int>, _ moments: Tensor, _ stretches: Stretches
    ) -> (mean: Double, variance: Double) {
        let (numbers, width) = (moments.data(as: Float.self), weight.count)
        var (count, sum) = (0.0, 0.0)
        for index in all {
            let rows = Double(stretches[index].rows.count)
            for channel in channels { sum += rows * Double(numbers[index * 2 * width + channel]) }
            count += rows * Double(channels.count)
        }
        let mean = sum / count
        var squares = 0.0
        for index in all {
            let rows = Double(stretches[index].rows.count)
            for channel in channels {
                let distance = Double(numbers[index * 2 * width + channel]) - mean
                squares +=
                    Double(numbers[(index * 2 + 1) * width + channel])
                    + rows * distance * distance
            }
        }
        return (mean, squares / count)
    }
}

/// The pixels of images cut into pieces that stay in a core's cache; none spans two images. The cut
/// depends only on the size of an image.
private struct Stretches {
    private let rowsPerImage: Int
    private let rowsPerStretch: Int
    private let perImage: Int
    let count: Int

    init(images: Int, rows: Int, width: Int) {
        rowsPerImage = rows / images
        rowsPerStretch = max(1, (16 << 10) / width)
        perImage = (rowsPerImage + rowsPerStretch - 1) / rowsPerStretch
        count = images * perImage
    }

    subscript(index: Int) -> (image: Int, rows: Range<Int>) {
        let (image, place) = (index / perImage, index % perImage * rowsPerStretch)
        let first = image * rowsPerImage
        return (image, first + place..<first + min(rowsPerImage, place + rowsPerStretch))
    }

    func of(_ image: Int) -> Range<Int> { image * perImage..<(image + 1) * perImage }
}
