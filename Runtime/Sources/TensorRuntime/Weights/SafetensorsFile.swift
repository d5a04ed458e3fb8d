import ModelJSON

/// The header of a safetensors file.
///
///     length u64  {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …}  data
///
/// Read strictly: the tensors must fill the data without overlaps or gaps, so that no bytes are
/// hidden and no two readers see different tensors.
struct SafetensorsFile {
    let tensors: [TensorEntry]

    /// The limit of the reference implementation.
    private static let longestHeader = 100_000_000

    init(_ file: MappedFile) throws {
        try file.requireNoPointer()
        var cursor = ByteCursor(file)
        let length = try cursor.integer(UInt64.self, "the header length")
        guard length <= UInt64(Self.longestHeader) else {
            throw CheckpointError.headerTooLong(found: length, most: Self.longestHeader)
        }
        let header = try cursor.take(length, "the header")
        let records = try Self.records(file, header)
        let available = file.count - header.upperBound
        try Self.checkCovered(records, available: available)
        tensors = records.map { record in
            let range = header.upperBound + record.begin..<header.upperBound + record.end
            return TensorEntry(
                name: record.name, shape: record.shape, type: record.type, file: file, bytes: range)
        }
    }

    private static func records(
        _ file: MappedFile, _ header: Range<Int>
    ) throws -> [SafetensorsRecord] {
        var records: [SafetensorsRecord] = []
        try CheckpointError.readingJSON(file, header) { json in
            try json.object { json, name in
                if name == "__metadata__" {
                    try json.object { json, _ in _ = try json.string() }
                } else {
                    try records.append(SafetensorsRecord(name, &json))
                }
            }
        }
        return records
    }

    private static func checkCovered(_ records: [SafetensorsRecord], available: Int) throws {
        var covered = 0
        var last = ""
        for record in records.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard record.end <= available else {
                throw CheckpointError.outsideData(
                    tensor: record.name, offset: UInt64(record.begin),
                    size: record.end - record.begin, available: available)
            }
            if record.begin < covered {
                throw CheckpointError.overlap(tensor: record.name, with: last)
            }
            if record.begin > covered {
                throw CheckpointError.gap(before: record.name, bytes: record.begin - covered)
            }
            (covered, last) = (record.end, record.name)
        }
        if covered < available { throw CheckpointError.trailingBytes(available - covered) }
    }
}

/// One tensor as the header describes it.
private struct SafetensorsRecord {
    let name: String
    let type: StoredType
    let shape: [Int]
    let begin: Int
    let end: Int

    init(_ name: String, _ json: inout JSONReader) throws {
        var fields = Fields()
        try json.object { json, field in try fields.read(field, &json) }
        guard let typeName = fields.type else {
            throw CheckpointError.missingField(tensor: name, field: "dtype")
        }
        guard let shape = fields.shape else {
            throw CheckpointError.missingField(tensor: name, field: "shape")
        }
        guard let offsets = fields.offsets, offsets.count == 2 else {
            throw CheckpointError.missingField(tensor: name, field: "data_offsets")
        }
        guard let type = StoredType.safetensors(typeName) else {
            throw CheckpointError.elementTypeName(tensor: name, found: typeName)
        }
        (self.name, self.type, self.shape) = (name, type, shape)
        (begin, end) = (offsets[0], offsets[1])
        try checkSize()
    }

    private func checkSize() throws {
        guard let expected = type.byteCount(shape: shape) else {
            throw CheckpointError.shapeTooLarge(tensor: name, shape: shape.map(UInt64.init))
        }
        // Both ends are natural numbers, so the difference cannot overflow.
        guard end - begin == expected else {
            throw CheckpointError.byteCount(tensor: name, found: end - begin, expected: expected)
        }
    }

    /// The members of a tensor's object, in any order.
    private struct Fields {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?

        mutating func read(_ field: String, _ json: inout JSONReader) throws {
            switch field {
            case "dtype": type = try json.string()
            case "shape": shape = try json.naturals()
            case "data_offsets": offsets = try json.naturals()
            default: try json.skip()
            }
        }
    }
}

extension JSONReader {
    fileprivate mutating func naturals() throws -> [Int] {
        var numbers: [Int] = []
        try array { try numbers.append($0.natural()) }
        return numbers
    }
}
