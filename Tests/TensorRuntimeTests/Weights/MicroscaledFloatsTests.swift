import TensorRuntime
import TestFixtures
import Testing

/// MXFP4 of Hugging Face directories against the same numbers in a GGUF file.
@Suite struct MicroscaledFloatsTests {
    private func weights(_ path: String) throws -> Weights {
        try Weights(Checkpoint.open(TestFiles.find("gpt-oss-mxfp4\(path)", of: "decoders-tiny")))
    }

    @Test func blocksAreThoseOfTheGGUFFile() throws {
        let experts = try weights("")["model.layers.1.mlp.experts"]
        let file = try weights("/model-mxfp4.gguf")["blk.1"]
        let down = try experts["down_proj"].tensor([4, 64, 32])
        #expect(down.element == .mxfp4)
        #expect(try same(down, file["ffn_down_exps"].tensor([4, 64, 32])))
    }

    /// The rows of gate and up in turns.
    @Test func rowsOfAllExpertsFollowOneAnother() throws {
        let both = try weights("")["model.layers.0.mlp.experts.gate_up_proj"].tensor([4, 64, 64])
        let file = try weights("/model-mxfp4.gguf")["blk.0"]
        let rows = try both.reshaped(256, 64)
        let gates = try rows.selectingRows((0..<128).map { 2 * $0 })
        let ups = try rows.selectingRows((0..<128).map { 2 * $0 + 1 })
        #expect(try same(gates, file["ffn_gate_exps"].tensor([4, 32, 64])))
        #expect(try same(ups, file["ffn_up_exps"].tensor([4, 32, 64])))
    }

    private func same(_ left: Tensor, _ right: Tensor) throws -> Bool {
        try dequantize(left).floats == dequantize(right).floats
    }
}
