import Foundation
import TensorRuntime
import Testing

/// GGUF files written again in other types.
@Suite struct GGUFRewritingTests {
    private static let folder = Fixtures.committed("gguf-quants")

    private static let blocks: [ElementType] = [
        .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl, .iq4_xs,
        .mxfp4,
    ]

    /// A file with a matrix, a vector and some metadata.
    private static func source(_ scratch: Scratch, _ floats: [Float], _ shape: [Int]) throws
        -> String
    {
        var builder = GGUFBuilder()
        builder.add("general.architecture", 8, GGUFBuilder.string("llama"))
        builder.add("general.file_type", 4, GGUFBuilder.bytes(UInt32(0)))
        builder.add(
            "some.list", 9,
            GGUFBuilder.bytes(UInt32(8)) + GGUFBuilder.bytes(UInt64(2))
                + GGUFBuilder.string("a") + GGUFBuilder.string("bc"))
        builder.add("b.weight", shape: shape, type: 0, bytes: GGUFBuilder.floats(floats))
        builder.add("a.bias", shape: [3], type: 0, bytes: GGUFBuilder.floats([1, 2, 3]))
        return try scratch.file("source.gguf", builder.file)
    }

    private static func rewriting(
        _ path: String, to target: String, _ type: ElementType, replacing: Bool = false
    ) throws -> GGUFRewriting {
        let checkpoint = try Checkpoint.open(path)
        guard case .gguf(let metadata) = checkpoint.metadata else { fatalError("a GGUF file") }
        return try GGUFRewriting(
            checkpoint, metadata, fileType: 15, to: target, replacing: replacing
        ) { $0.shape.count == 2 ? type : .f32 }
    }

    private static func finish(_ rewriting: GGUFRewriting) throws {
        while try !rewriting.advance(for: .zero) {}
    }

    private static func error(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    }

    /// Its golden file has numbers, and the blocks that llama.cpp's tools round them to.
    @Test(arguments: blocks)
    func theErrorIsNotLargerThanTheReferences(_ type: ElementType) throws {
        let golden = try GoldenArrays(Self.folder.appending(path: "golden.safetensors"))
        let numbers = try golden.tensor("source")
        let reference = try golden.tensor("enc.\(type.name)")
        let scratch = try Scratch()
        let path = try Self.source(scratch, numbers.floats, numbers.shape)
        let target = scratch.folder.path + "/target.gguf"
        try Self.finish(Self.rewriting(path, to: target, type))
        let found = try #require(Checkpoint.open(target).tensors["b.weight"]).read()
        #expect(found.element == type)
        let ours = try Self.error(dequantize(found).floats, numbers.floats)
        #expect(ours <= 1.0001 * Self.error(reference.floats, numbers.floats))
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16])
    func plainNumbersAreTheNearest(_ type: ElementType) throws {
        let scratch = try Scratch()
        let numbers: [Float] = [1, -2.5, 0.1, 1e-3, 300, 0, 7, 8]
        let path = try Self.source(scratch, numbers, [2, 4])
        let target = scratch.folder.path + "/target.gguf"
        try Self.finish(Self.rewriting(path, to: target, type))
        let found = try #require(Checkpoint.open(target).tensors["b.weight"]).read()
        let floats = try dequantize(found).floats
        let step: Float = type == .f32 ? 0 : type == .f16 ? 0x1p-11 : 0x1p-8
        #expect(zip(floats, numbers).allSatisfy { abs($0 - $1) <= step * abs($1) })
    }

    @Test func whatIsNotRoundedKeepsItsBytesAndTheMetadataItsValues() throws {
        let scratch = try Scratch()
        let path = try Self.source(scratch, [Float](repeating: 1, count: 1024), [2, 512])
        let target = scratch.folder.path + "/target.gguf"
        try Self.finish(Self.rewriting(path, to: target, .q4_K))
        let checkpoint = try Checkpoint.open(target)
        #expect(try #require(checkpoint.tensors["a.bias"]).read().floats == [1, 2, 3])
        guard case .gguf(let metadata) = checkpoint.metadata else { fatalError("a GGUF file") }
        #expect(try metadata.string("general.architecture") == "llama")
        #expect(try metadata.strings("some.list") == ["a", "bc"])
        #expect(try metadata.int("general.file_type") == 15)
        #expect(try metadata.int("general.quantization_version") == 2)
    }

    @Test func nothingIsThereBeforeTheFileIsWhole() throws {
        let scratch = try Scratch()
        let path = try Self.source(scratch, [Float](repeating: 1, count: 1024), [2, 512])
        let target = scratch.folder.path + "/target.gguf"
        let names = { try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path) }
        do {
            let rewriting = try Self.rewriting(path, to: target, .q4_K)
            #expect(try !rewriting.advance(for: .zero))
            #expect(rewriting.written > 0 && rewriting.written < rewriting.bytes)
            #expect(!FileManager.default.fileExists(atPath: target))
        }
        #expect(try names() == ["source.gguf"])
    }

    @Test func aFileThatIsThereIsReplacedOnlyIfAskedFor() throws {
        let scratch = try Scratch()
        let path = try Self.source(scratch, [Float](repeating: 1, count: 1024), [2, 512])
        #expect(throws: CheckpointError.inFile(path: path, .exists)) {
            try Self.rewriting(path, to: path, .q8_0)
        }
        try Self.finish(Self.rewriting(path, to: path, .q8_0, replacing: true))
        let found = try #require(Checkpoint.open(path).tensors["b.weight"]).read()
        #expect(found.element == .q8_0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path).count == 1)
    }

    @Test func numbersThatAreNotFiniteAreNamed() throws {
        let scratch = try Scratch()
        var numbers = [Float](repeating: 1, count: 1024)
        numbers[700] = .nan
        let path = try Self.source(scratch, numbers, [2, 512])
        let rewriting = try Self.rewriting(path, to: path + ".new", .q4_K)
        #expect(throws: CheckpointError.notFinite(tensor: "b.weight")) {
            try Self.finish(rewriting)
        }
    }
}
