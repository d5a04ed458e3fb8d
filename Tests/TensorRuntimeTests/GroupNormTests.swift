import TensorRuntime
import Testing

@Suite struct GroupNormTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        let images: Int
        let pixels: Int
        let channels: Int
        let groups: Int

        var testDescription: String { "\(images)x\(pixels)x\(channels) in \(groups)" }
    }

    /// One pixel, one channel a group, one group, and images of several stretches.
    static let shapes = [
        Shape(images: 2, pixels: 1, channels: 8, groups: 2),
        Shape(images: 1, pixels: 35, channels: 7, groups: 7),
        Shape(images: 3, pixels: 50, channels: 30, groups: 1),
        Shape(images: 2, pixels: 1500, channels: 36, groups: 4),
    ]

    private func input(_ s: Shape) -> Tensor {
        var noise = Noise(UInt64(s.pixels))
        return Tensor(
            noise.floats(s.images * s.pixels * s.channels).map { $0 + 40 },
            [s.images, s.pixels, s.channels])
    }

    private func norm(_ s: Shape) throws -> (GroupNorm, weight: [Float], bias: [Float]) {
        var noise = Noise(3)
        let (weight, bias) = (noise.floats(s.channels), noise.floats(s.channels))
        let norm = try GroupNorm(
            Tensor(weight, [s.channels]), bias: Tensor(bias, [s.channels]), groups: s.groups,
            epsilon: 1e-5)
        return (norm, weight, bias)
    }

    private func plain(_ s: Shape, _ x: [Float], _ weight: [Float], _ bias: [Float]) -> [Float] {
        var out = x
        let size = s.channels / s.groups
        for image in 0..<s.images {
            for group in 0..<s.groups {
                let places = (0..<s.pixels * size).map {
                    (image * s.pixels + $0 / size) * s.channels + group * size + $0 % size
                }
                let values = places.map { Double(x[$0]) }
                let mean = values.reduce(0, +) / Double(values.count)
                let variance =
                    values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                for place in places {
                    let scaled = (Double(x[place]) - mean) / (variance + 1e-5).squareRoot()
                    let channel = place % s.channels
                    out[place] = Float(scaled * Double(weight[channel]) + Double(bias[channel]))
                }
            }
        }
        return out
    }

    @Test(arguments: shapes)
    func aGroupNormIsItsEquation(_ s: Shape) throws {
        let x = input(s)
        let (norm, weight, bias) = try norm(s)
        let expected = plain(s, x.floats, weight, bias)
        // The mean is 40 times the deviation, of which float32 keeps 1e-7.
        #expect(distance(try norm(x).floats, expected) < 1e-4)
        let activated = try norm(x, then: .silu).floats
        #expect(distance(activated, try silu(Tensor(expected, x.shape)).floats) < 1e-4)
    }

    @Test(arguments: shapes)
    func anImageIsTheSameBitsAloneAndAmongOthers(_ s: Shape) throws {
        let x = input(s)
        let (norm, _, _) = try norm(s)
        let together = try norm(x)
        for image in 0..<s.images {
            let range = image..<image + 1
            #expect(try norm(x.rows(range)).floats == together.rows(range).floats)
        }
    }

    @Test func shapesThatDoNotFitAreRefused() throws {
        let ones = Tensor([1, 1, 1], [3])
        #expect(throws: TensorError.self) {
            try GroupNorm(ones, bias: ones, groups: 2, epsilon: 1)
        }
        #expect(throws: TensorError.self) {
            try GroupNorm(ones, bias: Tensor([1], [1]), groups: 1, epsilon: 1)
        }
        let norm = try GroupNorm(ones, bias: ones, groups: 3, epsilon: 1)
        #expect(throws: TensorError.self) { try norm(Tensor(zeros: [2, 4])) }
        #expect(throws: TensorError.self) { try norm(Tensor(zeros: [3])) }
    }
}
