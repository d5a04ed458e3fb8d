import PluginKit

/// A model that draws stripes: after each step one more column has the seed's colour.
final class StripeModel: Model {
    let info = ModelInfo(
        name: "stripes",
        image: ImageInfo(
            width: 4, height: 2, steps: 3, guidance: 1.5, multipleOf: 2,
            schedulers: ["one", "two"], scheduler: "two"))

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> StripeContext {
        StripeContext()
    }
}

final class StripeContext: ImageContext {
    /// What the last job was asked for.
    nonisolated(unsafe) static var last: ImageRequest?

    func begin(_ request: ImageRequest, call: Call) throws -> any ImageJob {
        Self.last = request
        let (width, height) = (request.width ?? 4, request.height ?? 2)
        if !request.mask.isEmpty { throw PluginError(.unsupported, "no masks") }
        let start = try request.initialImage(width: width, height: height)
        return StripeJob(
            start
                ?? RGBImage(
                    width: width, height: height,
                    rgb: [UInt8](repeating: 0, count: 3 * width * height)),
            color: UInt8(request.seed), steps: request.steps ?? 3, request.prompt)
    }
}

/// `fail` fails once at the second step; `blind` has no previews.
final class StripeJob: ImageJob {
    nonisolated(unsafe) static var living = 0

    private var image: RGBImage
    private let color: UInt8
    private let steps: Int
    private let prompt: String
    private var step = 0
    private var fails: Bool

    init(_ image: RGBImage, color: UInt8, steps: Int, _ prompt: String) {
        self.image = image
        self.color = color
        self.steps = steps
        self.prompt = prompt
        fails = prompt == "fail"
        Self.living += 1
    }

    deinit {
        Self.living -= 1
    }

    func step(call: Call) throws -> ImageProgress {
        if step == 1, fails {
            fails = false
            throw PluginError(.internal, "stuck")
        }
        for row in 0..<image.height {
            for channel in 0..<3 {
                image.rgb[(row * image.width + step) * 3 + channel] = color
            }
        }
        step += 1
        return ImageProgress(done: step == steps, step: step, of: steps)
    }

    func preview(call: Call) throws -> RGBImage? {
        prompt == "blind" ? nil : RGBImage(width: 1, height: 1, rgb: Array(image.rgb.prefix(3)))
    }

    func finish(call: Call) throws -> RGBImage { image }
}
