import Engine
import FoundationEssentials
import JSON
import PNGFiles
import PluginHost

/// The body of `POST /v1/images/generations`.
struct ImageGenerationRequest: Sendable {
    let model: String?
    let count: Int
    let streams: Bool
    /// How many intermediate versions of each image a stream shows.
    let previews: Int
    /// A stream reports every step.
    let showsSteps: Bool
    private let prompt: String
    private let negativePrompt: String
    /// Nil: the size of the initial image, else the model's own.
    private let size: ImageSize?
    private let firstSeed: UInt64
    private let steps: Int?
    private let guidance: Float?
    private let scheduler: String?
    private let initial: ImageRequest.Initial?
    private let longTexts: LongTexts

    /// The longest prompt, in bytes.
    private static let longestPrompt = 32_000
    /// The pixels of all images of a request: an answer is held in memory.
    private static let mostPixels =
        4 * ImageCapabilities.longestSide * ImageCapabilities.longestSide
    /// Numbers that every client can write exactly.
    private static let lastSeed = 1 << 53 - 1
    /// The range of drawn seeds; short enough to be typed again.
    private static let drawnSeeds: ClosedRange<UInt64> = 0...UInt64(UInt32.max)

    /// Reads everything but the initial image, which takes time.
    init(_ fields: Fields) async throws {
        model = try fields.string("model")
        prompt = try Self.text(fields, "prompt") ?? ""
        guard !prompt.isEmpty else {
            throw APIError.missing(param: "prompt", expected: "what the image is to show")
        }
        negativePrompt = try Self.text(fields, "negative_prompt") ?? ""
        count = try fields.integer("n", in: 1...10) ?? 1
        size = try ImageSize(fields)
        let seed = try fields.integer("seed", in: -1...Self.lastSeed)
        // As elsewhere, -1 is any.
        firstSeed = seed.flatMap { UInt64(exactly: $0) } ?? .random(in: Self.drawnSeeds)
        steps = try fields.integer("steps", in: 1...ImageCapabilities.mostSteps)
        guidance = try fields.number("guidance_scale", in: 0...1000)
        scheduler = try fields.string("scheduler")
        streams = try fields.bool("stream") ?? false
        previews = try fields.integer("partial_images", in: 0...50) ?? 0
        showsSteps = try fields.bool("progress") ?? false
        longTexts = try LongTexts(fields)
        try Self.refuseUnsupported(fields)
        initial = try await Self.initial(fields)
    }

    private static func text(_ fields: Fields, _ key: String) throws -> String? {
        guard let text = try fields.string(key) else { return nil }
        guard text.utf8.count <= longestPrompt else {
            throw APIError.invalid(
                param: key, "has \(text.utf8.count) bytes, expected up to \(longestPrompt)")
        }
        return text
    }

    /// OpenAI's fields for what this host does not do. Those that only ask for more or less quality
    /// are ignored.
    private static func refuseUnsupported(_ fields: Fields) throws {
        if let format = try fields.string("response_format"), format != "b64_json" {
            throw APIError.unsupported(
                param: "response_format",
                "is not supported: the host keeps no images that an address could lead to; "
                    + "use \"b64_json\"")
        }
        if let format = try fields.string("output_format"), format != "png" {
            throw APIError.unsupported(
                param: "output_format", "is not supported: images are written as \"png\"")
        }
        if try fields.string("background") == "transparent" {
            throw APIError.unsupported(
                param: "background", "is not supported: images have no transparent parts")
        }
        if fields.value("mask") != nil {
            throw APIError.unsupported(
                param: "mask",
                "is not supported: all of an image may change, as far as "
                    + "'strength' lets it")
        }
    }

    private static func initial(_ fields: Fields) async throws -> ImageRequest.Initial? {
        guard let text = try fields.string("init_image") else {
            if fields.value("strength") != nil {
                throw APIError.missing(
                    param: "init_image", expected: "an image that 'strength' is about")
            }
            return nil
        }
        let strength = try fields.number("strength", in: 0...1) ?? 0.8
        let image = try await imageThreads.run { try Self.image(text) }
        return ImageRequest.Initial(image: image, strength: strength)
    }

    /// Base64 of a PNG file, also as a data URL.
    private static func image(_ text: String) throws -> RGBImage {
        let prefix = "data:image/png;base64,"
        let base64 = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        guard let data = Data(base64Encoded: base64) else {
            throw APIError.invalid(
                param: "init_image", "is not base64, expected that of a PNG file")
        }
        do {
            return try PNG.decoded([UInt8](data))
        } catch let failure as PNG.Failure {
            throw APIError.invalid(
                param: "init_image", "is no PNG file that can be read: \(failure)")
        }
    }

    func seed(of number: Int) -> Int {
        Int(firstSeed) + number
    }
}

// MARK: - With a model

extension ImageGenerationRequest {
    /// A request to the engine for each image.
    ///
    /// - Throws: `APIError` for what this model cannot do.
    func requests(_ capabilities: ImageCapabilities) throws -> [ImageRequest] {
        try check(scheduler, capabilities)
        if previews > 0, streams, !capabilities.previews {
            throw APIError.unsupported(
                param: "partial_images", "is not supported: the model shows finished images only")
        }
        var request = ImageRequest(prompt: prompt)
        request.negativePrompt = negativePrompt
        request.steps = steps ?? 0
        request.guidance = guidance
        request.initial = initial
        let size = try sized(capabilities)
        try check(count, of: size ?? ImageSize(capabilities.room(for: request)))
        (request.width, request.height) = (size?.width ?? 0, size?.height ?? 0)
        if let scheduler {
            request.extraJSON = (["scheduler": .string(scheduler)] as JSONValue).serialized()
        }
        return (0..<count).map { number in
            request.seed = UInt64(seed(of: number))
            return request
        }
    }

    /// How much the model reads of prompt and negative prompt; nil if it does not tell.
    ///
    /// - Throws: `APIError` for one that is too long and must not be cut.
    func reading(
        _ capabilities: ImageCapabilities, _ tokenizer: ModelTokenizer?
    ) async throws -> TextReading? {
        guard let most = capabilities.maxTokens, let tokenizer else {
            if longTexts == .cut { return nil }
            throw APIError.unsupported(
                param: "truncate", "is false, and this model does not tell what it cuts")
        }
        var readings: [TextReading] = []
        for (key, text) in [("prompt", prompt), ("negative_prompt", negativePrompt)]
        where !text.isEmpty {
            let count = try await tokenizer.tokenize(text, addSpecial: true, parseSpecial: false)
                .count
            guard count <= most || longTexts == .cut else {
                throw APIError.invalid(
                    param: key,
                    "has \(count) tokens, expected up to \(most); shorten it, or leave 'truncate' out"
                )
            }
            readings.append(TextReading(tokens: min(count, most), isCut: count > most))
        }
        return readings.together
    }

    private func check(_ count: Int, of size: ImageSize) throws {
        guard count * size.width * size.height <= Self.mostPixels else {
            throw APIError.invalid(
                param: "n",
                "is \(count) for images of \(size), expected up to \(Self.mostPixels) pixels in a "
                    + "request; send several")
        }
    }

    private func sized(_ capabilities: ImageCapabilities) throws -> ImageSize? {
        let given = initial.map {
            ImageSize(width: $0.image.width, height: $0.image.height)
        }
        if let size, let given, size != given {
            throw APIError.invalid(
                param: "init_image", "is \(given), expected the image's size, \(size)")
        }
        let size = size ?? given
        if let size, !size.isMultiple(of: capabilities.multipleOf) {
            throw APIError.invalid(
                param: self.size == nil ? "init_image" : "size",
                "is \(size), and the model makes images whose sides are multiples of "
                    + "\(capabilities.multipleOf)")
        }
        return size
    }

    private func check(_ scheduler: String?, _ capabilities: ImageCapabilities) throws {
        guard let scheduler, !capabilities.schedulers.contains(scheduler) else { return }
        let known = capabilities.schedulers.map { "\"\($0)\"" }.joined(separator: " or ")
        throw APIError.invalid(
            param: "scheduler",
            known.isEmpty
                ? "is not for this model, which has one only" : "is unknown, expected \(known)")
    }
}
