import Foundation
import TensorRuntime
import Tokenizers

/// Files of models, which are opened by their path.
enum Models {
    static func openGGUF(_ bytes: [UInt8]) throws {
        try read(Checkpoint.open(Scratch.gguf.file("model.gguf", bytes)))
    }

    static func openSafetensors(_ bytes: [UInt8]) throws {
        _ = try Scratch.safetensors.file("config.json", Array("{}".utf8))
        _ = try Scratch.safetensors.file("model.safetensors", bytes)
        try read(Checkpoint.open(Scratch.safetensors.folder))
    }

    /// Reads every tensor that is small, so that offsets and blocks are looked at, not only headers.
    private static func read(_ checkpoint: Checkpoint) throws {
        let weights = try Weights(checkpoint)
        for (name, entry) in checkpoint.tensors where entry.shape.reduce(1, *) < 1 << 16 {
            _ = try? weights.tensor(ofAnyShape: name)
        }
    }

    /// What an input is encoded to, it is decoded from again, as far as the vocabulary says so.
    static func openTokenizer(_ bytes: [UInt8]) throws {
        _ = try Scratch.tokenizer.file("tokenizer.json", bytes)
        let tokenizer = try Tokenizers.load(directory: Scratch.tokenizer.folder)
        let count = tokenizer.vocabulary.count
        for text in texts {
            for parseSpecial in [false, true] {
                let ids = try tokenizer.encode(text, addSpecial: true, parseSpecial: parseSpecial)
                precondition(ids.allSatisfy { $0 >= 0 && Int($0) < count }, "an id out of range")
            }
            let encoding = try tokenizer.encode(text, parseSpecial: false)
            precondition(encoding.offsets.count == encoding.count, "an id without its place")
        }
    }

    private static let texts = [
        "", " ", "Hello,  world!\r\n\tIt's 1234.5", "<s>a</s><|im_end|>", "naïve e\u{301} ﬁ ①",
        "我喜欢喝绿茶 東京 ภาษาไทย", "👩‍👩‍👧‍👦 🇺🇳\u{0}\u{FFFD}", String(repeating: "ab", count: 300),
    ]
}

/// A folder in memory where an input becomes a file.
struct Scratch {
    let folder: String

    static let gguf = Scratch()
    static let safetensors = Scratch()
    static let tokenizer = Scratch()

    private init() {
        var template = Array("/dev/shm/roost-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no folder in /dev/shm: errno \(errno)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// - Returns: the file's path.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }
}
