import Engine
import FoundationEssentials
import JSON
import PNGFiles
import PluginHost

/// Where images are decoded and encoded: a large one takes time and memory.
let imageThreads = BlockingPool("roost-png", limit: 2)

/// A finished or intermediate image, as it is sent.
struct EncodedImage: Sendable {
    let base64: String
    let size: ImageSize

    init(_ image: RGBImage) async throws {
        size = ImageSize(width: image.width, height: image.height)
        base64 = try await imageThreads.run {
            Data(try PNG.encoded(image)).base64EncodedString()
        }
    }
}

/// The answers of `POST /v1/images/generations`.
struct ImageAnswer: Sendable {
    let model: String
    /// How much of the prompts was read; nil if the model does not tell.
    let reading: TextReading?
    /// In seconds since 1970.
    let created = WallClock.now.seconds

    func whole(_ images: [(image: EncodedImage, seed: Int)]) -> JSONValue {
        let data = images.map { image, seed -> JSONValue in
            ["b64_json": .string(image.base64), "seed": .integer(seed)]
        }
        let size = images.first.map { $0.image.size.description }
        return [
            "created": .integer(created), "data": .array(data), "model": .string(model),
            "size": size.map { .string($0) } ?? .null, "output_format": "png",
            "background": "opaque", "truncated": reading?.isCut.map { .bool($0) } ?? .null,
            "usage": usage,
        ]
    }

    private var usage: JSONValue {
        guard let tokens = reading?.tokens else { return .null }
        return [
            "input_tokens": .integer(tokens), "output_tokens": 0, "total_tokens": .integer(tokens),
            "input_tokens_details": ["text_tokens": .integer(tokens), "image_tokens": 0],
        ]
    }

    // MARK: - Events of a stream

    func step(_ progress: JobProgress, of image: Int) -> JSONValue {
        [
            "type": "image_generation.progress", "index": .integer(image),
            "step": .integer(progress.step), "steps": progress.of.map { .integer($0) } ?? .null,
        ]
    }

    func preview(_ preview: EncodedImage, number: Int, of image: Int) -> JSONValue {
        var event = event("image_generation.partial_image", preview, image)
        event["partial_image_index"] = .integer(number)
        return .object(event)
    }

    func completed(_ finished: EncodedImage, seed: Int, of image: Int) -> JSONValue {
        var event = event("image_generation.completed", finished, image)
        event["seed"] = .integer(seed)
        event["model"] = .string(model)
        event["truncated"] = reading?.isCut.map { .bool($0) } ?? .null
        event["usage"] = usage
        return .object(event)
    }

    private func event(_ type: String, _ image: EncodedImage, _ index: Int) -> JSONObject {
        JSONObject([
            (key: "type", value: .string(type)), (key: "index", value: .integer(index)),
            (key: "created_at", value: .integer(created)),
            (key: "size", value: .string(image.size.description)),
            (key: "output_format", value: "png"), (key: "background", value: "opaque"),
            (key: "quality", value: "auto"), (key: "b64_json", value: .string(image.base64)),
        ])
    }
}

// MARK: - What a model says

extension ImageCapabilities {
    /// For `/v1/models`; omits what the model does not say.
    var json: JSONObject {
        var json = JSONObject()
        if width > 0, height > 0 {
            json["width"] = .integer(width)
            json["height"] = .integer(height)
        }
        if steps > 0 { json["steps"] = .integer(steps) }
        json["guidance"] = guidance.map { .number($0.decimal) }
        json["multiple_of"] = .integer(multipleOf)
        json["longest_side"] = .integer(Self.longestSide)
        json["schedulers"] = .array(schedulers.map { .string($0) })
        json["scheduler"] = scheduler.map { .string($0) }
        json["max_tokens"] = maxTokens.map { .integer($0) }
        json["previews"] = .bool(previews)
        return json
    }
}
