import PluginKit
import TensorRuntime

/// The colours of latents, one pixel for each: an affine map, fitted to what the model's own encoder makes
/// of rectangles of random colours.
struct PreviewMap: Sendable {
    private let rows: [[Double]]  // [3][E + 1], the last for a 1
    private static let side = 16

    init(of coder: PictureCoder, _ call: Call) throws {
        let pixels = Self.side * coder.factor
        let picture = Self.rectangles(pixels)
        let latents = try coder.latents(picture, noise: nil, call: call)
        let shape = coder.shape(width: pixels, height: pixels)
        let colors = Self.colors(picture, coder.factor)
        let inputs = (0..<shape.height * shape.width).map { pixel in
            latents[pixel * shape.channels..<(pixel + 1) * shape.channels].map { Double($0) } + [1]
        }
        rows = (0..<3).map { channel in
            Self.fit(inputs, colors.map { $0[channel] })
        }
    }

    func callAsFunction(_ latents: [Float], _ shape: LatentShape) -> Picture {
        var rgb: [UInt8] = []
        rgb.reserveCapacity(3 * shape.height * shape.width)
        for pixel in 0..<shape.height * shape.width {
            for row in rows {
                var sum = row[shape.channels]
                for channel in 0..<shape.channels {
                    sum += row[channel] * Double(latents[pixel * shape.channels + channel])
                }
                rgb.append(sum > 0 ? UInt8(min(sum, 255)) : 0)
            }
        }
        return Picture(width: shape.width, height: shape.height, rgb: rgb)
    }

    private static func rectangles(_ size: Int) -> Picture {
        var random = MersenneTwister(seed: 1)
        func next(_ most: Int) -> Int { Int(random.bits() % UInt32(most)) }
        var rgb = [UInt8](repeating: 128, count: 3 * size * size)
        for _ in 0..<64 {
            let (left, top) = (next(size), next(size))
            let (right, bottom) = (
                min(size, left + 4 + next(size / 2)), min(size, top + 4 + next(size / 2))
            )
            let color = (0..<3).map { _ in UInt8(next(256)) }
            for y in top..<bottom {
                for x in left..<right {
                    for channel in 0..<3 { rgb[(y * size + x) * 3 + channel] = color[channel] }
                }
            }
        }
        return Picture(width: size, height: size, rgb: rgb)
    }

    /// The mean colour of each square of pixels.
    private static func colors(_ picture: Picture, _ factor: Int) -> [[Double]] {
        let count = picture.width / factor
        return (0..<count * count).map { square in
            let (top, left) = (square / count * factor, square % count * factor)
            return (0..<3).map { channel in
                var sum = 0.0
                for y in top..<top + factor {
                    for x in left..<left + factor {
                        sum += Double(picture.rgb[(y * picture.width + x) * 3 + channel])
                    }
                }
                return sum / Double(factor * factor)
            }
        }
    }

    /// Least squares by the normal equations, with a little of the identity added.
    private static func fit(_ inputs: [[Double]], _ targets: [Double]) -> [Double] {
        let width = inputs[0].count
        var matrix = (0..<width).map { row in
            (0..<width).map { column in
                inputs.reduce(row == column ? 1e-3 : 0) { $0 + $1[row] * $1[column] }
            } + [zip(inputs, targets).reduce(0) { $0 + $1.0[row] * $1.1 }]
        }
        for pivot in 0..<width {
            for row in 0..<width where row != pivot {
                let factor = matrix[row][pivot] / matrix[pivot][pivot]
                for column in pivot...width {
                    matrix[row][column] -= factor * matrix[pivot][column]
                }
            }
        }
        return (0..<width).map { matrix[$0][width] / matrix[$0][$0] }
    }
}
