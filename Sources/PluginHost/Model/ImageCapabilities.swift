import JSON

/// What an image model can do, by "image" of its `info_json`; all of it is optional.
package struct ImageCapabilities: Sendable, Equatable {
    /// The default size; 0 if unknown.
    package var width = 0
    package var height = 0
    /// The default number of steps; 0 if unknown.
    package var steps = 0
    /// The default guidance; nil if unknown.
    package var guidance: Float?
    /// Width and height are multiples of this.
    package var multipleOf = 1
    package var schedulers: [String] = []
    /// The default scheduler.
    package var scheduler: String?
    /// Tokens of a prompt that are read, special ones included; nil when unknown.
    package var maxTokens: Int?
    /// Can show unfinished images.
    package var previews = false

    package init() {}

    /// The most pixels a side that may be requested of any model.
    package static let longestSide = 2048
    /// The most steps that may be requested of any model.
    package static let mostSteps = 1000
    /// How many steps a job of that many may take: some schedulers evaluate the network twice for
    /// one, and decoding takes steps too.
    package static let mostProgress = 2 * mostSteps + 64
    /// Bytes of the largest image.
    static let mostBytes = longestSide * longestSide * ABI.imageChannels
}

extension ImageCapabilities {
    /// Reads `"image"` of a plugin's model description.
    ///
    /// - Throws: `.broken` for an "image" of another form, and for numbers that no model has.
    init(infoJSON: [UInt8], previews: Bool) throws {
        let image = try ImageInfo(infoJSON)
        width = try image.value("width", \.integer) ?? 0
        height = try image.value("height", \.integer) ?? 0
        steps = try image.value("steps", \.integer) ?? 0
        guidance = try image.value("guidance", \.number).map { Float($0) }
        multipleOf = try image.value("multiple_of", \.integer) ?? 1
        schedulers = try image.value("schedulers", \.strings) ?? []
        scheduler = try image.value("scheduler", \.string)
        maxTokens = try image.value("max_tokens", \.integer)
        self.previews = previews
        try check()
    }

    /// - Throws: `.broken` for impossible numbers.
    func check() throws {
        try check("width", width, 0...Self.longestSide)
        try check("height", height, 0...Self.longestSide)
        try check("steps", steps, 0...Self.mostSteps)
        try check("multiple_of", multipleOf, 1...Self.longestSide)
        try check("max_tokens", maxTokens ?? 0, 0...1 << 30)
        try check("the number of schedulers", schedulers.count, 0...256)
        guard width % multipleOf == 0, height % multipleOf == 0 else {
            throw broken("\(width)x\(height) is no multiple of multiple_of, \(multipleOf)")
        }
        guard guidance?.isFinite ?? true else { throw broken("guidance is not finite") }
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw broken(
                "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private func broken(_ reason: String) -> ModelFailure {
        .broken(step: CallStep.describe.name, reason: "of image, \(reason)")
    }
}

/// `"image"` of `info_json`; what is missing or null is not said.
private struct ImageInfo {
    private let members: JSONObject

    init(_ infoJSON: [UInt8]) throws {
        let image: JSONValue
        do {
            image = try JSONValue(parsing: infoJSON)["image"] ?? .null
        } catch {
            throw Self.broken("is not read: \(error)")
        }
        guard image.isNull || image.object != nil else {
            throw Self.broken("has \(image.kind) for \"image\", expected an object")
        }
        members = image.object ?? JSONObject()
    }

    func value<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws -> Value? {
        guard let member = members[key], !member.isNull else { return nil }
        guard let value = read(member) else {
            throw Self.broken("has \(member.kind) for \"image.\(key)\"")
        }
        return value
    }

    private static func broken(_ reason: String) -> ModelFailure {
        .broken(
            step: CallStep.describe.name,
            reason: "info_json \(reason); it tells of images in an \"image\" of the form "
                + "{\"width\", \"height\", \"steps\", \"guidance\", \"multiple_of\", "
                + "\"schedulers\", \"scheduler\", \"max_tokens\"}")
    }
}

extension JSONValue {
    /// An array of nothing but strings.
    fileprivate var strings: [String]? {
        array.flatMap { elements in
            let strings = elements.compactMap(\.string)
            return strings.count == elements.count ? strings : nil
        }
    }
}
