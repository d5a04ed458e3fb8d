import PluginCommon
import PluginKit
import TensorRuntime

/// `quantize` of a model's settings: the file is not run, but written again in another type.
struct QuantizationOrder: Decodable, Sendable {
    let type: QuantizationType
    /// The new file.
    let to: String
    /// Whether one that is there may be replaced.
    var force: Bool?
}

/// A GGUF file that is opened to be written again, of which only the headers are read.
final class QuantizingModel: TaskModel {
    let info: ModelInfo
    let tasks = [QuantizationJob.description]
    private let checkpoint: DecoderCheckpoint
    private let order: QuantizationOrder

    init(_ checkpoint: DecoderCheckpoint, _ order: QuantizationOrder) throws {
        self.checkpoint = checkpoint
        self.order = order
        info = ModelInfo(architecture: checkpoint.decoder.family.architecture)
        _ = try checkpoint.gguf()
    }

    func makeContext(_ parameters: ContextParameters, call: Call) -> QuantizingContext {
        QuantizingContext(checkpoint, order)
    }
}

final class QuantizingContext: TaskContext {
    private let checkpoint: DecoderCheckpoint
    private let order: QuantizationOrder

    init(_ checkpoint: DecoderCheckpoint, _ order: QuantizationOrder) {
        self.checkpoint = checkpoint
        self.order = order
    }

    func begin(task: String, input: [UInt8], call: Call) throws -> any TaskJob {
        try QuantizationJob(checkpoint, order)
    }
}

/// The task `quantize`, whose events tell how much of the new file is written.
final class QuantizationJob: TaskJob {
    static let description = TaskDescription(
        name: "quantize", inputSchema: #"{"type":"object"}"#,
        eventSchema: """
            {"type":"object","properties":{"written":{"type":"integer"},"bytes":{"type":"integer"}}}
            """)

    private let rewriting: GGUFRewriting

    init(_ checkpoint: DecoderCheckpoint, _ order: QuantizationOrder) throws {
        let (metadata, plan) = (try checkpoint.gguf(), try checkpoint.plan(order.type))
        rewriting = try GGUFRewriting(
            checkpoint.checkpoint, metadata, fileType: order.type.fileType, to: order.to,
            replacing: order.force ?? false
        ) { tensor in
            guard let element = plan.element(for: tensor) else {
                throw CheckpointError.unsupportedType(tensor: tensor.name, type: tensor.type.name)
            }
            return element
        }
    }

    func advance(for limit: Duration, call: Call) throws -> TaskProgress {
        let isDone = try rewriting.advance(for: limit)
        let event = "{\"written\":\(rewriting.written),\"bytes\":\(rewriting.bytes)}"
        let megabyte = 1 << 20
        return TaskProgress(
            events: [event], done: isDone, step: rewriting.written / megabyte,
            of: max(1, rewriting.bytes / megabyte))
    }
}

extension DecoderCheckpoint {
    /// - Throws: `LlamaError.setting` for a Hugging Face directory.
    fileprivate func gguf() throws -> GGUFMetadata {
        guard case .gguf(let metadata) = checkpoint.metadata else {
            throw LlamaError.setting(
                "quantize", found: "of a Hugging Face directory",
                expected: "a GGUF file; llama.cpp's convert_hf_to_gguf.py makes one")
        }
        return metadata
    }

    fileprivate func plan(_ type: QuantizationType) throws -> QuantizationPlan {
        let (metadata, tensors) = (try gguf(), checkpoint.tensors)
        let architecture = try metadata.string("general.architecture")
        return QuantizationPlan(
            type: type, layers: configuration.numHiddenLayers,
            group: configuration.numAttentionHeads / configuration.keyValueHeads,
            experts: try metadata.int(ifPresent: "\(architecture).expert_count") ?? 0,
            isTied: tensors["output.weight"] == nil,
            hasExpertTensors: tensors.keys.contains { $0.contains("_exps.") })
    }
}
