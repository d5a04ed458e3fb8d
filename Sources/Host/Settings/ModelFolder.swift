import FoundationEssentials

/// Finds the models that lie in a folder: every `*.gguf` file, and every directory of Hugging Face's
/// transformers or diffusers.
enum ModelFolder {
    /// - Returns: a model per find, named after its file or directory, in the order of the names.
    static func models(in folder: String) -> [Settings.Model] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            let path = folder + "/" + name
            return stem(of: name, at: path).map { Settings.Model(name: $0, source: path) }
        }
    }

    /// The name of the model at `path`, or nil where there is none.
    private static func stem(of name: String, at path: String) -> String? {
        if name.hasPrefix(".") { return nil }
        if Paths.isFolder(path) { return holdsModel(path) ? name : nil }
        guard name.hasSuffix(".gguf") else { return nil }
        return shardStem(String(name.dropLast(".gguf".count)))
    }

    private static func holdsModel(_ directory: String) -> Bool {
        ["config.json", "model_index.json"].contains {
            FileManager.default.fileExists(atPath: "\(directory)/\($0)")
        }
    }

    /// `big-00001-of-00003` is the model `big`; its further shards are no models of their own.
    private static func shardStem(_ stem: String) -> String? {
        guard let match = stem.wholeMatch(of: /(.+)-(\d{5})-of-\d{5}/) else { return stem }
        return match.2 == "00001" ? String(match.1) : nil
    }
}
