import PluginABI
import PluginKit

@c(roost_plugin_query_v1)
public func queryAlphabet(_ hostMinor: UInt32) -> UnsafePointer<roost_plugin>? {
    PluginTable.query(AlphabetPlugin.self)
}

/// A text model without weights: after each letter comes the next of the alphabet, and after z the end.
enum AlphabetPlugin: Plugin {
    static let id = "org.example.alphabet"
    static let version = "1.0.0"
    static let license = "Apache-2.0"
    static let families = ["alphabet"]
    static let needsSource = false

    static func probe(_ request: OpenRequest) throws -> Probe? {
        Probe(score: 1, bytesHost: 0, bytesPerContext: 0, family: "alphabet")
    }

    static func open(_ request: OpenRequest) throws -> any Model { AlphabetModel() }
}

final class AlphabetModel: TextModel {
    /// The token that ends a text; those before it are the letters.
    static let end = 26
    private static let letterA = UInt8(ascii: "a")

    let info = ModelInfo(name: "alphabet", architecture: "alphabet", contextLength: 4096)

    let vocabulary: Vocabulary = {
        var vocabulary = Vocabulary()
        for letter in 0..<UInt8(end) { vocabulary.append([letterA + letter]) }
        vocabulary.append([], [.control, .end])
        vocabulary.eos = Int32(end)
        return vocabulary
    }()

    /// The letters of the text; everything else is skipped.
    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        text.utf8.filter { (Self.letterA..<Self.letterA + UInt8(Self.end)).contains($0) }
            .map { Int32($0 - Self.letterA) }
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> AlphabetContext {
        AlphabetContext(parameters)
    }
}

/// A token's logits depend only on the token, so a sequence is just its length.
final class AlphabetContext: DecodeContext {
    let capabilities: DecodeCapabilities
    private var lengths: [Int]

    init(_ parameters: ContextParameters) {
        lengths = Array(repeating: 0, count: parameters.sequences)
        capabilities = DecodeCapabilities(
            flags: [.fork, .truncateAny, .batchInvariant],
            vocabularySize: AlphabetModel.end + 1,
            contextLength: parameters.contextLength ?? 4096, sequences: parameters.sequences,
            batchSize: parameters.batchSize ?? 256)
    }

    func forward(_ batch: Batch, into rows: Rows, call: Call) throws {
        for (row, index) in batch.wanted.enumerated() {
            rows[row].update(repeating: -10)
            rows[row][min(Int(batch.tokens[index]) + 1, AlphabetModel.end)] = 10
        }
        for sequence in batch.sequences { lengths[sequence] += 1 }
    }

    func length(of sequence: Int) -> Int { lengths[sequence] }
    func clear(_ sequence: Int) { lengths[sequence] = 0 }
    func truncate(_ sequence: Int, to length: Int) { lengths[sequence] = length }
    func fork(_ source: Int, to destination: Int, length: Int) { lengths[destination] = length }
}
