import Glibc
import JSON

/// What a model's source is, in its makers' terms: reported for a model that no plugin serves.
///
/// Reads only names and headers, and never fails: what cannot be read is reported too.
package struct ModelFiles: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case missing
        case emptyFolder
        /// `config.json` of transformers, by its `architectures` and `model_type`.
        case network(architecture: String?, family: String?)
        /// `model_index.json` of diffusers, by its `_class_name`.
        case pipeline(String)
        /// A folder of a pipeline, by the `_class_name` of its `config.json`.
        case pipelinePart(String)
        case gguf(architecture: String?)
        case splitGGUF(part: Int, of: Int)
        case severalGGUF([String])
        case adapter(kind: String?, base: String?)
        /// - Parameter model: the folder in it that holds the files.
        case hubCache(model: String?)
        /// A safetensors file without the files beside it.
        case weights(whole: String?)
        case pickle(String)
        case onnx(String)
        case pointer(String)
        case unreadable(file: String, reason: String)
        case otherFile
        case otherFolder(holds: [String])
    }

    /// What keeps even a supported network from being served.
    package enum Weights: Sendable, Equatable {
        case present
        case none
        case pickle(String)
        case onnx(String)
        case pointer(String)
    }

    /// The source's last component.
    package let name: String
    package let kind: Kind
    package var weights = Weights.present

    /// Inspects a file or a folder.
    package init(_ source: String) {
        let path = source.count > 1 && source.hasSuffix("/") ? String(source.dropLast()) : source
        name = lastComponent(of: path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            kind = .missing
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            kind = Self.file(path, name)
            return
        }
        let folder = Folder(path: path, names: names(in: path))
        kind = folder.kind
        if case .network = kind { weights = folder.weights }
    }
}

extension ModelFiles: CustomStringConvertible {
    /// The end of a sentence that begins with the model: `is a Qwen3ForCausalLM (qwen3)`.
    package var description: String {
        switch kind {
        case .missing: "is no file and no folder"
        case .emptyFolder: "is an empty folder"
        case .network(let architecture, let family):
            "is \(Self.network(architecture, family))\(weightsText)"
        case .pipeline(let name): "is \(name.withArticle) of diffusers"
        case .pipelinePart(let name):
            "is the \(name) of a diffusers pipeline; name the folder with its model_index.json"
        case .gguf(let architecture):
            "is a GGUF file of "
                + (architecture.map { "the architecture '\($0)'" } ?? "no architecture")
        case .splitGGUF(let part, let count):
            "is part \(part) of \(count) of a split GGUF file, whose first part says what it is; "
                + "name that, with all others beside it"
        case .severalGGUF(let names):
            "is a folder with \(names.count) GGUF files; name one of them: \(Self.list(names))"
        case .adapter(let kind, let base):
            "is \((kind ?? "PEFT").withArticle) adapter" + (base.map { " for '\($0)'" } ?? "")
                + ", no whole model; merge it into its base (merge_and_unload of peft) and name that"
        case .hubCache(let model):
            "is a folder of the Hugging Face cache"
                + (model.map { "; its model lies in \($0)" }
                    ?? " with no model in it; download it again")
        case .weights(let whole):
            whole.map { "is \($0); convert it to a folder of diffusers" }
                ?? "is weights alone (safetensors); name the folder with config.json and the tokenizer"
        case .pickle(let file):
            "holds pickled weights (\(file)), which can run code and are not read; save it as safetensors"
        case .onnx(let file):
            "is an ONNX model (\(file)); take its safetensors or a GGUF file of it"
        case .pointer(let file): "is \(Self.pointer(file))"
        case .unreadable(let file, let reason): "has a \(file) that cannot be read: \(reason)"
        case .otherFile: "is a file that is neither GGUF nor safetensors"
        case .otherFolder(let names):
            "is a folder without config.json, model_index.json or a GGUF file; it holds "
                + Self.list(names)
        }
    }

    private static func network(_ architecture: String?, _ family: String?) -> String {
        switch (architecture, family) {
        case (let architecture?, let family?): "\(architecture.withArticle) (\(family))"
        case (let name?, nil): name.withArticle
        case (nil, let family?): "a model of the type '\(family)'"
        case (nil, nil): "a folder whose config.json names no architecture and no model_type"
        }
    }

    private var weightsText: String {
        switch weights {
        case .present: ""
        case .none: ", without weights beside its config.json"
        case .pickle(let file):
            " with pickled weights (\(file)), which can run code and are not read; save it as safetensors"
        case .onnx(let file):
            " as an ONNX model (\(file)); take its safetensors or a GGUF file of it"
        case .pointer(let file): "; \(file) is \(Self.pointer(file))"
        }
    }

    private static func pointer(_ file: String) -> String {
        "a Git LFS pointer instead of the file; fetch it with git lfs pull"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }
}

extension String {
    fileprivate var withArticle: String {
        (first.map { "aeiouAEIOU".contains($0) } == true ? "an " : "a ") + self
    }
}

// MARK: - Files

extension ModelFiles {
    private static let pickleSuffixes = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"]

    private static func isPickle(_ name: String) -> Bool {
        pickleSuffixes.contains(where: name.hasSuffix) && name != "training_args.bin"
    }

    private static func file(_ path: String, _ name: String) -> Kind {
        let head: [UInt8]
        do {
            head = try readFile(path, atMost: 1 << 20)
        } catch {
            return .unreadable(file: name, reason: String(describing: error))
        }
        if isPointer(head) { return .pointer(name) }
        if head.starts(with: Array("GGUF".utf8)) { return gguf(head, name) }
        if name.hasSuffix(".safetensors") { return .weights(whole: wholePipeline(head)) }
        if name.hasSuffix(".onnx") { return .onnx(name) }
        // A pickle of protocol 2 or later, or a ZIP file as torch.save makes it.
        let isTorch = head.starts(with: [0x80, 2]) || head.starts(with: Array("PK".utf8))
        return isPickle(name) || isTorch ? .pickle(name) : .otherFile
    }

    private static func isPointer(_ head: [UInt8]) -> Bool {
        head.starts(with: Array("version https://git-lfs.github.com/spec/".utf8))
    }

    private static func gguf(_ head: [UInt8], _ name: String) -> Kind {
        if let architecture = GGUFHead.architecture(head) {
            return .gguf(architecture: architecture)
        }
        // As llama-gguf-split names them: model-00002-of-00006.gguf
        if let match = name.wholeMatch(of: /.+-(\d{5})-of-(\d{5})\.gguf/),
            let part = Int(match.1), let count = Int(match.2), count > 1
        {
            return .splitGGUF(part: part, of: count)
        }
        return .gguf(architecture: nil)
    }

    /// The names of tensors in a checkpoint of one file tell the program that it is for.
    private static func wholePipeline(_ head: [UInt8]) -> String? {
        let text = String(decoding: head.dropFirst(8).prefix(1 << 19), as: UTF8.self)
        if text.contains("\"model.diffusion_model.") || text.contains("\"double_blocks.") {
            return "a checkpoint of a diffusion model in one file"
        }
        return nil
    }

    /// The files of a model's folder.
    private struct Folder {
        let path: String
        let names: [String]

        var kind: Kind {
            if names.isEmpty { return .emptyFolder }
            if names.contains("snapshots") { return .hubCache(model: snapshot) }
            if names.contains("model_index.json") {
                return json("model_index.json") { .pipeline($0.className ?? "pipeline") }
            }
            if names.contains("config.json") { return json("config.json", Self.network) }
            if names.contains("adapter_config.json") {
                return json("adapter_config.json") {
                    .adapter(kind: $0.adapter, base: $0.base)
                }
            }
            let files = names.filter { $0.hasSuffix(".gguf") }
            if files.count == 1 { return ModelFiles.file("\(path)/\(files[0])", files[0]) }
            if files.count > 1 { return severalGGUF(files) }
            switch weights {
            case .present: return .weights(whole: nil)
            case .pickle(let file): return .pickle(file)
            case .onnx(let file): return .onnx(file)
            case .pointer(let file): return .pointer(file)
            case .none: return .otherFolder(holds: names)
            }
        }

        var weights: Weights {
            let tensors = names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }
            if let first = tensors.first {
                let head = (try? readFile("\(path)/\(first)", atMost: 64)) ?? []
                return ModelFiles.isPointer(head) ? .pointer(first) : .present
            }
            if let pickle = names.first(where: ModelFiles.isPickle) { return .pickle(pickle) }
            let onnx = names.first { $0.hasSuffix(".onnx") || $0 == "onnx" }
            return onnx.map { .onnx($0) } ?? .none
        }

        /// Parts of one split file are that file.
        private func severalGGUF(_ files: [String]) -> Kind {
            let kinds = files.map { ModelFiles.gguf([], $0) }
            if case .splitGGUF(_, let count) = kinds[0], kinds.allSatisfy({ $0.isPart(of: count) })
            {
                return ModelFiles.file("\(path)/\(files[0])", files[0])
            }
            return .severalGGUF(files)
        }

        /// The snapshot of `main`, else the only one.
        private var snapshot: String? {
            let main = (try? readFile("\(path)/refs/main", atMost: 256))
                .map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
            let snapshots = PluginHost.names(in: "\(path)/snapshots")
            let chosen = snapshots.first { $0 == main } ?? snapshots.first
            return chosen.map { "\(lastComponent(of: path))/snapshots/\($0)" }
        }

        private static func network(_ configuration: Configuration) -> Kind {
            if configuration.family == nil, let name = configuration.className {
                return .pipelinePart(name)
            }
            return .network(
                architecture: configuration.architecture, family: configuration.family)
        }

        private func json(_ name: String, _ kind: (Configuration) -> Kind) -> Kind {
            do {
                let content = try readFile("\(path)/\(name)", atMost: 16 << 20)
                if ModelFiles.isPointer(content) { return .pointer(name) }
                guard let object = try JSONValue(parsing: content).object else {
                    return .unreadable(file: name, reason: "it is not a JSON object")
                }
                return kind(Configuration(object))
            } catch {
                return .unreadable(file: name, reason: String(describing: error))
            }
        }
    }

    /// What names a model in any of these files; a key of another type counts as none.
    private struct Configuration {
        let architecture: String?
        let family: String?
        let className: String?
        let adapter: String?
        let base: String?

        init(_ object: JSONObject) {
            architecture = object["architectures"]?[0]?.string
            family = object["model_type"]?.string
            className = object["_class_name"]?.string
            adapter = object["peft_type"]?.string
            base = object["base_model_name_or_path"]?.string
        }
    }
}

extension ModelFiles.Kind {
    fileprivate func isPart(of whole: Int) -> Bool {
        if case .splitGGUF(_, let count) = self { count == whole } else { false }
    }
}

/// The beginning of a GGUF file, as ggml's docs/gguf.md lays it out.
private struct GGUFHead {
    private var rest: ArraySlice<UInt8>

    /// `general.architecture`, which stands among the first keys.
    static func architecture(_ bytes: [UInt8]) -> String? {
        var head = GGUFHead(rest: bytes.dropFirst(4 + 4 + 8))
        guard let count = head.number(8) else { return nil }
        for _ in 0..<min(count, 1000) {
            guard let key = head.text(), let type = head.number(4) else { return nil }
            if key == "general.architecture", type == 8 { return head.text() }
            guard head.skip(type) else { return nil }
        }
        return nil
    }

    private mutating func number(_ width: Int) -> UInt64? {
        guard rest.count >= width else { return nil }
        defer { rest = rest.dropFirst(width) }
        return rest.prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func text() -> String? {
        guard let length = number(8), length <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return String(decoding: rest.prefix(Int(length)), as: UTF8.self)
    }

    /// Skips a value; an array may reach past what was read, where no key is needed.
    private mutating func skip(_ type: UInt64) -> Bool {
        let widths: [UInt64: Int] = [
            0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8,
        ]
        if type == 8 { return text() != nil }
        guard let width = widths[type], number(width) != nil else { return false }
        return true
    }
}
