import Foundation
import TensorRuntime
import TestFixtures
import Testing

@Suite struct CheckpointTests {
    private static let tiny = SafetensorsBuilder.vectors([("a", [1]), ("b", [2, 3])])

    private func files(_ files: [String: [UInt8]]) throws -> Scratch {
        let scratch = try Scratch()
        for (name, bytes) in files { _ = try scratch.file(name, bytes) }
        return scratch
    }

    /// The message of the error that opening a folder of these files throws.
    private func refusal(_ files: [String: [UInt8]]) throws -> String {
        let scratch = try self.files(files)
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.open(scratch.folder.path)
        }
        return try #require(error).description
            .replacingOccurrences(of: scratch.folder.path, with: "folder")
    }

    @Test func aDirectoryGivesItsTensorsAndConfiguration() throws {
        let scratch = try files([
            "config.json": Array("{\"a\":1}".utf8), "model.safetensors": Self.tiny,
            "generation_config.json": Array("{}".utf8), "other.gguf": [],
        ])
        let checkpoint = try Checkpoint.open(scratch.folder.path + "/")
        #expect(try #require(checkpoint.tensors["b"]).read().floats == [2, 3])
        guard case .huggingFace(let metadata) = checkpoint.metadata else {
            Issue.record("not a Hugging Face directory")
            return
        }
        #expect(metadata.configuration == Array("{\"a\":1}".utf8))
        #expect(metadata.generationConfiguration == Array("{}".utf8))
    }

    @Test func emptyTensorsAndScalarsAreRead() throws {
        let checkpoint = try MalformedFileTests.open("ok-empty-tensor.safetensors")
        #expect(try #require(checkpoint.tensors["a"]).read().shape == [0, 4])
        #expect(try #require(checkpoint.tensors["b"]).read().floats == [1.5])
    }

    @Test func namesMayBeEscaped() throws {
        let header =
            #"{"\u00e9\ud83d\ude00\/":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        let file = SafetensorsBuilder.file(header, data: [7])
        let scratch = try files(["config.json": [], "model.safetensors": file])
        let checkpoint = try Checkpoint.open(scratch.folder.path)
        #expect(checkpoint.tensors.keys.sorted() == ["é😀/"])
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}"#,
            "the key 'a' appears twice"
        ),
        (#"{"\ud800":{}}"#, "expected a surrogate pair"),
        (#"{"a":{"dtype":"U8","shape":[1.5]}}"#, "expected a whole number"),
        (#"{"a":{"dtype":"U8","shape":[01]}}"#, "expected a number without leading zeros"),
        (#"{"a":{"dtype":"U8","shape":[0]}}"#, "has no 'data_offsets'"),
        (#"{"a":{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]"#, "expected less nesting"),
        (#"{} {}"#, "expected the end of the JSON"),
        ("{\"a\u{1}\":{}}", "has byte 1 at offset 11, expected no control character in a string"),
    ])
    func aHeaderThatIsNotStrictIsRefused(_ header: String, _ message: String) throws {
        let found = try refusal([
            "config.json": [], "model.safetensors": SafetensorsBuilder.file(header),
        ])
        #expect(found.contains(message))
    }

    @Test func aTensorWithoutElementsMayStandBehindTheEndOfAFile() throws {
        var builder = GGUFBuilder()
        builder.add("w", shape: [0], type: 0, bytes: [])
        var bytes = builder.file
        while bytes.last == 0 { bytes.removeLast() }
        // What remains of the header: the rest of the number of axes, the shape, the type and the offset.
        bytes += [UInt8](repeating: 0, count: 3 + 8 + 4 + 8)
        let scratch = try files(["model.gguf": bytes])
        let checkpoint = try Checkpoint.open(scratch.folder.path)
        #expect(try #require(checkpoint.tensors["w"]).read().floats.isEmpty)
    }

    @Test func aFolderWithOneGGUFFileIsThatFile() throws {
        var builder = GGUFBuilder()
        builder.add("w", shape: [1], type: 0, bytes: GGUFBuilder.floats([4]))
        let scratch = try files(["model.gguf": builder.file, "README.md": []])
        let checkpoint = try Checkpoint.open(scratch.folder.path)
        #expect(try #require(checkpoint.tensors["w"]).read().floats == [4])
    }

    @Test func aFolderWithoutOneCheckpointSaysWhatIsThere() throws {
        #expect(
            try refusal(["a.gguf": [], "b.gguf": []])
                == "folder: holds 2 .gguf files; give the path of one: 'a.gguf', 'b.gguf'")
        #expect(
            try refusal(["model.safetensors": Self.tiny]) == "folder: has no file 'config.json'")
        #expect(try refusal(["x": []]).hasPrefix("folder: has no model.safetensors"))
    }

    @Test func aSingleFileCountsBeforeAnIndexThatWasLeftThere() throws {
        let scratch = try files([
            "config.json": [], "model.safetensors": Self.tiny,
            "model.safetensors.index.json": Array(#"{"weight_map": {"x": "gone"}}"#.utf8),
        ])
        #expect(try Checkpoint.open(scratch.folder.path).tensors.keys.sorted() == ["a", "b"])
    }

    @Test func aPointerOfGitIsNamedAsWhatItIs() throws {
        let pointer = Array(
            """
            version https://git-lfs.github.com/spec/v1
            oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
            size 12345

            """.utf8)
        let reason = "is a Git LFS pointer and not the file itself; fetch that with git lfs pull"
        #expect(
            try refusal(["config.json": [], "model.safetensors": pointer])
                == "folder/model.safetensors: \(reason)")
        #expect(try refusal(["model.gguf": pointer]) == "folder/model.gguf: \(reason)")
    }

    @Test func aTypeThatIsNotComputedWithIsFoundBeforeItIsRead() throws {
        var builder = GGUFBuilder()
        builder.add("plain", shape: [1], type: 0, bytes: GGUFBuilder.floats([4]))
        // NVFP4: 36 bytes for 64 elements.
        builder.add("packed", shape: [64], type: 40, bytes: [UInt8](repeating: 0, count: 36))
        let scratch = try files(["model.gguf": builder.file])
        let checkpoint = try Checkpoint.open(scratch.folder.path)
        try checkpoint.requireReadable { $0 != "packed" }
        let error = #expect(throws: CheckpointError.self) {
            try checkpoint.requireReadable { _ in true }
        }
        #expect(error?.description.contains("tensor 'packed' is stored as NVFP4") == true)
    }

    @Test func aPathThatCannotBeReadIsNamed() throws {
        let scratch = try Scratch()
        let missing = scratch.folder.path + "/missing.gguf"
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(missing) }
        #expect(error?.description == "\(missing): cannot be read: No such file or directory")

        let pipe = scratch.folder.path + "/pipe.gguf"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(throws: CheckpointError.inFile(path: pipe, .notAFile)) {
            try Checkpoint.open(pipe)
        }
    }
}

// MARK: - Shards

extension CheckpointTests {
    private func index(_ map: String) -> [UInt8] {
        Array("{\"metadata\":{\"total_size\":1.2e1},\"weight_map\":{\(map)}}".utf8)
    }

    @Test func shardsAreOneCheckpoint() throws {
        let scratch = try files([
            "config.json": [], "model.safetensors.index.json": index(#""a":"1","b":"2""#),
            "1": SafetensorsBuilder.vectors([("a", [1])]),
            "2": SafetensorsBuilder.vectors([("b", [2])]),
        ])
        let checkpoint = try Checkpoint.open(scratch.folder.path)
        #expect(try #require(checkpoint.tensors["a"]).read().floats == [1])
        #expect(try #require(checkpoint.tensors["b"]).read().floats == [2])
    }

    @Test(arguments: [
        (#""a":"1","b":"3""#, "folder/3: cannot be read: No such file or directory"),
        (
            #""a":"1","b":"1""#,
            "folder/model.safetensors.index.json: tensor 'b' is not in '1', "
                + "where the index says it is"
        ),
        (#""a":"1","b":"2","c":"copy""#, "folder/copy: the tensor 'b' appears twice"),
        (
            #""a":"../1""#,
            "folder/model.safetensors.index.json: names the shard '../1', "
                + "expected a file name without a folder"
        ),
    ])
    func anIndexThatDoesNotMatchItsShardsIsRefused(_ map: String, _ message: String) throws {
        let found = try refusal([
            "config.json": [], "model.safetensors.index.json": index(map),
            "1": SafetensorsBuilder.vectors([("a", [1])]),
            "2": SafetensorsBuilder.vectors([("b", [2])]),
            "copy": SafetensorsBuilder.vectors([("b", [2])]),
        ])
        #expect(found == message)
    }

    @Test func aShardedModelIsTheSingleFileRounded() throws {
        let single = try Checkpoint.open(TestFiles.shared("fixtures/llama-tiny/base"))
        let sharded = try Checkpoint.open(
            TestFiles.shared("fixtures/llama-tiny/base-sharded-bf16"))
        #expect(Set(single.tensors.keys) == Set(sharded.tensors.keys))
        for (name, entry) in single.tensors {
            let tensor = try #require(sharded.tensors[name]).read()
            #expect(tensor.element == .bf16)
            let expected = try entry.read().floats.map(Self.rounded)
            #expect(try dequantize(tensor).floats == expected, "\(name)")
        }
    }

    /// To the nearest BF16, ties to even.
    private static func rounded(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16) & 1) & 0xFFFF_0000)
    }
}
