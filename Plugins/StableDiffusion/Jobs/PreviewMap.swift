import PluginKit
import TensorRuntime

/// The colours of latents, one pixel for each: an affine map of a latent and its eight neighbours, fitted
/// to what the model's own encoder makes of rectangles of random colours.
struct PreviewMap: Sendable {
    private let rows: [[Double]]  // [3][9·E + 1], the last for a 1

    init(of coder: ImageCoder, _ call: Call) throws {
        var (inputs, colors): ([[Double]], [[Double]]) = ([], [])
        for image in PreviewExamples.images(factor: coder.factor) {
            let latents = try coder.latents(image, noise: nil, call: call)
            let shape = coder.shape(width: image.width, height: image.height)
            inputs += (0..<shape.height * shape.width).map {
                Self.neighbours(of: $0, latents, shape)
            }
            colors += PreviewExamples.colors(image, factor: coder.factor)
        }
        rows = LeastSquares.fit(inputs, colors)
    }

    /// - Returns: an image of a pixel for each latent.
    func callAsFunction(_ latents: [Float], _ shape: LatentShape) -> RGBImage {
        let rgb = (0..<shape.height * shape.width).flatMap { place in
            let input = Self.neighbours(of: place, latents, shape)
            return rows.map { row in
                let sum = zip(row, input).reduce(0) { $0 + $1.0 * $1.1 }
                return sum > 0 ? UInt8(min(sum, 255)) : 0
            }
        }
        return RGBImage(width: shape.width, height: shape.height, rgb: rgb)
    }

    /// The numbers of nine latents and a 1; beyond the edge, those at the edge.
    private static func neighbours(
        of place: Int, _ latents: [Float], _ shape: LatentShape
    ) -> [Double] {
        let (row, column) = (place / shape.width, place % shape.width)
        var input: [Double] = []
        input.reserveCapacity(9 * shape.channels + 1)
        for y in row - 1...row + 1 {
            for x in column - 1...column + 1 {
                let (inside, across) = (
                    min(max(y, 0), shape.height - 1), min(max(x, 0), shape.width - 1)
                )
                let first = (inside * shape.width + across) * shape.channels
                for number in latents[first..<first + shape.channels] {
                    input.append(Double(number))
                }
            }
        }
        return input + [1]
    }
}

/// Images whose colours are known: rectangles on grey or coloured backgrounds.
private enum PreviewExamples {
    private static let count = 8
    /// Latents along a side.
    private static let side = 16

    static func images(factor: Int) -> [RGBImage] {
        var random = MersenneTwister(seed: 1)
        return (0..<count).map { index in
            let grey = UInt8(index / 2 * 255 / (count / 2 - 1))
            let color = (0..<3).map { _ in UInt8(random.bits() % 256) }
            return rectangles(
                side * factor, on: index.isMultiple(of: 2) ? [grey, grey, grey] : color, &random)
        }
    }

    private static func rectangles(
        _ size: Int, on ground: [UInt8], _ random: inout MersenneTwister
    ) -> RGBImage {
        func next(_ range: Range<Int>) -> Int {
            range.lowerBound + Int(random.bits() % UInt32(range.count))
        }
        var rgb = (0..<size * size).flatMap { _ in ground }
        for _ in 0..<5 {
            let (left, top) = (next(0..<size), next(0..<size))
            let sizes = size / 16..<size / 3
            let (right, bottom) = (min(size, left + next(sizes)), min(size, top + next(sizes)))
            let color = (0..<3).map { _ in UInt8(next(0..<256)) }
            for y in top..<bottom {
                for x in left..<right {
                    for channel in 0..<3 { rgb[(y * size + x) * 3 + channel] = color[channel] }
                }
            }
        }
        return RGBImage(width: size, height: size, rgb: rgb)
    }

    /// The mean colour of each square of pixels.
    static func colors(_ image: RGBImage, factor: Int) -> [[Double]] {
        (0..<side * side).map { square in
            let (top, left) = (square / side * factor, square % side * factor)
            return (0..<3).map { channel in
                var sum = 0.0
                for y in top..<top + factor {
                    for x in left..<left + factor {
                        sum += Double(image.rgb[(y * image.width + x) * 3 + channel])
                    }
                }
                return sum / Double(factor * factor)
            }
        }
    }
}

private enum LeastSquares {
    /// Solves the normal equations, with a little of the identity added.
    ///
    /// - Parameters:
    ///   - inputs: [N][K].
    ///   - targets: [N][M].
    /// - Returns: [M][K].
    static func fit(_ inputs: [[Double]], _ targets: [[Double]]) -> [[Double]] {
        let (width, outputs) = (inputs[0].count, targets[0].count)
        var matrix = (0..<width).map { row in
            (0..<width + outputs).map { $0 == row ? 0.3 : 0 }
        }
        for (input, target) in zip(inputs, targets) {
            let line = input + target
            for row in 0..<width {
                for column in row..<line.count { matrix[row][column] += input[row] * line[column] }
            }
        }
        for row in 0..<width {
            for column in 0..<row { matrix[row][column] = matrix[column][row] }
        }
        for pivot in 0..<width {
            for row in 0..<width where row != pivot {
                let factor = matrix[row][pivot] / matrix[pivot][pivot]
                for column in pivot..<width + outputs {
                    matrix[row][column] -= factor * matrix[pivot][column]
                }
            }
        }
        return (0..<outputs).map { output in
            (0..<width).map { matrix[$0][width + output] / matrix[$0][$0] }
        }
    }
}
