import FoundationEssentials

/// Finds the models in a folder: GGUF files, and Hugging Face transformers or diffusers
/// directories, in the usual layouts.
///
///     small.gguf, big-00001-of-00003.gguf     small, big
///     name/, org/name/                        name, org/name
///     name/model-Q4_K_M.gguf                  name, where it is the only one
///     models--org--name/snapshots/REVISION/   org/name, as it is in main
package enum ModelFolder {
    /// A model that was found.
    struct Find: Equatable {
        /// What it may be called, the best first.
        var names: [String]
        var source: String
    }

    /// How deep nested folders are searched.
    private static let deepest = 2

    /// - Returns: the models below `folder` that `known` has not, by their sources, each under a name
    ///   that no other has; in the order of their paths. One that is called like a `[[models]]` of the
    ///   settings is what that is about, and left to it.
    package static func models(
        in folder: String, besides known: [Settings.Model] = []
    ) -> [Settings.Model] {
        var taken = Set(known.map(\.name))
        let sources = Set(known.compactMap(\.source))
        let configured = Set(known.lazy.filter { $0.path != nil }.map(\.name))
        let finds = finds(in: folder, called: "", depth: 0).filter {
            !sources.contains($0.source) && !configured.contains($0.name(besides: []))
        }
        return finds.map { find in
            let name = find.name(besides: taken)
            taken.insert(name)
            return Settings.Model(name: name, source: find.source)
        }
    }

    private static func finds(in folder: String, called name: String, depth: Int) -> [Find] {
        let names = contents(of: folder)
        if depth > 0, isCheckpoint(names) { return [Find(names: [name], source: folder)] }
        let files = files(in: folder, names)
        var finds: [Find] = []
        for entry in names {
            let path = "\(folder)/\(entry)"
            if let stem = files[entry] {
                let own = join(name, stem)
                let names = files.count == 1 && depth > 0 ? [name, own] : [own, join(name, entry)]
                finds.append(Find(names: names, source: path))
            } else if Paths.isFolder(path) {
                finds += depth < deepest ? below(path, entry, of: name, depth: depth) : []
            }
        }
        return finds
    }

    private static func below(
        _ path: String, _ entry: String, of name: String, depth: Int
    ) -> [Find] {
        guard let published = cachedName(entry) else {
            return finds(in: path, called: join(name, entry), depth: depth + 1)
        }
        return snapshot(of: path).map { finds(in: $0, called: published, depth: deepest) } ?? []
    }

    /// Sorted, without what is hidden.
    private static func contents(of folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    /// Whether these files are one checkpoint; a configuration with only GGUF files is not.
    private static func isCheckpoint(_ names: [String]) -> Bool {
        let isConfigured = names.contains("config.json") || names.contains("model_index.json")
        return isConfigured
            && (!names.contains { $0.hasSuffix(".gguf") }
                || names.contains { $0.hasSuffix(".safetensors") })
    }
}

// MARK: - GGUF

extension ModelFolder {
    /// The GGUF files of models by what the models are called: of several parts the first that is there.
    private static func files(in folder: String, _ names: [String]) -> [String: String] {
        var files: [String: String] = [:]
        var stems: Set<String> = []
        for name in names where name.hasSuffix(".gguf") && !name.hasPrefix("mmproj") {
            let stem = String(name.dropLast(".gguf".count))
            guard !Paths.isFolder("\(folder)/\(name)") else { continue }
            guard let part = stem.wholeMatch(of: /(.+)-\d{5}-of-(\d{5})/) else {
                files[name] = stem
                continue
            }
            if stems.insert("\(part.1) of \(part.2)").inserted { files[name] = String(part.1) }
        }
        return files
    }
}

// MARK: - Hugging Face's cache

extension ModelFolder {
    /// `models--org--name` as `org/name`.
    private static func cachedName(_ entry: String) -> String? {
        guard entry.hasPrefix("models--") else { return nil }
        return String(entry.dropFirst("models--".count)).replacing("--", with: "/")
    }

    /// The snapshot that `refs/main` names, else the one that came last.
    private static func snapshot(of folder: String) -> String? {
        let files = FileManager.default
        if let main = files.contents(atPath: "\(folder)/refs/main") {
            let revision = String(decoding: main, as: UTF8.self)
                .filter { !$0.isWhitespace }
            let path = "\(folder)/snapshots/\(revision)"
            if revision.wholeMatch(of: /[0-9A-Za-z]+/) != nil, Paths.isFolder(path) { return path }
        }
        let paths = contents(of: "\(folder)/snapshots").map { "\(folder)/snapshots/\($0)" }
        return paths.max { changed($0) < changed($1) }
    }

    private static func changed(_ path: String) -> Date {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.modificationDate] as? Date ?? .distantPast
    }
}

// MARK: - Names

extension ModelFolder.Find {
    /// The first name that is free, as URLs and headers take it.
    fileprivate func name(besides taken: Set<String>) -> String {
        let names = names.map(Self.allowed)
        if let free = names.first(where: { !taken.contains($0) }) { return free }
        var number = 2
        while taken.contains("\(names[0])-\(number)") { number += 1 }
        return "\(names[0])-\(number)"
    }

    private static func allowed(_ name: String) -> String {
        let signs: Set<Character> = [".", "_", ":", "/", "-"]
        let isPlain = { (letter: Character) in
            letter.isASCII && (letter.isLetter || letter.isNumber)
        }
        let text = name.map { isPlain($0) || signs.contains($0) ? $0 : "-" }
            .drop { !isPlain($0) }.prefix(120)
        return text.isEmpty ? "model" : String(text)
    }
}
