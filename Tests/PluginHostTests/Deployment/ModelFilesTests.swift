import FoundationEssentials
import PluginHost
import Testing

@Suite struct ModelFilesTests {
    /// A folder of files with these contents; a name with a slash is a file in a folder.
    private func folder(
        _ files: [String: String], named name: String = "model"
    ) throws -> String {
        let path = "\(TestFolder.shared.unique("files"))/\(name)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, content) in files {
            let file = "\(path)/\(name)"
            let parent = String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex))
            try manager.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data(content.utf8).write(to: URL(filePath: file))
        }
        return path
    }

    private func file(_ content: [UInt8], named name: String) throws -> String {
        let path = try folder([:])
        try Files.write(content, to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }

    private static let qwen =
        #"{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "x": {"y": [1]}}"#
    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"

    @Test func aNetworkIsNamedByItsArchitectureAndType() throws {
        let files = ModelFiles(
            try folder(["config.json": Self.qwen, "model.safetensors": "x"], named: "qwen"))
        #expect(files.kind == .network(architecture: "Qwen3ForCausalLM", family: "qwen3"))
        #expect(files.name == "qwen" && files.weights == .present)
        #expect("\(files)" == "is a Qwen3ForCausalLM (qwen3)")
        let electra = #"{"architectures": ["ElectraModel"], "model_type": "electra"}"#
        let other = ModelFiles(try folder(["config.json": electra, "model.safetensors": "x"]))
        #expect("\(other)" == "is an ElectraModel (electra)")
    }

    @Test(arguments: [
        ("pytorch_model.bin", "x", "with pickled weights (pytorch_model.bin)"),
        ("model.onnx", "x", "as an ONNX model (model.onnx)"),
        ("onnx/model.onnx", "x", "as an ONNX model (onnx)"),
        ("model.safetensors", pointer, "model.safetensors is a Git LFS pointer"),
        ("vocab.txt", "x", "without weights"),
    ])
    func aNetworksWeightsAreNamedWhereTheyAreTheTrouble(name: String, content: String, says: String)
        throws
    {
        let files = ModelFiles(try folder(["config.json": Self.qwen, name: content]))
        #expect("\(files)".hasPrefix("is a Qwen3ForCausalLM (qwen3)"))
        #expect("\(files)".contains(says))
    }

    @Test(
        arguments: [
            (
                ["model_index.json": #"{"_class_name": "FluxPipeline"}"#],
                "is a FluxPipeline of diffusers"
            ),
            (
                ["config.json": #"{"_class_name": "AutoencoderKL"}"#, "a.safetensors": "x"],
                "is the AutoencoderKL of a diffusers pipeline; name the folder with its model_index.json"
            ),
            (
                [
                    "adapter_config.json":
                        #"{"peft_type": "LORA", "base_model_name_or_path": "meta/Llama"}"#,
                    "adapter_model.safetensors": "x",
                ],
                "is a LORA adapter for 'meta/Llama', no whole model"
            ),
            (
                ["pytorch_model.bin": "x", "README.md": "x"],
                "holds pickled weights (pytorch_model.bin)"
            ),
            (["model.onnx": "x"], "is an ONNX model (model.onnx)"),
            (
                ["model.safetensors": "x"],
                "is weights alone (safetensors); name the folder with config.json"
            ),
            (["config.json": pointer], "is a Git LFS pointer instead of the file"),
            (
                ["config.json": "{nonsense"],
                "has a config.json that cannot be read: invalid JSON at byte 1: found 'n', "
                    + "expected a key in double quotes"
            ),
            (
                ["config.json": "[1]"],
                "has a config.json that cannot be read: it is not a JSON object"
            ),
            (["config.json": #"{"architectures": 5}"#], "names no architecture and no model_type"),
            (
                ["README.md": "x", "b.txt": "x"],
                "without config.json, model_index.json or a GGUF file; it "
                    + "holds README.md, b.txt"
            ),
            ([:], "is an empty folder"),
            (
                ["a.gguf": "GGUF", "b.gguf": "GGUF"],
                "2 GGUF files; name one of them: a.gguf, b.gguf"
            ),
            (
                ["m-00001-of-00002.gguf": "GGUF", "m-00002-of-00002.gguf": "GGUF"],
                "is part 1 of 2 of a split GGUF file"
            ),
        ] as [([String: String], String)])
    func aFolderIsNamedAsWhatItIs(files: [String: String], says: String) throws {
        let found = ModelFiles(try folder(files))
        #expect("\(found)".contains(says), "\(found)")
    }

    @Test func theSnapshotOfAHubCacheIsNamed() throws {
        let cache = try folder(
            [
                "refs/main": "bbb", "snapshots/aaa/config.json": "{}",
                "snapshots/bbb/config.json": "{}", "blobs/x": "",
            ], named: "models--org--name")
        let files = ModelFiles(cache)
        #expect(files.kind == .hubCache(model: "models--org--name/snapshots/bbb"))
        #expect("\(files)".hasSuffix("its model lies in models--org--name/snapshots/bbb"))
    }

    @Test func aGGUFFileIsNamedByItsArchitecture() throws {
        var bytes = Array("GGUF".utf8) + number(3, 4) + number(0, 8) + number(2, 8)
        bytes += text("general.alignment") + number(4, 4) + number(32, 4)
        bytes += text("general.architecture") + number(8, 4) + text("gemma3")
        let files = ModelFiles(try file(bytes, named: "a.gguf"))
        #expect(files.kind == .gguf(architecture: "gemma3"))
        #expect("\(files)" == "is a GGUF file of the architecture 'gemma3'")
        for length in 0..<bytes.count {
            _ = ModelFiles(try file(Array(bytes[..<length]), named: "a.gguf")).description
        }
        let first = ModelFiles(try file(bytes, named: "a-00001-of-00006.gguf"))
        #expect(first.kind == .gguf(architecture: "gemma3"))
        let rest = Array("GGUF".utf8) + number(3, 4) + number(0, 8) + number(0, 8)
        let part = ModelFiles(try file(rest, named: "a-00002-of-00006.gguf"))
        #expect(part.kind == .splitGGUF(part: 2, of: 6))
    }

    private func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    private func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count), 8) + text.utf8 }

    @Test(arguments: [
        ("a.safetensors", "........{\"model.diffusion_model.x\"", "a diffusion model in one file"),
        ("a.safetensors", "........{\"lora.x\"", "is weights alone (safetensors)"),
        ("a.bin", "x", "holds pickled weights (a.bin)"),
        ("a.onnx", "x", "is an ONNX model (a.onnx)"),
        ("model", "PK\u{3}\u{4}", "holds pickled weights (model)"),
        ("a.gguf", pointer, "is a Git LFS pointer"), ("a.txt", "x", "neither GGUF nor safetensors"),
    ])
    func aFileIsNamedAsWhatItIs(name: String, content: String, says: String) throws {
        let files = ModelFiles(try file(Array(content.utf8), named: name))
        #expect("\(files)".contains(says), "\(files)")
    }

    @Test func whatIsNowhereIsMissing() {
        #expect(ModelFiles("/nowhere/model/").kind == .missing)
        #expect(ModelFiles("/nowhere/model/").name == "model")
    }

    // MARK: - The refusal

    @Test func aRefusalSaysWhatWouldBeServedAndEachReasonOnce() throws {
        let source = try folder(
            ["config.json": Self.qwen, "model.safetensors": "x"], named: "qwen")
        let unserved = UnservedModel(
            files: ModelFiles(source),
            answers: [
                ("llama", .notMine), ("bert", .refused("it is split")),
                ("t5", .refused("it is split")),
                ("lost", .refused("find: libLost.so is nowhere")),
            ],
            families: ["llama": ["llama"], "bert": ["bert", "roberta"], "t5": ["t5"]])
        #expect(
            "\(unserved)"
                == "no plugin serves 'qwen': it is a Qwen3ForCausalLM (qwen3); bert, t5: it is split; "
                + "lost: find: libLost.so is nowhere; served here: llama, bert (roberta), t5")
    }

    @Test func withoutPluginsTheSettingsAreTheTrouble() {
        let unserved = UnservedModel(files: ModelFiles("/nowhere"), answers: [], families: [:])
        #expect("\(unserved)".hasSuffix("no plugin is configured, add a table [plugins.NAME]"))
    }
}
