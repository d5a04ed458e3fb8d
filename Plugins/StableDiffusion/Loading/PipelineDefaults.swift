import PluginCommon
import PluginKit

/// The defaults for requests that leave the choice to the model, and the allowed values.
struct PipelineDefaults: Sendable {
    let width: Int
    let height: Int
    let steps: Int
    let guidance: Double
    let scheduler: SchedulerKind
    /// What width and height are multiples of: the pixels of one latent.
    let multipleOf: Int
    /// Steps of the training.
    let mostSteps: Int
    let mostPixels: Int

    func check(width: Int, height: Int) throws {
        guard width.isMultiple(of: multipleOf), height.isMultiple(of: multipleOf), width > 0,
            height > 0
        else {
            throw StableDiffusionError.size(
                width: width, height: height, multipleOf: multipleOf,
                nearest: (nearest(width), nearest(height)))
        }
        guard width <= mostPixels / height else {
            throw StableDiffusionError.area(width: width, height: height, most: mostPixels)
        }
    }

    private func nearest(_ size: Int) -> Int {
        max(1, (size + multipleOf / 2) / multipleOf) * multipleOf
    }

    func check(steps: Int, of place: String) throws {
        guard (1...mostSteps).contains(steps) else {
            throw StableDiffusionError.value(
                of: place, "steps", found: "\(steps)", expected: "1 to \(mostSteps)")
        }
    }

    /// Bytes of the states of an image of this size while it is decoded, which takes the most.
    func imageBytes(_ c: AutoencoderConfiguration) -> UInt64 {
        let widths = c.blockOutChannels
        let perPixel = 3 * (widths.count > 1 ? widths[1] : widths[0]) + widths[0]
        return .bytes(4, width, height, perPixel)
    }
}

extension PipelineFolder {
    /// - Throws: `StableDiffusionError.value`, `.size` for an impossible setting.
    func defaults(_ settings: StableDiffusionSettings) throws -> PipelineDefaults {
        let place = StableDiffusionSettings.place
        let own = (unet.sampleSize ?? 64) * autoencoder.factor
        let defaults = PipelineDefaults(
            width: settings.width ?? own, height: settings.height ?? own,
            steps: settings.steps ?? min(50, scheduler.trainingSteps),
            guidance: settings.guidance ?? 7.5,
            scheduler: try SchedulerKind(
                named: settings.scheduler, of: place, else: schedulerKind),
            multipleOf: autoencoder.factor, mostSteps: scheduler.trainingSteps,
            mostPixels: max(4 * own * own, 1 << 16))
        try defaults.check(width: defaults.width, height: defaults.height)
        try defaults.check(steps: defaults.steps, of: place)
        guard (0...1000).contains(defaults.guidance) else {
            throw StableDiffusionError.value(
                of: place, "guidance", found: "\(defaults.guidance)", expected: "0 to 1000")
        }
        return defaults
    }
}

extension SchedulerKind {
    /// - Parameter name: nil for the one that the model has.
    init(named name: String?, of place: String, else own: SchedulerKind) throws {
        guard let name else {
            self = own
            return
        }
        guard let kind = SchedulerKind(rawValue: name) else {
            throw StableDiffusionError.value(
                of: place, "scheduler", found: "'\(name)'",
                expected: Self.names.joined(separator: ", "))
        }
        self = kind
    }
}
