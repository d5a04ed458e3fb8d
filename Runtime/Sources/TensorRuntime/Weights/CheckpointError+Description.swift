extension CheckpointError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inFile(let path, let error):
            "\(path): \(error)"

        case .unreadable(let reason):
            "cannot be read: \(reason)"
        case .notAFile:
            "is not a regular file"
        case .notACheckpoint:
            "does not start with 'GGUF'; give a .gguf file or a directory with config.json and safetensors"
        case .gitPointer:
            "is a Git LFS pointer and not the file itself; fetch that with git lfs pull"
        case .noWeights:
            "has no model.safetensors, no model.safetensors.index.json and no .gguf file"
        case .severalCheckpoints(let names):
            "holds \(names.count) .gguf files; give the path of one: \(list(names))"
        case .missingFile(let name):
            "has no file '\(name)'"
        case .tooLarge(let found, let most):
            "has \(found) bytes, at most \(most) are read"
        case .fileNameWithPath(let name):
            "names the shard '\(name)', expected a file name without a folder"

        case .truncated(let what, let offset, let needed, let left):
            "ends inside \(what): \(left) bytes left at offset \(offset), \(needed) expected; "
                + "is the download complete?"
        case .countTooLarge(let what, let found, let most):
            "claims \(what) \(found), the rest of the file has room for \(most)"
        case .nameTooLong(let what, let found, let most):
            "\(what) has \(found) bytes, expected at most \(most)"
        case .notUTF8(let what, let offset):
            "\(what) at offset \(offset) is not UTF-8"
        case .duplicate(let what, let name):
            "the \(what) '\(name)' appears twice"
        case .shapeTooLarge(let tensor, let shape):
            "tensor '\(tensor)' has shape \(shape), more bytes than can be addressed"
        case .outsideData(let tensor, let offset, let size, let available):
            "tensor '\(tensor)' has \(size) bytes at offset \(offset), beyond the \(available) bytes "
                + "of data; is the download complete?"
        case .overlap(let tensor, let other):
            "tensor '\(tensor)' overlaps tensor '\(other)'"

        case .version(let found):
            "has GGUF version \(found), expected 2 or 3"
        case .bigEndian:
            "is a big-endian GGUF file, expected little-endian"
        case .split(let part, let count):
            "has split.no \(part) and split.count \(count), expected a part of as many"
        case .partName(let part, let count):
            "is part \(part) of \(count) of a split GGUF file, expected the name "
                + "'\(PartName.example(part, count))', as the tools give it"
        case .missingPart(let path, let part, let count):
            "part \(part) of \(count) is missing: there is no \(path)"
        case .otherPart(let found, let foundCount, let part, let count):
            (found.map { "is part \($0) of \(foundCount ?? 0)" } ?? "is no part")
                + " of a split GGUF file, expected part \(part) of \(count)"
        case .tensorsOfParts(let found, let expected):
            "promises \(expected) tensors in all parts, there are \(found)"
        case .valueType(let key, let found):
            "metadata '\(key)' has the unknown value type \(found)"
        case .valueTooLarge(let key, let found, let most):
            "metadata '\(key)' has \(found) bytes, expected at most \(most)"
        case .nestedTooDeep(let key, let most):
            "metadata '\(key)' nests arrays more than \(most) deep"
        case .alignment(let found):
            "general.alignment is \(found), expected a power of two"
        case .tooManyDimensions(let tensor, let found, let most):
            "tensor '\(tensor)' has \(found) dimensions, expected at most \(most)"
        case .elementType(let tensor, let found):
            "tensor '\(tensor)' has the unknown element type \(found)"
        case .partialBlock(let tensor, let row, let block):
            "tensor '\(tensor)' has rows of \(row) elements, expected a multiple of \(block)"
        case .misaligned(let tensor, let offset, let alignment):
            "tensor '\(tensor)' is at offset \(offset), expected a multiple of \(alignment)"

        case .headerTooLong(let found, let most):
            "claims a header of \(found) bytes, expected at most \(most)"
        case .json(let offset, let found, let expected):
            "has \(found) at offset \(offset), expected \(expected)"
        case .missingField(let tensor, let field):
            "tensor '\(tensor)' has no '\(field)'"
        case .elementTypeName(let tensor, let found):
            "tensor '\(tensor)' has the unknown element type '\(found)'"
        case .byteCount(let tensor, let found, let expected):
            "tensor '\(tensor)' has \(found) bytes, expected \(expected) for its shape and type"
        case .gap(let tensor, let bytes):
            "\(bytes) bytes before tensor '\(tensor)' belong to no tensor"
        case .trailingBytes(let count):
            "\(count) bytes after the last tensor belong to no tensor"
        case .notInShard(let tensor, let shard):
            "tensor '\(tensor)' is not in '\(shard)', where the index says it is"

        case .quantization(let key, let found, let expected):
            "'quantization_config.\(key)' is \(found), expected \(expected); use a GGUF file of the "
                + "model"
        case .axes(let tensor, let found, let expected):
            "tensor '\(tensor)' has shape \(found), expected \(expected) axes"
        case .words(let tensor, let found):
            "tensor '\(tensor)' is stored as \(found), expected words of 32 bits"
        case .groups(let tensor, let columns, let groups):
            "tensor '\(tensor)' has \(groups) scales for each row of \(columns) numbers, expected "
                + "groups of a multiple of 32; use a GGUF file of the model"
        case .packing(let tensor, let found, let shape):
            "tensor '\(tensor)' has shape \(found), expected \(shape) in 4 or 8 bits"
        case .zeroPoints(let tensor):
            "the zero points of '\(tensor)' are not in the middle of 8 bits, expected symmetric "
                + "weights; use a GGUF file of the model"

        case .missingKey(let key):
            "metadata '\(key)' is missing"
        case .valueKind(let key, let found, let expected):
            "metadata '\(key)' is \(found), expected \(expected)"
        case .valueRange(let key):
            "metadata '\(key)' is out of range"

        case .exists:
            "is there already; --force replaces it"
        case .unwritable(let reason):
            "cannot be written: \(reason)"
        case .notFinite(let tensor):
            "tensor '\(tensor)' has numbers that are not finite, which no block holds"

        case .missingTensor(let name, let near):
            "tensor '\(name)' is missing" + (near.isEmpty ? "" : "; there is \(list(near))")
        case .sameName(let name, let stored):
            "several tensors are named '\(name)': \(list(stored))"
        case .shape(let tensor, let found, let expected):
            "tensor '\(tensor)' has shape \(found), expected \(expected)"
        case .unsupportedType(let tensor, let type):
            "tensor '\(tensor)' is stored as \(type), which cannot be computed with; use a file of "
                + "another type, such as Q4_K_M, Q8_0 or F16"
        case .unread(let names):
            "\(names.count) tensors are not part of the network: \(list(names))"
        }
    }

    /// The first names, quoted, and how many more there are.
    private func list(_ names: [String]) -> String {
        let most = 8
        let shown = names.prefix(most).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > most ? "\(shown) and \(names.count - most) more" : shown
    }
}
