import Foundation
import TensorRuntime
import Testing

@Suite struct WeightsTests {
    private static let file = SafetensorsBuilder.vectors([
        ("model.norm.weight", [1, 2]), ("model.layers.0.mlp.bias", [3]),
        ("model.layers.1.mlp.bias", [4]), ("model.position_ids", [5]),
    ])

    /// A folder named `tiny`, so that messages can be compared.
    private func checkpoint(_ file: [UInt8] = Self.file) throws -> (Checkpoint, String) {
        let scratch = try Scratch()
        _ = try scratch.file("config.json", [])
        _ = try scratch.file("model.safetensors", file)
        return (try Checkpoint.open(scratch.folder.path), scratch.folder.path)
    }

    private func message(_ body: () throws -> some Any) throws -> String {
        let error = #expect(throws: CheckpointError.self) { _ = try body() }
        return try #require(error).description
    }

    @Test func aSubscriptStepsDown() throws {
        let model = try Weights(checkpoint().0)["model"]
        #expect(try model["layers"][1]["mlp"].tensor("bias", [1]).floats == [4])
        #expect(try model["norm"].tensor([2]).floats == [1, 2])
        #expect(model["norm"].has("weight"))
        #expect(!model["norm"].has("bias"))
        #expect(try model.tensor(ofAnyShape: "position_ids").shape == [1])
    }

    @Test func aMissingTensorIsNamedByItsFullPathWithWhatIsNear() throws {
        let (checkpoint, path) = try checkpoint()
        let weights = try Weights(checkpoint)
        #expect(
            try message { try weights["model"]["nrom"].tensor([2]) }
                == "\(path): tensor 'model.nrom.weight' is missing; there is 'model.norm.weight'")
        #expect(
            try message { try weights.tensor("lm_head.weight", [2]) }
                == "\(path): tensor 'lm_head.weight' is missing")
    }

    @Test func aWrongShapeIsFoundBeforeExpected() throws {
        let (checkpoint, path) = try checkpoint()
        #expect(
            try message { try Weights(checkpoint)["model.norm"].tensor([2, 3]) }
                == "\(path): tensor 'model.norm.weight' has shape [2], expected [2, 3]")
    }

    @Test func tensorsThatNothingReadAreNamed() throws {
        let (checkpoint, path) = try checkpoint()
        let weights = try Weights(checkpoint)
        _ = try weights["model.norm"].tensor([2])
        weights["model"].ignore("position_ids")
        _ = try? weights["model.layers.1.mlp"].tensor("bias", [7])
        #expect(
            try message { try weights.requireAllRead() }
                == "\(path): 2 tensors are not part of the network: "
                + "'model.layers.0.mlp.bias', 'model.layers.1.mlp.bias'")
        for layer in 0..<2 { _ = try weights["model.layers"][layer]["mlp"].tensor("bias", [1]) }
        try weights.requireAllRead()
    }

    @Test func aTableRenamesAndLeavesOut() throws {
        let weights = try Weights(checkpoint().0) { name in
            name.hasSuffix("position_ids") ? nil : String(name.dropFirst("model.".count))
        }
        #expect(try weights["norm"].tensor([2]).floats == [1, 2])
        #expect(!weights.has("position_ids"))
        weights["layers.0.mlp"].ignore("bias")
        weights["layers.1.mlp"].ignore("bias")
        try weights.requireAllRead()
    }

    @Test func aTableThatGivesOneNameTwiceIsRefused() throws {
        let (checkpoint, _) = try checkpoint()
        let error = try message {
            try Weights(checkpoint) { $0.hasSuffix("bias") ? "bias" : $0 }
        }
        #expect(
            error.hasSuffix(
                "several tensors are named 'bias': "
                    + "'model.layers.0.mlp.bias', 'model.layers.1.mlp.bias'"))
    }

    @Test func aLayoutIsUndoneAsTensorsAreRead() throws {
        let weights = try Weights(
            checkpoint().0,
            layout: { name, tensor in
                name.hasPrefix("model.norm") ? try tensor.selectingRows([1, 0]) : tensor
            })
        #expect(try weights["model.norm"].tensor([2]).floats == [2, 1])
        #expect(try weights["model.layers.0.mlp"].tensor("bias", [1]).floats == [3])
    }

    @Test func aTypeThatCannotBeComputedWithIsNamed() throws {
        let header = #"{"mask":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#
        let (checkpoint, path) = try checkpoint(SafetensorsBuilder.file(header, data: [1]))
        #expect(
            try message { try Weights(checkpoint).tensor("mask", [1]) }
                == "\(path): tensor 'mask' is stored as BOOL, which cannot be computed with; "
                + "use a file of another type, such as Q4_K_M, Q8_0 or F16")
    }
}

@Suite struct TensorRowsTests {
    @Test func rowsOfBlocksAreSelectedWhole() throws {
        let path = Fixtures.committed("gguf-quants/quantized.gguf").path
        let tensor = try #require(Checkpoint.open(path).tensors["rnd.Q4_K"]).read()
        let selected = try dequantize(tensor.selectingRows([3, 0, 3]))
        let all = try dequantize(tensor)
        #expect(selected.shape == [3, 512])
        let expected = [3, 0, 3].flatMap { all.rows($0..<$0 + 1).floats }
        #expect(selected.floats == expected)
    }

    @Test func aRowThatIsNotThereIsRefused() throws {
        let tensor = Tensor([1, 2, 3, 4], [2, 2])
        #expect(throws: TensorError.outOfRange("a row", found: 2, expected: 0..<2)) {
            try tensor.selectingRows([0, 2])
        }
        #expect(throws: TensorError.self) { try Tensor([1], []).selectingRows([0]) }
    }
}
