import Glibc
import PluginKit
import TensorRuntime

/// Latents of one image, by pixels: [height, width, channels].
struct LatentShape: Sendable, Equatable {
    let height: Int
    let width: Int
    let channels: Int

    var count: Int { height * width * channels }

    /// Numbers by channels, as the reference draws them, by pixels.
    func byPixels(_ numbers: [Float]) -> [Float] {
        let pixels = height * width
        return (0..<pixels).flatMap { pixel in
            (0..<channels).map { numbers[$0 * pixels + pixel] }
        }
    }

    func tensor(_ numbers: [Float]) -> Tensor { Tensor(numbers, [1, height, width, channels]) }
}

/// Between images and latents of variance 1.
struct ImageCoder: Sendable {
    let model: AutoencoderModel
    let factor: Int
    private let channels: Int
    private let scale: Double
    private let shift: Double

    init(model: AutoencoderModel, _ c: AutoencoderConfiguration) {
        self.model = model
        factor = c.factor
        channels = c.latentChannels
        scale = c.scale
        shift = c.shiftFactor ?? 0
    }

    func shape(width: Int, height: Int) -> LatentShape {
        LatentShape(height: height / factor, width: width / factor, channels: channels)
    }

    /// - Returns: RGB of 0 to 255.
    func image(_ latents: [Float], _ shape: LatentShape, call: Call) throws -> RGBImage {
        let z = combined((1 / scale, latents)).map { $0 + Float(shift) }
        let pixels = try model.decoder(shape.tensor(z)) { try call.check() }  // [1, H, W, 3]
        return pixels.withFloats { numbers in
            RGBImage(
                width: pixels.shape[2], height: pixels.shape[1], rgb: numbers.map(Self.byte))
        }
    }

    /// - Parameters:
    ///   - noise: samples the latents from their distribution; nil takes its mean.
    func latents(_ image: RGBImage, noise: [Float]?, call: Call) throws -> [Float] {
        let pixels = Tensor(
            image.rgb.map { Float($0) / 255 * 2 - 1 }, [1, image.height, image.width, 3])
        let moments = try model.encoder(pixels) { try call.check() }.floats
        return (0..<moments.count / 2).map { index in
            let (pixel, channel) = (index / channels, index % channels)
            let mean = moments[pixel * 2 * channels + channel]
            guard let noise else { return (mean - Float(shift)) * Float(scale) }
            let logarithm = moments[(pixel * 2 + 1) * channels + channel]
            let deviation = expf(0.5 * min(max(logarithm, -30), 20))
            return (mean + deviation * noise[index] - Float(shift)) * Float(scale)
        }
    }

    /// -1 to 1 as 0 to 255; what is not a number is black.
    private static func byte(_ number: Float) -> UInt8 {
        let light = (number / 2 + 0.5) * 255
        return light > 0 ? UInt8(min(light, 255).rounded(.toNearestOrEven)) : 0
    }
}
