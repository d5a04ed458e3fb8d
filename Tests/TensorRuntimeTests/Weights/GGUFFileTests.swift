import Foundation
import TensorRuntime
import Testing

@Suite struct GGUFFileTests {
    private static let quantized = Fixtures.committed("gguf-quants/quantized.gguf")

    /// The mapping outlives the file.
    private static func metadata(_ bytes: [UInt8]) throws -> GGUFMetadata {
        let scratch = try Scratch()
        let checkpoint = try Checkpoint.open(scratch.file("model.gguf", bytes))
        guard case .gguf(let metadata) = checkpoint.metadata else { throw NotGGUF() }
        return metadata
    }

    private struct NotGGUF: Error {}

    @Test func everyKindOfMetadataValueIsRead() throws {
        let metadata = try Self.metadata([UInt8](Data(contentsOf: Self.quantized)))
        #expect(try metadata.int("test.u8") == 200)
        #expect(try metadata.int("test.i8") == -100)
        #expect(try metadata.int("test.u16") == 60000)
        #expect(try metadata.int("test.i16") == -30000)
        #expect(try metadata.int("test.u32") == 4_000_000_000)
        #expect(try metadata.int("test.i32") == -2_000_000_000)
        #expect(try metadata.int("test.i64") == -(1 << 62))
        #expect(try metadata.float("test.f32") == 0.1)
        #expect(try metadata.float("test.f64") == 0.1)
        #expect(try metadata.float("test.i8") == -100)
        #expect(try metadata.bool("test.true"))
        #expect(try !metadata.bool("test.false"))
        #expect(try metadata.string("test.string") == "naïve 👋 text\n")
        #expect(try metadata.strings("test.strings") == ["a", "", "ü", "▁x"])
        #expect(try metadata.byteStrings("test.strings")[2] == Array("ü".utf8))
        #expect(try metadata.ints("test.ints") == [1, -2, 3])
        #expect(try metadata.floats("test.floats") == [0.5, -1.25])
        #expect(try metadata.bools("test.bools") == [true, false, true])
        #expect(metadata.keys.filter { $0.hasPrefix("test.") }.count == 17)
    }

    @Test func aMetadataValueThatCannotBeHadIsNamed() throws {
        let metadata = try Self.metadata([UInt8](Data(contentsOf: Self.quantized)))
        #expect(throws: CheckpointError.missingKey("llama.block_count")) {
            try metadata.int("llama.block_count")
        }
        #expect(try metadata.int(ifPresent: "llama.block_count") == nil)
        #expect(throws: CheckpointError.valueRange(key: "test.u64")) {
            try metadata.int("test.u64")
        }
        let error = #expect(throws: CheckpointError.self) { try metadata.ints("test.strings") }
        #expect(
            error?.description
                == "metadata 'test.strings' is an array whose elements are a string, "
                + "expected an array of integers")
        #expect(throws: CheckpointError.self) { try metadata.int("test.string") }
        #expect(throws: CheckpointError.self) { try metadata.string("test.u8") }
        #expect(throws: CheckpointError.self) { try metadata.strings("test.string") }
    }

    @Test func versionTwoIsReadAsVersionThree() throws {
        var builder = GGUFBuilder()
        builder.version = 2
        builder.add("a", 4, GGUFBuilder.bytes(UInt32(7)))
        builder.add("empty", 8, GGUFBuilder.string(""))
        #expect(try Self.metadata(builder.file).int("a") == 7)
        #expect(try Self.metadata(builder.file).string("empty") == "")
        builder.version = 1
        #expect(throws: CheckpointError.self) { try Self.metadata(builder.file) }
    }

    @Test func aBigEndianFileIsCalledOne() throws {
        var builder = GGUFBuilder()
        builder.version = UInt32(3).byteSwapped
        let error = #expect(throws: CheckpointError.self) { try Self.metadata(builder.file) }
        #expect(try #require(error).description.contains("big-endian"))
    }

    @Test func arraysOfArraysAreSteppedOver() throws {
        var builder = GGUFBuilder()
        let inner = GGUFBuilder.bytes(UInt32(0)) + GGUFBuilder.bytes(UInt64(2)) + [5, 6]
        let outer = GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(2)) + inner + inner
        builder.add("nested", 9, outer)
        builder.add("after", 0, [42])
        let metadata = try Self.metadata(builder.file)
        #expect(try metadata.int("after") == 42)
        #expect(throws: CheckpointError.self) { try metadata.ints("nested") }
    }

    @Test func textThatIsNotUTF8IsAnErrorWhereItIsAskedForAsText() throws {
        var builder = GGUFBuilder()
        let string = GGUFBuilder.bytes(UInt64(2)) + [0xC3, 0x28]
        let array = GGUFBuilder.bytes(UInt32(8)) + GGUFBuilder.bytes(UInt64(1)) + string
        builder.add("token", 8, string)
        builder.add("tokens", 9, array)
        let metadata = try Self.metadata(builder.file)
        #expect(throws: CheckpointError.self) { try metadata.string("token") }
        #expect(throws: CheckpointError.self) { try metadata.strings("tokens") }
        #expect(try metadata.byteStrings("tokens") == [[0xC3, 0x28]])
    }

    @Test func tensorsThatShareBytesAreRefused() throws {
        var builder = GGUFBuilder()
        let row = GGUFBuilder.floats([Float](repeating: 1, count: 16))
        builder.add("a", shape: [16], type: 0, bytes: row)
        builder.add("b", shape: [8], type: 0, bytes: [], offset: 32)
        let error = #expect(throws: CheckpointError.self) { try Self.metadata(builder.file) }
        #expect(try #require(error).description.hasSuffix("tensor 'b' overlaps tensor 'a'"))
    }

    @Test func axesAreReversedToRowMajorOrder() throws {
        var builder = GGUFBuilder()
        builder.add("w", shape: [2, 3], type: 0, bytes: GGUFBuilder.floats([1, 2, 3, 4, 5, 6]))
        let scratch = try Scratch()
        let checkpoint = try Checkpoint.open(scratch.file("model.gguf", builder.file))
        let tensor = try #require(checkpoint.tensors["w"]).read()
        #expect(tensor.shape == [2, 3])
        #expect(tensor.rows(1..<2).floats == [4, 5, 6])
    }

    @Test func numbersAtOddAddressesAreReadAllTheSame() throws {
        var builder = GGUFBuilder()
        builder.alignment = 1
        builder.add("general.alignment", 4, GGUFBuilder.bytes(UInt32(1)))
        builder.add("odd", shape: [1], type: 24, bytes: [1])
        builder.add("w", shape: [2], type: 0, bytes: GGUFBuilder.floats([1.5, -2]))
        builder.add("v", shape: [1], type: 0, bytes: GGUFBuilder.floats([3]))
        let scratch = try Scratch()
        let checkpoint = try Checkpoint.open(scratch.file("model.gguf", builder.file))
        #expect(try #require(checkpoint.tensors["w"]).read().floats == [1.5, -2])
        #expect(try #require(checkpoint.tensors["v"]).read().floats == [3])
    }
}
