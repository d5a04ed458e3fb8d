import PluginKit

/// A request with all defaults filled in.
struct DrawingRequest: Sendable {
    let prompt: String
    let negativePrompt: String
    let width: Int
    let height: Int
    let steps: Int
    let guidance: Double
    let seed: UInt64
    let scheduler: SchedulerKind
    let eta: Double
    let clipSkip: Int
    let start: Start?

    /// An initial image, and how much it is changed.
    struct Start: Sendable {
        let image: RGBImage
        let strength: Double
    }

    /// The allowed members of `extra_json`.
    private struct Extra: Decodable {
        var scheduler: String?
        var clipSkip: Int?
        var eta: Double?
    }

    private static let place = "extra_json"

    /// - Parameter layers: of the text encoder.
    /// - Throws: `StableDiffusionError` for what the model cannot draw.
    init(_ request: ImageRequest, _ defaults: PipelineDefaults, layers: Int) throws {
        guard request.mask.isEmpty else { throw StableDiffusionError.mask }
        var extra = Extra()
        if !request.extraJSON.isEmpty {
            extra = try StrictJSON.decode(
                request.extraJSON, of: Self.place, known: ["scheduler", "clip_skip", "eta"])
        }
        prompt = request.prompt
        negativePrompt = request.negativePrompt
        width = request.width ?? defaults.width
        height = request.height ?? defaults.height
        steps = request.steps ?? defaults.steps
        guidance = request.guidance ?? defaults.guidance
        seed = request.seed
        scheduler = try SchedulerKind(
            named: extra.scheduler, of: Self.place, else: defaults.scheduler)
        eta = extra.eta ?? 0
        clipSkip = extra.clipSkip ?? 0
        try defaults.check(width: width, height: height)
        try defaults.check(steps: steps, of: "the request")
        start = try request.initialImage(width: width, height: height).map {
            Start(image: $0, strength: request.strength)
        }
        guard (0..<layers).contains(clipSkip) else {
            throw StableDiffusionError.value(
                of: Self.place, "clip_skip", found: "\(clipSkip)", expected: "0 to \(layers - 1)")
        }
        guard (0...1).contains(eta), eta == 0 || scheduler == .ddim else {
            throw StableDiffusionError.value(
                of: Self.place, "eta", found: "\(eta)",
                expected: scheduler == .ddim ? "0 to 1" : "0 but for the scheduler ddim")
        }
    }

    /// The first call of a scheduler: an initial image replaces the calls before it.
    func firstCall(_ scheduler: any Scheduler) -> Int {
        guard let start else { return 0 }
        let kept = steps - min(Int(Double(steps) * start.strength), steps)
        return min(kept * scheduler.callsPerStep, scheduler.timesteps.count)
    }
}
