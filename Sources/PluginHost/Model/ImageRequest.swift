/// What an image is to be.
package struct ImageRequest: Sendable, Equatable {
    package var prompt: String
    /// What the image is not to show.
    package var negativePrompt = ""
    /// Pixels; both 0 for the model's own size.
    package var width = 0
    package var height = 0
    /// 0 for the model's own number.
    package var steps = 0
    package var seed: UInt64 = 0
    /// How closely the image follows the prompt; nil for the model's default.
    package var guidance: Float?
    /// An image to begin with.
    package var initial: Initial?
    /// A JSON object: "scheduler", "clip_skip", "eta"; or empty.
    package var extraJSON = ""

    /// An initial image of the request's size, and how much of it may change, from 0 to 1.
    package struct Initial: Sendable, Equatable {
        package var image: RGBImage
        package var strength: Float

        package init(image: RGBImage, strength: Float) {
            self.image = image
            self.strength = strength
        }
    }

    package init(prompt: String) {
        self.prompt = prompt
    }
}

/// An RGB image with 8 bits per channel.
package struct RGBImage: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// `[height, width, 3]`
    package let rgb: [UInt8]

    package init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(rgb.count == width * height * ABI.imageChannels)
        self.width = width
        self.height = height
        self.rgb = rgb
    }
}

// MARK: - Checks

extension JobProgress {
    /// - Throws: `.broken` for progress that no image makes.
    func checkAsImage() throws {
        let limit = ImageCapabilities.mostProgress
        let most = of ?? limit
        guard (0...limit).contains(most), (0...most).contains(step) else {
            throw ModelFailure.broken(
                step: CallStep.stepImage.name,
                reason: "step \(step) of \(of ?? 0), expected at most \(most) of at most \(limit)")
        }
    }
}

extension ImageCapabilities {
    /// Refuses what no image model accepts.
    func check(_ request: ImageRequest) throws {
        try check(side: request.width, "wide", isDefault: request.height == 0)
        try check(side: request.height, "high", isDefault: request.width == 0)
        guard (0...Self.mostSteps).contains(request.steps) else {
            throw ModelFailure.argument("\(request.steps) steps, expected 1 to \(Self.mostSteps)")
        }
        if let guidance = request.guidance, !(0...1000).contains(guidance) {
            throw ModelFailure.argument("a guidance of \(guidance), expected 0 to 1000")
        }
        if let initial = request.initial { try check(initial, request) }
        try Frame.check(texts: [request.prompt, request.negativePrompt, request.extraJSON])
    }

    private func check(side: Int, _ word: String, isDefault: Bool) throws {
        if side == 0, isDefault { return }
        guard (1...Self.longestSide).contains(side), side % multipleOf == 0 else {
            throw ModelFailure.argument(
                "an image \(side) pixels \(word), expected a multiple of \(multipleOf) up to "
                    + "\(Self.longestSide)")
        }
    }

    private func check(_ initial: ImageRequest.Initial, _ request: ImageRequest) throws {
        guard (0...1).contains(initial.strength) else {
            throw ModelFailure.argument("a strength of \(initial.strength), expected 0 to 1")
        }
        guard initial.image.width == request.width, initial.image.height == request.height
        else {
            throw ModelFailure.argument(
                "an image of \(initial.image.width)x\(initial.image.height) to begin with, "
                    + "expected \(request.width)x\(request.height)")
        }
    }

    /// A quarter of the model's own size each way, as far as it can make that; 0 where that is unknown.
    var smallSize: (width: Int, height: Int) {
        let sides = [width, height].map { max(1, $0 / 4 / multipleOf) * multipleOf }
        return width > 0 && height > 0 ? (sides[0], sides[1]) : (0, 0)
    }

    package func room(for request: ImageRequest) -> ImageRoom {
        if request.width > 0 {
            return ImageRoom(width: request.width, height: request.height, isExact: true)
        }
        if width > 0, height > 0 { return ImageRoom(width: width, height: height, isExact: true) }
        return ImageRoom(width: Self.longestSide, height: Self.longestSide, isExact: false)
    }
}
