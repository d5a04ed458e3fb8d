import CKernels

/// A convolution of images in channels-last layout, [N, H, W, C].
///
///     y[n, i, j, o] = b[o] + Σ_{u, v, c} x[n, s·i + u - p, s·j + v - p, c] · w[o, c, u, v]
///
/// with zeros beyond the edges. The windows of a few pixels at a time are laid out as rows and
/// multiplied like the input of a linear map. An image's result has the same bits whatever other
/// images are in the batch.
public struct Convolution: Sendable {
    /// How many zeros stand around an image.
    public struct Padding: Sendable, Equatable {
        /// Above and on the left.
        public let before: Int
        /// Below and on the right.
        public let after: Int

        public init(before: Int, after: Int) {
            self.before = before
            self.after = after
        }

        public static func both(_ count: Int) -> Padding { Padding(before: count, after: count) }
    }

    private let matrix: PackedMatrix  // [O, kh·kw·C]
    private let bias: Tensor?  // [O]
    private let geometry: WindowGeometry

    /// - Parameters:
    ///   - weight: [O, C, kh, kw] as checkpoints have it.
    ///   - bias: [O].
    ///   - stride: ≥ 1, of both axes.
    ///   - precision: what F32, F16 and BF16 weights are rounded to.
    /// - Throws: `TensorError` if the shapes disagree or no kernel takes the weight.
    public init(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = .both(0),
        precision: Precision = .f32
    ) throws {
        guard weight.shape.count == 4, weight.count > 0, stride > 0, padding.before >= 0,
            padding.after >= 0
        else {
            throw TensorError.shape(
                of: "a convolution's weight", found: weight.shape, expected: "[O, C, kh, kw]")
        }
        let rows = try channelsLast(weight)
        matrix = try PackedMatrix(rows, precision: precision)
        self.bias = try bias.map { try dequantizedCopy($0) }
        geometry = WindowGeometry(
            channels: weight.shape[1], height: weight.shape[2], width: weight.shape[3],
            stride: stride, padding: padding)
        if let bias, bias.shape != [matrix.rows] {
            throw TensorError.shape(
                of: "a bias", found: bias.shape, expected: "[\(matrix.rows)]")
        }
    }

    /// Reads `weight` [to, from, kernel, kernel] and, if there is one, `bias` [to].
    public init(
        _ weights: Weights, from: Int, to: Int, kernel: Int, stride: Int = 1,
        padding: Padding = .both(0), precision: Precision = .f32
    ) throws {
        let bias = weights.has("bias") ? try weights.tensor("bias", [to]) : nil
        try self.init(
            weights.tensor("weight", [to, from, kernel, kernel]), bias: bias, stride: stride,
            padding: padding, precision: precision)
    }

    /// The bytes of the repacked weights, which the process holds in addition to the mapped file.
    public var packedBytes: Int { matrix.byteCount }

    /// - Parameters:
    ///   - x: [N, H, W, C], F32.
    ///   - shift: [N, O], added to every pixel of an image, such as a time embedding.
    /// - Returns: [N, H', W', O] with H' = (H + padding - kh) / stride + 1.
    public func callAsFunction(
        _ x: Tensor, adding shift: Tensor? = nil
    ) throws(TensorError) -> Tensor {
        try convolve(x, seenAs: nil, shift)
    }

    /// Convolves the image enlarged by repeating its pixels (nearest neighbour), without storing
    /// the enlarged image.
    ///
    /// - Parameters:
    ///   - x: [N, H, W, C], F32.
    ///   - height: of the enlarged image, at least H.
    ///   - width: of the enlarged image, at least W.
    public func callAsFunction(
        _ x: Tensor, enlargedTo height: Int, _ width: Int
    ) throws(TensorError) -> Tensor {
        try convolve(x, seenAs: (height, width), nil)
    }

    private func convolve(
        _ x: Tensor, seenAs size: (height: Int, width: Int)?, _ shift: Tensor?
    ) throws(TensorError) -> Tensor {
        try x.requireF32("the input of a convolution")
        guard x.shape.count == 4, x.width == geometry.channels else {
            throw .shape(
                of: "the input of a convolution", found: x.shape,
                expected: "[N, H, W, \(geometry.channels)]")
        }
        let windows = ImageWindows(
            geometry, x, height: size?.height ?? x.shape[1], width: size?.width ?? x.shape[2])
        guard windows.rows > 0, windows.columns > 0, windows.enlarges else {
            throw .shape(
                of: "the input of a convolution", found: x.shape,
                expected: "images of at least \(geometry.height) × \(geometry.width) pixels")
        }
        let call = ConvolutionCall(
            matrix: matrix, windows: windows, biases: try biases(x.shape[0], shift))
        return call.run()
    }

    /// - Returns: [N, O], or [1, O] if all images share one; nil for none.
    private func biases(_ images: Int, _ shift: Tensor?) throws(TensorError) -> Tensor? {
        let own = try bias?.reshaped(1, matrix.rows)
        guard let shift else { return own }
        guard shift.shape == [images, matrix.rows] else {
            throw .shape(
                of: "the shift of a convolution", found: shift.shape,
                expected: "[\(images), \(matrix.rows)]")
        }
        guard let bias else { return shift }
        return try shift + bias.repeated(images)
    }
}

extension Tensor {
    /// This row, repeated.
    ///
    /// - Returns: [count, D] of a tensor [D].
    fileprivate func repeated(_ count: Int) throws(TensorError) -> Tensor {
        try reshaped(1, self.count).selectingRows(Array(repeating: 0, count: count))
    }
}

/// [O, C, kh, kw] as [O, kh·kw·C], of F32, F16 or BF16; another type becomes F32.
private func channelsLast(_ weight: Tensor) throws(TensorError) -> Tensor {
    switch weight.element {
    case .f16, .bf16: channelsLast(weight, as: UInt16.self)
    default: channelsLast(try dequantize(weight), as: UInt32.self)
    }
}

private func channelsLast<Bits>(_ weight: Tensor, as type: Bits.Type) -> Tensor {
    let (outputs, channels) = (weight.shape[0], weight.shape[1])
    let places = weight.shape[2] * weight.shape[3]
    let result = Tensor(weight.element, uninitialized: [outputs, places * channels])
    let (source, target) = (weight.data(as: Bits.self), result.data(as: Bits.self))
    ThreadPool.shared.parallel(outputs) { output in
        let (from, to) = (source + output * places * channels, target + output * places * channels)
        for channel in 0..<channels {
            for place in 0..<places {
                to[place * channels + channel] = from[channel * places + place]
            }
        }
    }
    withExtendedLifetime((weight, result)) {}
    return result
}
