import PluginCommon

/// `scheduler/scheduler_config.json`; missing keys have the defaults of diffusers' class of that
/// name.
struct SchedulerConfiguration: Decodable, Sendable {
    var numTrainTimesteps: Int?
    var betaStart: Double?
    var betaEnd: Double?
    var betaSchedule: BetaSchedule?
    var trainedBetas: [Double]?
    var predictionType: Prediction?
    var timestepSpacing: Spacing?
    var stepsOffset: Int?
    var rescaleBetasZeroSnr: Bool?
    var clipSample: Bool?
    var clipSampleRange: Double?
    var thresholding: Bool?
    var setAlphaToOne: Bool?
    var skipPrkSteps: Bool?
    var varianceType: String?
    var originalInferenceSteps: Int?
    var timestepScaling: Double?

    var interpolationType: String?
    var timestepType: String?
    var useKarrasSigmas: Bool?
    var useExponentialSigmas: Bool?
    var useBetaSigmas: Bool?
    var useLuLambdas: Bool?
    var useFlowSigmas: Bool?
    var sigmaMin: Double?
    var sigmaMax: Double?
    var finalSigmasType: FinalSigma?

    var algorithmType: Algorithm?
    var solverOrder: Int?
    var solverType: String?
    var lowerOrderFinal: Bool?
    var eulerAtFinal: Bool?
    var predictX0: Bool?
    var lambdaMinClipped: Double?

    enum BetaSchedule: String, NamedValue, Sendable {
        case linear
        case scaledLinear = "scaled_linear"
        case squaredCosine = "squaredcos_cap_v2"
    }

    /// Which steps of the training are visited, Lin et al. 2023 (arXiv:2305.08891), table 2.
    enum Spacing: String, NamedValue, Sendable {
        case linspace, leading, trailing
    }

    enum FinalSigma: String, NamedValue, Sendable {
        case zero
        case smallest = "sigma_min"
    }

    enum Algorithm: String, NamedValue, Sendable {
        case dpmSolverPlusPlus = "dpmsolver++"
        case stochastic = "sde-dpmsolver++"
    }

    var trainingSteps: Int { numTrainTimesteps ?? 1000 }
    var prediction: Prediction { predictionType ?? .noise }
    var offset: Int { stepsOffset ?? 0 }
}

// MARK: - Checks

extension SchedulerConfiguration {
    func check() throws {
        guard (2...100_000).contains(trainingSteps) else {
            throw ConfigurationError.range(
                "num_train_timesteps", found: "\(trainingSteps)", expected: "2 to 100000")
        }
        guard (0..<trainingSteps).contains(offset) else {
            throw ConfigurationError.range(
                "steps_offset", found: "\(offset)", expected: "0 to \(trainingSteps - 1)")
        }
        for (key, beta) in [("beta_start", betaStart), ("beta_end", betaEnd)] {
            if let beta, !(beta > 0 && beta < 1) {
                throw ConfigurationError.range(
                    key, found: "\(beta)", expected: "more than 0 and less than 1")
            }
        }
        guard (1...3).contains(solverOrder ?? 2) else {
            throw ConfigurationError.range(
                "solver_order", found: "\(solverOrder ?? 2)", expected: "1 to 3")
        }
        try checkKind()
    }

    /// Options of other schedulers of these classes.
    private func checkKind() throws {
        let expect: (String, String?, String) throws -> Void = ConfigurationChecks.expect
        try expect("trained_betas", trainedBetas.map { "\($0.count) numbers" }, "null")
        try expect("thresholding", thresholding.map { "\($0)" }, "false")
        try expect("interpolation_type", interpolationType, "linear")
        try expect("timestep_type", timestepType, "discrete")
        try expect("use_exponential_sigmas", useExponentialSigmas.map { "\($0)" }, "false")
        try expect("use_beta_sigmas", useBetaSigmas.map { "\($0)" }, "false")
        try expect("use_lu_lambdas", useLuLambdas.map { "\($0)" }, "false")
        try expect("use_flow_sigmas", useFlowSigmas.map { "\($0)" }, "false")
        try expect("predict_x0", predictX0.map { "\($0)" }, "true")
        try expect("sigma_min", sigmaMin.map { "\($0)" }, "null")
        try expect("sigma_max", sigmaMax.map { "\($0)" }, "null")
        try expect("lambda_min_clipped", lambdaMinClipped.map { "\($0)" }, "-Infinity")
    }

    /// JSON does not know the infinity that DPM-Solver's files may have.
    static func withoutInfinity(_ json: [UInt8]) -> [UInt8] {
        let text = String(decoding: json, as: UTF8.self)
        return Array(text.replacing("-Infinity", with: "null").utf8)
    }
}
