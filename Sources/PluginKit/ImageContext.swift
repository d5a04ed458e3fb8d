/// A context that draws, a step at a time: `roost.image/1`.
public protocol ImageContext: ModelContext {
    /// Starts an image. Several may be in progress at a time, their steps in any order.
    func begin(_ request: ImageRequest, call: Call) throws -> any ImageJob
}

/// An image in progress. It keeps its own state, which no other job of its context changes.
/// Released when it is finished, or when nobody waits for it.
///
/// A call that throws leaves the job as it was, and the same call may follow.
public protocol ImageJob: AnyObject {
    /// One step; not called again after an answer that is `done`.
    func step(call: Call) throws -> ImageProgress

    /// A cheap approximation of the image so far, of any size up to that of the image; `nil` if the
    /// model has none. It never changes the image.
    func preview(call: Call) throws -> RGBImage?

    /// The finished image; only called once the job is done, then any number of times.
    func finish(call: Call) throws -> RGBImage
}

/// What is to be drawn. Where the host leaves the choice to the model, a value is `nil`.
public struct ImageRequest: Sendable {
    public var prompt: String
    /// What the image is not to show; may be empty.
    public var negativePrompt: String
    /// Pixels.
    public var width: Int?
    public var height: Int?
    public var steps: Int?
    /// A number ≥ 0.
    public var guidance: Double?
    public var seed: UInt64
    /// How much an initial image is changed, 0 to 1.
    public var strength: Double
    /// The initial image, RGB row by row; empty for none.
    public var initial: [UInt8]
    /// Which part of the initial image is to be redrawn, one byte per pixel; empty for all of it.
    public var mask: [UInt8]
    /// A JSON object with what else the model knows, or empty.
    public var extraJSON: String

    public init(
        prompt: String, negativePrompt: String = "", width: Int? = nil, height: Int? = nil,
        steps: Int? = nil, guidance: Double? = nil, seed: UInt64 = 0, strength: Double = 1,
        initial: [UInt8] = [], mask: [UInt8] = [], extraJSON: String = ""
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.width = width
        self.height = height
        self.steps = steps
        self.guidance = guidance
        self.seed = seed
        self.strength = strength
        self.initial = initial
        self.mask = mask
        self.extraJSON = extraJSON
    }

    /// The initial image, now that its size is known.
    ///
    /// - Throws: `argument` when it has not three bytes for each pixel.
    public func initialImage(width: Int, height: Int) throws -> RGBImage? {
        if initial.isEmpty { return nil }
        guard initial.count == ABI.imageChannels * width * height else {
            throw PluginError(
                .argument,
                "init_rgb8 has \(initial.count) bytes, expected \(ABI.imageChannels * width * height) for "
                    + "\(width) × \(height) pixels")
        }
        return RGBImage(width: width, height: height, rgb: initial)
    }
}

/// How far an image is.
public struct ImageProgress: Sendable {
    public var done: Bool
    /// Steps made.
    public var step: Int
    /// Steps in all.
    public var of: Int

    public init(done: Bool, step: Int, of: Int) {
        self.done = done
        self.step = step
        self.of = of
    }
}

/// Pixels.
public struct RGBImage: Sendable, Equatable {
    public var width: Int
    public var height: Int
    /// Three bytes a pixel, row by row from the top.
    public var rgb: [UInt8]

    /// - Precondition: there are three bytes for each pixel.
    public init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(rgb.count == ABI.imageChannels * width * height)
        self.width = width
        self.height = height
        self.rgb = rgb
    }
}
