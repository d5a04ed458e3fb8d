import PluginCommon
import TensorRuntime

/// A family's `config.json`, and how its network is loaded from a checkpoint.
protocol EncoderConfiguration: Sendable {
    /// The ABI's name of the family: `roberta`.
    var family: String { get }
    var vocabSize: Int { get }
    var hiddenSize: Int { get }
    var intermediateSize: Int { get }
    /// The longest text, in tokens.
    var maxTokens: Int { get }
    /// The prefix of the encoder's tensors in a checkpoint with a head: `roberta.`.
    var basePrefix: String { get }
    /// The folders of pretraining leftovers in a checkpoint.
    var pretrainingFolders: [String] { get }

    /// - Throws: `BertError` naming the key whose value this network does not implement or that
    ///   contradicts another.
    func check() throws

    /// The network's name of a tensor that Hugging Face calls `name`, without the prefix.
    func networkName(huggingFace name: String) -> String

    /// The network's name of a tensor of a GGUF file. A name that is not in the table stays as it is,
    /// and is found to be part of no network.
    func networkName(gguf name: String) -> String

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder

    /// Where a head of this kind stores its weights.
    func headLayout(for purpose: Purpose) -> HeadLayout
}

extension EncoderConfiguration {
    func networkName(huggingFace name: String) -> String { name }
}

/// The folders of a head's parts, and the function between them.
struct HeadLayout: Sendable {
    var pooling = Pooling.cls
    /// A map before the last one.
    var dense: String?
    var activation = Activation.tanh
    var norm: String?
    var normEpsilon: Float = 1e-5
    var output: String
}
