/// What a model that draws does where a request leaves the choice to it; every part is optional.
public struct ImageInfo: Sendable {
    /// Pixels of an image.
    public var width: Int?
    public var height: Int?
    public var steps: Int?
    public var guidance: Double?
    /// What width and height are multiples of.
    public var multipleOf: Int?
    /// The names that `extra_json` may give as its `scheduler`.
    public var schedulers: [String]
    /// The one that is used unless a request names another.
    public var scheduler: String?
    /// Tokens of a prompt that are read, special ones included.
    public var maxTokens: Int?

    public init(
        width: Int? = nil, height: Int? = nil, steps: Int? = nil, guidance: Double? = nil,
        multipleOf: Int? = nil, schedulers: [String] = [], scheduler: String? = nil,
        maxTokens: Int? = nil
    ) {
        self.width = width
        self.height = height
        self.steps = steps
        self.guidance = guidance
        self.multipleOf = multipleOf
        self.schedulers = schedulers
        self.scheduler = scheduler
        self.maxTokens = maxTokens
    }

    var json: String {
        var object = JSONObjectWriter()
        object.add("width", width)
        object.add("height", height)
        object.add("steps", steps)
        object.add("guidance", guidance)
        object.add("multiple_of", multipleOf)
        object.add("schedulers", schedulers.isEmpty ? nil : schedulers)
        object.add("scheduler", scheduler)
        object.add("max_tokens", maxTokens)
        return object.text
    }
}
