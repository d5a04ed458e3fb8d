import Foundation
import TensorRuntime
import Testing

/// Valid files cut or changed anywhere: an error or other numbers, never a crash.
@Suite struct HostileFileTests {
    private static let gguf = try? Data(
        contentsOf: Fixtures.committed("gguf-quants/quantized.gguf"))

    private static let safetensors = SafetensorsBuilder.file(
        #"""
        {"__metadata__":{"format":"pt","note":"\u00e9\ud83d\ude00"},
        "model.embed.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
        "model.empty":{"shape":[0,4],"data_offsets":[16,16],"dtype":"F16"},
        "model.norm.weight":{"dtype":"BF16","shape":[4],"data_offsets":[16,24]},
        "model.position_ids":{"dtype":"I64","shape":[1,2],"data_offsets":[24,40]}}
        """#, data: [UInt8](repeating: 1, count: 40))

    @Test func aFileCutAtAnyByteIsRefused() throws {
        let whole = try [UInt8](#require(Self.gguf))
        let scratch = try Scratch()
        // The header ends within the first 6000 bytes; beyond it, steps of an odd number.
        let cuts = Array(0..<6000) + Array(stride(from: 6000, to: whole.count, by: 61))
        let path = try scratch.file("model.gguf", whole)
        for cut in cuts.reversed() {
            try #require(truncate(path, cut) == 0)
            #expect(throws: CheckpointError.self, "cut at \(cut)") { try Checkpoint.open(path) }
        }
    }

    @Test func aSafetensorsFileCutAtAnyByteIsRefused() throws {
        let scratch = try Scratch()
        _ = try scratch.file("config.json", "{}".utf8)
        let path = try scratch.file("model.safetensors", Self.safetensors)
        #expect(try Checkpoint.open(scratch.folder.path).tensors.count == 4)
        for cut in (0..<Self.safetensors.count).reversed() {
            try #require(truncate(path, cut) == 0)
            #expect(throws: CheckpointError.self, "cut at \(cut)") {
                try Checkpoint.open(scratch.folder.path)
            }
        }
    }

    @Test(arguments: 0..<4) func changedBytesOfAGGUFFileDoNotCrash(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let whole = try [UInt8](#require(Self.gguf))
        let scratch = try Scratch()
        for _ in 0..<500 {
            let bytes = Self.changed(whole, within: 6000, &random)
            try readAll(scratch.file("model.gguf", bytes))
        }
    }

    @Test(arguments: 0..<4) func changedBytesOfASafetensorsFileDoNotCrash(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let scratch = try Scratch()
        _ = try scratch.file("config.json", "{}".utf8)
        for _ in 0..<1000 {
            let bytes = Self.changed(Self.safetensors, within: Self.safetensors.count, &random)
            _ = try scratch.file("model.safetensors", bytes)
            try readAll(scratch.folder.path)
        }
    }

    /// Up to eight bytes replaced: by any byte, by an extreme one, or with one bit flipped.
    private static func changed(
        _ whole: [UInt8], within limit: Int, _ random: inout SplitMix
    ) -> [UInt8] {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let place = Int.random(in: 0..<limit, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = .random(in: 0...255, using: &random)
            case 1: bytes[place] = Bool.random(using: &random) ? 0xFF : 0
            default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        return bytes
    }

    /// Asks all that can be asked of a checkpoint: what is read has the shape that the file says, and what
    /// is not is an error of checkpoints.
    private func readAll(_ path: String) throws {
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.open(path)
        } catch is CheckpointError {
            return
        }
        for entry in checkpoint.tensors.values {
            guard let tensor = try? entry.read() else { continue }
            #expect(tensor.shape == entry.shape)
            if let numbers = try? dequantize(tensor) { #expect(numbers.shape == tensor.shape) }
        }
        guard case .gguf(let metadata) = checkpoint.metadata else { return }
        for key in metadata.keys {
            _ = try? metadata.int(key)
            _ = try? metadata.float(key)
            _ = try? metadata.string(key)
            _ = try? metadata.ints(key)
            _ = try? metadata.floats(key)
            _ = try? metadata.bools(key)
            _ = try? metadata.strings(key)
        }
    }
}

/// Steele, Lea, Flood 2014: small, and the same on every machine.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
