/// A model in several GGUF files, `big-00001-of-00003.gguf` and so on, given by one of them.
///
/// The first part has the metadata; each part lists its own tensors, whose offsets count from its
/// own data.
struct GGUFParts {
    private let files: [(path: String, file: GGUFFile)]
    private let split: GGUFFile.Split

    /// Opens the parts beside the one at `path`.
    ///
    /// - Throws: `CheckpointError`, which names a part that is missing or belongs to another model.
    init(_ given: GGUFFile, _ split: GGUFFile.Split, at path: String) throws {
        self.split = split
        guard let name = PartName(path), name.count == split.count, name.part == split.part + 1
        else {
            throw CheckpointError.inFile(
                path: path,
                .partName(part: split.part + 1, count: split.count))
        }
        files = try (1...split.count).map { part in
            let sibling = name.path(of: part)
            return (sibling, part == name.part ? given : try Self.open(sibling, part, split))
        }
    }

    private static func open(
        _ path: String, _ part: Int, _ split: GGUFFile.Split
    ) throws -> GGUFFile {
        guard Directory.holds(path) else {
            throw CheckpointError.missingPart(path: path, part: part, count: split.count)
        }
        return try CheckpointError.at(path) {
            let file = try GGUFFile(MappedFile(path))
            guard let found = file.split, found.part == part - 1, found.count == split.count else {
                throw CheckpointError.otherPart(
                    found: file.split.map { $0.part + 1 }, of: file.split?.count, part: part,
                    count: split.count)
            }
            return file
        }
    }

    var metadata: GGUFMetadata { files[0].file.metadata }

    /// Those of all parts.
    ///
    /// - Throws: `CheckpointError` for a tensor in two parts, and if there are fewer than declared.
    func tensors() throws -> [String: TensorEntry] {
        var tensors: [String: TensorEntry] = [:]
        for (path, file) in files {
            for tensor in file.tensors
            where tensors.updateValue(tensor, forKey: tensor.name) != nil {
                throw CheckpointError.inFile(
                    path: path, .duplicate(what: "tensor", name: tensor.name))
            }
        }
        if let promised = split.tensors, promised != tensors.count {
            throw CheckpointError.inFile(
                path: files[0].path,
                .tensorsOfParts(found: tensors.count, expected: promised))
        }
        return tensors
    }
}

/// `big-00002-of-00003.gguf`, the name that tools give to the parts of a model.
struct PartName {
    /// Without the number of the part.
    let stem: String
    /// From 1.
    let part: Int
    let count: Int

    init?(_ path: String) {
        guard let match = path.wholeMatch(of: /(?s)(.+)-(\d{5})-of-(\d{5})\.gguf/),
            let part = Int(match.2), let count = Int(match.3)
        else { return nil }
        (stem, self.part, self.count) = (String(match.1), part, count)
    }

    /// Whether this is an earlier part of the same model.
    func isEarlier(than other: PartName) -> Bool {
        stem == other.stem && count == other.count && part < other.part
    }

    func path(of part: Int) -> String {
        "\(stem)-\(Self.digits(part))-of-\(Self.digits(count)).gguf"
    }

    /// The name that a part should have.
    static func example(_ part: Int, _ count: Int) -> String {
        "NAME-\(digits(part))-of-\(digits(count)).gguf"
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
