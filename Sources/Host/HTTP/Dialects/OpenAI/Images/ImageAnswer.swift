import Engine
import FoundationEssentials
import JSON
import PNGFiles
import PluginHost

/// Where images are decoded and encoded: a large one takes time and memory.
let pictureThreads = BlockingPool("roost-png", limit: 2)

/// A finished or intermediate image, as it is sent.
struct EncodedPicture: Sendable {
    let base64: String
    let size: ImageSize

    init(_ picture: Picture) async throws {
        size = ImageSize(width: picture.width, height: picture.height)
        base64 = try await pictureThreads.run {
            Data(try PNG.encoded(picture)).base64EncodedString()
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

    func whole(_ pictures: [(picture: EncodedPicture, seed: Int)]) -> JSONValue {
        let data = pictures.map { picture, seed -> JSONValue in
            ["b64_json": .string(picture.base64), "seed": .integer(seed)]
        }
        let size = pictures.first.map { $0.picture.size.description }
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

    func step(_ progress: ImageProgress, of picture: Int) -> JSONValue {
        [
            "type": "image_generation.progress", "index": .integer(picture),
            "step": .integer(progress.step), "steps": progress.of.map { .integer($0) } ?? .null,
        ]
    }

    func preview(_ preview: EncodedPicture, number: Int, of picture: Int) -> JSONValue {
        var event = event("image_generation.partial_image", preview, picture)
        event["partial_image_index"] = .integer(number)
        return .object(event)
    }

    func completed(_ finished: EncodedPicture, seed: Int, of picture: Int) -> JSONValue {
        var event = event("image_generation.completed", finished, picture)
        event["seed"] = .integer(seed)
        event["model"] = .string(model)
        event["truncated"] = reading?.isCut.map { .bool($0) } ?? .null
        event["usage"] = usage
        return .object(event)
    }

    private func event(_ type: String, _ picture: EncodedPicture, _ index: Int) -> JSONObject {
        JSONObject([
            (key: "type", value: .string(type)), (key: "index", value: .integer(index)),
            (key: "created_at", value: .integer(created)),
            (key: "size", value: .string(picture.size.description)),
            (key: "output_format", value: "png"), (key: "background", value: "opaque"),
            (key: "quality", value: "auto"), (key: "b64_json", value: .string(picture.base64)),
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
