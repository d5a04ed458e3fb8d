import TensorRuntime
import Testing

@Suite struct ConvolutionTests {
    struct Shape: CustomTestStringConvertible, Sendable {
        var images = 2
        var height = 7
        var width = 5
        var channels = 3
        var outputs = 18
        var kernel = 3
        var stride = 1
        var before = 1
        var after = 1
        var enlarged: [Int]?

        var testDescription: String { "\(self)" }

        static let all = [
            Shape(), Shape(kernel: 1, before: 0, after: 0), Shape(stride: 2),
            Shape(stride: 2, before: 0, after: 1), Shape(before: 0, after: 0),
            Shape(images: 1, height: 1, width: 1, channels: 20, outputs: 1),
            Shape(height: 33, width: 29, channels: 17, outputs: 70),
            Shape(enlarged: [14, 10]), Shape(enlarged: [13, 9]),
            Shape(images: 3, height: 40, width: 3, channels: 8, outputs: 130, stride: 2),
            Shape(kernel: 1, before: 0, after: 0, enlarged: [14, 10]),
            Shape(kernel: 1, stride: 2, before: 0, after: 0),
        ]
    }

    private struct Case {
        let x: Tensor
        let weight: Tensor  // [O, C, k, k]
        let bias: Tensor

        init(_ s: Shape) {
            var noise = Noise(UInt64(s.height * s.channels))
            x = Tensor(
                noise.floats(s.images * s.height * s.width * s.channels),
                [s.images, s.height, s.width, s.channels])
            weight = Tensor(
                noise.floats(s.outputs * s.channels * s.kernel * s.kernel),
                [s.outputs, s.channels, s.kernel, s.kernel])
            bias = Tensor(noise.floats(s.outputs), [s.outputs])
        }

        func convolution(_ s: Shape, _ precision: Precision = .f32) throws -> Convolution {
            try Convolution(
                weight, bias: bias, stride: s.stride,
                padding: .init(before: s.before, after: s.after), precision: precision)
        }

        func found(_ s: Shape, _ precision: Precision = .f32) throws -> Tensor {
            let convolution = try convolution(s, precision)
            guard let size = s.enlarged else { return try convolution(x) }
            return try convolution(x, enlargedTo: size[0], size[1])
        }
    }

    /// The equation, one number at a time.
    private func plain(_ s: Shape, _ c: Case) -> [Float] {
        let size = s.enlarged ?? [s.height, s.width]
        let counts = size.map { ($0 + s.before + s.after - s.kernel) / s.stride + 1 }
        let (x, w, b) = (c.x.floats, c.weight.floats, c.bias.floats)
        var out: [Float] = []
        for n in 0..<s.images {
            for i in 0..<counts[0] {
                for j in 0..<counts[1] {
                    for o in 0..<s.outputs {
                        var sum = Double(b[o])
                        for u in 0..<s.kernel {
                            for v in 0..<s.kernel {
                                let (y, z) = (
                                    i * s.stride + u - s.before, j * s.stride + v - s.before
                                )
                                guard (0..<size[0]).contains(y), (0..<size[1]).contains(z) else {
                                    continue
                                }
                                let pixel =
                                    (n * s.height + y * s.height / size[0]) * s.width + z * s.width
                                    / size[1]
                                for k in 0..<s.channels {
                                    let weight = w[
                                        ((o * s.channels + k) * s.kernel + u) * s.kernel + v]
                                    sum += Double(x[pixel * s.channels + k]) * Double(weight)
                                }
                            }
                        }
                        out.append(Float(sum))
                    }
                }
            }
        }
        return out
    }

    @Test(arguments: Shape.all)
    func aConvolutionIsItsEquation(_ s: Shape) throws {
        let c = Case(s)
        let found = try c.found(s)
        #expect(found.shape.first == s.images && found.width == s.outputs)
        #expect(distance(found.floats, plain(s, c)) < 1e-4)
    }

    /// Rounded weights and inputs: 2⁻⁸ of each factor.
    @Test func precisionIsThatOfLinearMaps() throws {
        let s = Shape(height: 20, width: 20, channels: 32, outputs: 40)
        let c = Case(s)
        let difference = distance(try c.found(s, .bf16).floats, try c.found(s).floats)
        #expect(difference > 0 && difference < 0.5)
    }

    @Test func anImageIsTheSameBitsAloneAndAmongOthers() throws {
        let s = Shape(images: 3, height: 31, width: 18, channels: 24, outputs: 80)
        let c = Case(s)
        let convolution = try c.convolution(s)
        let together = try convolution(c.x)
        for image in 0..<s.images {
            let alone = try convolution(c.x.rows(image..<image + 1))
            #expect(alone.floats == together.rows(image..<image + 1).floats)
        }
    }

    @Test func eachImageHasAShiftOfItsOwn() throws {
        let s = Shape()
        let c = Case(s)
        let convolution = try c.convolution(s)
        var noise = Noise(9)
        let shift = Tensor(noise.floats(2 * s.outputs), [2, s.outputs])
        let shifted = try convolution(c.x, adding: shift).floats
        let shifts = shift.floats
        let expected = try convolution(c.x).floats.enumerated().map { index, number in
            let image = index / (s.height * s.width * s.outputs)
            return number + shifts[image * s.outputs + index % s.outputs]
        }
        #expect(distance(shifted, expected) < 1e-5)
    }

    @Test func shapesThatDoNotFitAreRefused() throws {
        let s = Shape()
        let convolution = try Case(s).convolution(s)
        for shape in [[2, 7, 5, 4], [7, 5, 3], [1, 0, 5, 3]] {
            #expect(throws: TensorError.self) { try convolution(Tensor(zeros: shape)) }
        }
        #expect(throws: TensorError.self) {
            try convolution(Tensor(zeros: [1, 7, 5, 3]), enlargedTo: 6, 10)
        }
        #expect(throws: TensorError.self) {
            try convolution(Tensor(zeros: [1, 7, 5, 3]), adding: Tensor(zeros: [2, 18]))
        }
        #expect(throws: TensorError.self) { try Convolution(Tensor(zeros: [3, 3])) }
        #expect(throws: TensorError.self) {
            try Convolution(Tensor(zeros: [4, 3, 1, 1]), bias: Tensor(zeros: [3]))
        }
    }
}
