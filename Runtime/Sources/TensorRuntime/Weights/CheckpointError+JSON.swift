import ModelJSON

extension CheckpointError {
    /// Reads the JSON in a part of a file as strictly as possible: it says where tensors are.
    ///
    /// - Throws: `CheckpointError.json`, `.notUTF8` and `.duplicate`, with offsets in the file.
    static func readingJSON(
        _ file: MappedFile, _ range: Range<Int>, _ body: (inout JSONReader) throws -> Void
    ) throws {
        do {
            var reader = try JSONReader(file.array(range), depth: 32, distinctKeys: true)
            try body(&reader)
            try reader.end()
        } catch let fault as JSONFault {
            throw CheckpointError(fault, from: range.lowerBound)
        }
    }

    private init(_ fault: JSONFault, from start: Int) {
        switch fault {
        case .unexpected(let offset, let found, let expected):
            self = .json(offset: start + offset, found: found, expected: expected)
        case .notUTF8(let offset): self = .notUTF8(what: "the JSON", offset: start + offset)
        case .duplicateKey(let key, _): self = .duplicate(what: "key", name: key)
        }
    }
}
