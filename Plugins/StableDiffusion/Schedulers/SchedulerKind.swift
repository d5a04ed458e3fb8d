import PluginCommon

/// The schedulers that a request may name.
enum SchedulerKind: String, CaseIterable, Sendable {
    case ddim
    case ddpm
    case pndm
    case lcm
    case euler
    case eulerKarras = "euler_karras"
    case eulerAncestral = "euler_a"
    case heun
    case lms
    case dpmSolver = "dpmpp_2m"
    case dpmSolverKarras = "dpmpp_2m_karras"
    case dpmSolverStochastic = "dpmpp_2m_sde"
    case uniPC = "unipc"

    static var names: [String] { allCases.map(\.rawValue) }

    /// - Parameter className: diffusers' name for it.
    init(className: String, _ c: SchedulerConfiguration) throws {
        let isKarras = c.useKarrasSigmas ?? false
        switch className {
        case "DDIMScheduler": self = .ddim
        case "DDPMScheduler": self = .ddpm
        case "PNDMScheduler": self = .pndm
        case "LCMScheduler": self = .lcm
        case "EulerDiscreteScheduler": self = isKarras ? .eulerKarras : .euler
        case "EulerAncestralDiscreteScheduler": self = .eulerAncestral
        case "HeunDiscreteScheduler": self = .heun
        case "LMSDiscreteScheduler": self = .lms
        case "DPMSolverMultistepScheduler":
            self =
                c.algorithmType == .stochastic
                ? .dpmSolverStochastic : isKarras ? .dpmSolverKarras : .dpmSolver
        case "UniPCMultistepScheduler": self = .uniPC
        default:
            throw ConfigurationError.unsupported(
                "_class_name", found: className,
                expected: "DDIM, DDPM, PNDM, LCM, EulerDiscrete, EulerAncestralDiscrete, "
                    + "HeunDiscrete, LMSDiscrete, DPMSolverMultistep or UniPCMultistep Scheduler")
        }
    }

    /// Applies what the name implies to the configuration of a model's other scheduler.
    func adapt(_ c: SchedulerConfiguration) -> SchedulerConfiguration {
        var c = c
        c.useKarrasSigmas = false
        switch self {
        case .eulerKarras: c.useKarrasSigmas = true
        case .dpmSolver, .dpmSolverKarras, .dpmSolverStochastic:
            c.algorithmType =
                self == .dpmSolverStochastic ? .stochastic : .dpmSolverPlusPlus
            c.useKarrasSigmas = self != .dpmSolver
            c.solverOrder = 2
        default: break
        }
        return c
    }

    /// - Parameters:
    ///   - steps: at least 1, at most those of the training.
    ///   - eta: 0 to 1, for DDIM.
    func scheduler(
        _ c: SchedulerConfiguration, steps: Int, eta: Double
    ) throws -> any Scheduler {
        switch self {
        case .ddim: try DDIMScheduler(c, steps: steps, eta: eta)
        case .ddpm: try DDPMScheduler(c, steps: steps)
        case .pndm: try PNDMScheduler(c, steps: steps)
        case .lcm: try LCMScheduler(c, steps: steps)
        case .euler, .eulerKarras: try EulerScheduler(c, steps: steps, isAncestral: false)
        case .eulerAncestral: try EulerScheduler(c, steps: steps, isAncestral: true)
        case .heun: try HeunScheduler(c, steps: steps)
        case .lms: try LMSScheduler(c, steps: steps)
        case .dpmSolver, .dpmSolverKarras, .dpmSolverStochastic:
            try DPMSolverScheduler(c, steps: steps)
        case .uniPC: try UniPCScheduler(c, steps: steps)
        }
    }
}
