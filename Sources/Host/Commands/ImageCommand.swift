import ArgumentParser
import FoundationEssentials
import JSON
import Synchronization

/// `roost image`
struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Makes images with a model of a running host.",
        discussion: """
            roost image "two red houses on a light blue background" -o houses.png
            roost image "a boat" -o boat.png --seed 7 --steps 30 --size 256x256

            Of several images the first is house-1.png. The seed that is shown makes the same image \
            again.
            """)

    @Argument(help: "What the image is to show.")
    var prompt: String

    @Option(name: .shortAndLong, help: "The PNG file to write; by default named after the prompt.")
    var output: String?

    @Option(help: "Width and height in pixels, such as 256x256; by default the model's own.")
    var size: String?

    @Option(help: "How many steps; more are slower, and finer up to a point.")
    var steps: Int?

    @Option(help: "The number that decides which of all images it is; by default drawn.")
    var seed: Int?

    @Option(name: .shortAndLong, help: "How many images, from 1 to 10; each has the next seed.")
    var number = 1

    @Option(help: "How closely the image follows the prompt.")
    var guidance: Double?

    @Option(help: "What is to be kept out of the image.")
    var negative: String?

    @Option(help: "How the steps are made, by a name that the model knows.")
    var scheduler: String?

    @Option(help: "A PNG file to begin with.")
    var from: String?

    @Option(help: "How much of that file may change, from 0 to 1.")
    var strength: Double?

    @Option(help: "The model; by default the host's for images.")
    var model: String?

    @Flag(help: "Write over files that are there.")
    var force = false

    @Flag(help: "Write what was made as JSON: an array of file, size, seed and model.")
    var json = false

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if prompt.trimmed.isEmpty { throw ValidationError("say what the image is to show") }
        if !(1...10).contains(number) { throw ValidationError("--number is from 1 to 10") }
        if strength != nil, from == nil { throw ValidationError("--strength needs --from") }
    }

    func run() async throws {
        let files = ImageFiles(output ?? ImageFiles.name(after: prompt), number, force: force)
        try files.check()
        let request = try request()
        let progress = ProgressLine(isQuiet: json)
        let written = Mutex<[JSONValue]>([])
        defer { progress.end() }
        try await client.client().events("POST", "/v1/images/generations", body: request) { event in
            guard event != EventReader.end else { return }
            let event = try Self.parsed(event)
            let index = event["index"]?.integer ?? 0
            if event["type"] == "image_generation.completed" {
                let file = try files.write(event["b64_json"]?.string ?? "", at: index)
                progress.end()
                written.withLock { $0.append(report(file, event)) }
            } else if let step = event["step"]?.integer {
                progress.show(step: step, of: event["steps"]?.integer, image: index, of: number)
            }
        }
        let images = written.withLock { $0 }
        guard images.count == number else {
            throw ClientError.notUnderstood("the stream ended after \(images.count) images")
        }
        if json { StandardOutput.line(JSONValue.array(images).serialized()) }
    }

    private func report(_ file: String, _ event: JSONValue) -> JSONValue {
        let (size, seed) = (event["size"]?.string ?? "", event["seed"]?.integer ?? 0)
        if !json { StandardOutput.line("\(file)  \(size)  seed \(seed)") }
        return [
            "file": .string(file), "size": .string(size), "seed": .integer(seed),
            "model": event["model"] ?? .null,
        ]
    }

    private func request() throws -> JSONValue {
        var request = JSONObject([
            (key: "prompt", value: .string(prompt)), (key: "n", value: .integer(number)),
            (key: "stream", value: true), (key: "progress", value: true),
        ])
        request["model"] = model.map { .string($0) }
        request["size"] = size.map { .string($0) }
        request["steps"] = steps.map { .integer($0) }
        request["seed"] = seed.map { .integer($0) }
        request["guidance_scale"] = guidance.map { .number($0) }
        request["negative_prompt"] = negative.map { .string($0) }
        request["scheduler"] = scheduler.map { .string($0) }
        request["strength"] = strength.map { .number($0) }
        if let from {
            guard let data = FileManager.default.contents(atPath: from) else {
                throw ValidationError("cannot read the file \(from)")
            }
            request["init_image"] = .string(data.base64EncodedString())
        }
        return .object(request)
    }

    private static func parsed(_ event: String) throws -> JSONValue {
        guard let json = try? JSONValue(parsing: event) else {
            throw ClientError.notUnderstood("an event of the stream is not JSON")
        }
        if json["error"] != nil { throw ClientError(status: 500, body: Array(event.utf8)) }
        return json
    }
}
