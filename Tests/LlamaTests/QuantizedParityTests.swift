import PluginTesting
import TestFixtures
import Testing

/// Quantized files against the reference's arithmetic on the same, dequantized, numbers.
///
/// Products of quantized weights round their activations to 8 bits, in steps of 1/127 of a block's
/// largest: about 0.6 % of a block's root mean square. Seven such products in each of two to four
/// layers add up to some 2 % of the logits.
@Suite struct QuantizedParityTests {
    static let files =
        [
            ("base", ["q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "iq4_nl"]), ("spm", ["q8_0"]),
            ("qwen2", ["q8_0"]),
            ("kquant", ["q2_k", "q3_k_m", "q4_k_m", "q5_k_m", "q6_k", "iq4_xs"]),
        ].flatMap { folder, types in
            types.map { type in
                ParityCase(
                    model: "\(folder)/model-\(type).gguf", golden: "\(folder)/golden-\(type)",
                    tolerance: 0.5)
            }
        } + [
            ParityCase(
                model: "decoders-tiny/gpt-oss-mxfp4/model-mxfp4.gguf",
                golden: "decoders-tiny/gpt-oss-mxfp4/golden-gguf", tolerance: 0.5),
            ParityCase("gpt-oss-mxfp4", tolerance: 0.5),
        ]

    @Test(arguments: files) func logitsAreNearTheReferences(_ parity: ParityCase) throws {
        let pairs = try rows(of: parity)
        for (found, expected) in pairs {
            #expect(largestDifference(found, expected) <= parity.tolerance)
        }
        let error = pairs.map { found, expected in zip(found, expected).map { $0 - $1 } }
        let relative = rootMeanSquare(error) / rootMeanSquare(pairs.map(\.expected))
        #expect(relative <= 0.03)
    }

    /// In random weights many logits lie close together: one that the reference finds as good, within the
    /// error of the row, is a best one too.
    @Test(arguments: files) func theBestTokenIsTheReferencesOrAsGood(_ parity: ParityCase) throws {
        let pairs = try rows(of: parity)
        for (found, expected) in pairs {
            let (ours, theirs) = (Int(argmax(found)), Int(argmax(expected)))
            let loss = expected[theirs] - expected[ours]
            #expect(loss <= 0.06 * rootMeanSquare([expected]), "\(ours), expected \(theirs)")
        }
        let same = pairs.count { argmax($0.found) == argmax($0.expected) }
        #expect(same * 8 >= pairs.count * 7, "\(same) of \(pairs.count)")
    }

    @Test(arguments: files) func textBecomesTheReferencesTokens(_ parity: ParityCase) throws {
        let model = try TestModel(Fixtures.find(parity.model))
        for prompt in try Golden(parity.golden).prompts {
            #expect(try model.tokenize(prompt.text) == prompt.ids, "\(prompt.name)")
        }
    }

    /// The rows of logits that the reference kept, beside ours.
    private func rows(of parity: ParityCase) throws -> [(found: [Float], expected: [Float])] {
        let golden = try Golden(parity.golden)
        let context = try TestModel(Fixtures.find(parity.model)).context()
        return try golden.prompts.flatMap { prompt in
            context.clear()
            let logits = try context.append(prompt.ids)
            let wanted = logits[prompt.logitsPositions[0]..<prompt.logitsPositions[1]]
            return zip(wanted, golden.rows(prompt.logits)).map { (found: $0, expected: $1) }
        }
    }

    private func rootMeanSquare(_ rows: [[Float]]) -> Float {
        let numbers = rows.joined()
        let sum = numbers.reduce(0) { $0 + $1 * $1 }
        return (sum / Float(numbers.count)).squareRoot()
    }
}
