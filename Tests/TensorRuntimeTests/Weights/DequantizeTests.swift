import Foundation
import TensorRuntime
import Testing

@Suite struct DequantizeTests {
    private static let folder = Fixtures.committed("gguf-quants")

    static let readable = [
        "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K",
        "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4",
        "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S",
    ]

    /// Equal to the last bit: each type has one definition, down to the order of its products.
    @Test(arguments: readable)
    func blocksDecodeToTheGoldenBits(_ type: String) throws {
        let checkpoint = try Checkpoint.open(Self.folder.appending(path: "quantized.gguf").path)
        let golden = try GoldenArrays(Self.folder.appending(path: "golden.safetensors"))
        let names = ["enc.\(type)", "rnd.\(type)"].filter { checkpoint.tensors[$0] != nil }
        try #require(!names.isEmpty)
        for name in names {
            let tensor = try #require(checkpoint.tensors[name]).read()
            #expect(tensor.shape == [4, 512])
            let expected = try golden.tensor(name)
            #expect(try bits(dequantize(tensor)) == bits(expected), "\(name)")
        }
    }

    @Test(arguments: ["I8", "I16", "I32", "I64", "F64"])
    func plainNumbersAreRoundedToSingle(_ type: String) throws {
        let checkpoint = try Checkpoint.open(Self.folder.appending(path: "quantized.gguf").path)
        let tensor = try #require(checkpoint.tensors["plain.\(type)"]).read()
        let numbers = -64..<64
        let factors = ["I8": 1, "I16": 300, "I32": 10_000_000, "I64": 10_000_000_000_000_000]
        let expected = numbers.map { number in
            factors[type].map { Float(number * $0) } ?? Float(Double(number) / 3)
        }
        #expect(try dequantize(tensor).floats == expected)
    }

    @Test func aTypeThatIsNotReadableIsNamed() throws {
        let checkpoint = try Checkpoint.open(Self.folder.appending(path: "quantized.gguf").path)
        // The entry is there, the tensor is not.
        for type in ["NVFP4"] {
            let entry = try #require(checkpoint.tensors["rnd.\(type)"])
            #expect(entry.type.name == type)
            #expect(throws: CheckpointError.unsupportedType(tensor: "rnd.\(type)", type: type)) {
                try entry.read()
            }
        }
    }

    private func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats.map(\.bitPattern) }
}
