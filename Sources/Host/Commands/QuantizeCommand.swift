import ArgumentParser
import Engine
import FoundationEssentials
import JSON
import PluginHost

/// `roost quantize`
struct QuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Writes a GGUF file again with weights of another type.",
        discussion: """
            roost quantize model-f16.gguf model-q4_k_m.gguf --type Q4_K_M

            Types: F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K_S Q3_K_M Q4_K_S Q4_K_M Q5_K_S Q5_K_M \
            Q6_K IQ4_NL IQ4_XS MXFP4. Those with _M and _S give more bits to the tensors that matter \
            most. The new file gets its name when it is whole.
            """)

    @Argument(help: "A GGUF file, or one part of a model in several.")
    var input: String
    @Argument(help: "The file to write.")
    var output: String
    @Option(help: "The type of most weights.") var type = "Q4_K_M"
    @Option(help: "The plugin that does it; by default the one that serves the model.")
    var plugin: String?
    @Flag(help: "Write over a file that is there.") var force = false
    @OptionGroup var config: ConfigOption

    /// How long the plugin works between two looks at how far it is.
    private static let slice = Duration.milliseconds(200)
    /// A part of a tensor is done long before.
    private static let deadline = Duration.seconds(120)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let paths = Paths(file: "plugins.toml", environment: environment)
        let (source, target) = (paths.absolute(input), paths.absolute(output))
        guard !input.isEmpty, Paths.exists(source) else {
            throw ValidationError("'\(input)' is neither a file nor a directory")
        }
        if Paths.exists(target), !force {
            throw ValidationError("'\(output)' is there already; --force replaces it")
        }
        let order: JSONValue = [
            "quantize": [
                "type": .string(type), "to": .string(target), "force": .bool(force),
            ]
        ]
        let spec = ModelSpec(
            name: input, plugin: plugin, source: source, configJSON: order.serialized())
        let plugins = try config.read().plugins.map(\.spec)
        let progress = ProgressLine(isQuiet: false)
        defer { progress.end() }
        try await BlockingThread.run("roost-quantize") {
            let own = try OwnModel(spec, plugins: plugins)
            defer { own.close() }
            let job = try own.model.beginTask(
                "quantize", input: Array("{}".utf8), deadline: Self.deadline)
            var state = JobProgress(done: false)
            while !state.done {
                state = try own.model.advanceTask(job, for: Self.slice, deadline: Self.deadline)
                let (step, all) = (state.step, state.of ?? 1)
                progress.show("\(step) of \(all) MiB", step: step, of: all)
            }
        }
        StandardOutput.line(output)
    }
}
