/// The directory of a GGUF file, version 2 or 3: metadata, and where each tensor is.
///
///     "GGUF"  version u32  tensors u64  pairs u64
///     pairs:    key, type u32, value
///     tensors:  name, dimensions u32, sizes u64…, type u32, offset u64
///     padding to the alignment, then the data
///
/// Everything is checked here against the length of the file, so that later reads cannot fail.
struct GGUFFile {
    let metadata: GGUFMetadata
    let tensors: [TensorEntry]
    /// Which part of a model this is, if the model has several.
    let split: Split?

    /// `split.*`
    struct Split: Equatable {
        /// From 0.
        var part: Int
        var count: Int
        /// Of all parts.
        var tensors: Int?
    }

    init(_ file: MappedFile) throws {
        var cursor = ByteCursor(file)
        let counts = try Self.header(&cursor)
        metadata = try GGUFMetadata(&cursor, count: counts.pairs)
        split = try Split(metadata)
        let alignment = try Self.alignment(metadata)
        let records = try Self.records(&cursor, count: counts.tensors)

        let padding = -cursor.offset & (alignment - 1)
        // A tensor without elements may be all that lies beyond the end of the padding.
        let start = min(records.isEmpty ? cursor.offset : cursor.offset + padding, file.count)
        let size = file.count - start
        tensors = try records.map { record in
            let range = try record.range(available: size, alignment: alignment)
            return TensorEntry(
                name: record.name, shape: record.shape, type: record.type, file: file,
                bytes: start + range.lowerBound..<start + range.upperBound)
        }
        try Self.checkApart(tensors)
    }

    static let magic: [UInt8] = Array("GGUF".utf8)

    private static func header(_ cursor: inout ByteCursor) throws -> (tensors: Int, pairs: Int) {
        try cursor.file.requireNoPointer()
        let magic = try cursor.take(4, "the magic number")
        guard cursor.file.array(magic) == Self.magic else {
            throw CheckpointError.notACheckpoint
        }
        let version = try cursor.integer(UInt32.self, "the version")
        guard version == 2 || version == 3 else {
            let swapped = version.byteSwapped
            throw swapped == 2 || swapped == 3
                ? CheckpointError.bigEndian : CheckpointError.version(version)
        }
        // A tensor record without a name and dimensions has 24 bytes; a pair with an empty key
        // and a one-byte value has 13.
        let tensors = try cursor.count("a number of tensors of", smallest: 24)
        let pairs = try cursor.count("a number of metadata values of", smallest: 13)
        return (tensors, pairs)
    }

    private static func alignment(_ metadata: GGUFMetadata) throws -> Int {
        let alignment = try metadata.int(ifPresent: "general.alignment") ?? 32
        guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 30 else {
            throw CheckpointError.alignment(alignment)
        }
        return alignment
    }

    /// Grows as records are read: the count is only a claim.
    private static func records(
        _ cursor: inout ByteCursor, count: Int
    ) throws -> [GGUFTensorRecord] {
        var records: [GGUFTensorRecord] = []
        var names = Set<String>()
        for _ in 0..<count {
            let record = try GGUFTensorRecord(&cursor)
            guard names.insert(record.name).inserted else {
                throw CheckpointError.duplicate(what: "tensor", name: record.name)
            }
            records.append(record)
        }
        return records
    }

    /// No two tensors share bytes.
    private static func checkApart(_ tensors: [TensorEntry]) throws {
        let filled = tensors.filter { !$0.bytes.isEmpty }
            .sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (tensor, next) in zip(filled, filled.dropFirst())
        where next.bytes.lowerBound < tensor.bytes.upperBound {
            throw CheckpointError.overlap(tensor: next.name, with: tensor.name)
        }
    }
}

extension GGUFFile.Split {
    private static let mostParts = 99_999

    /// Nil for a model in one file.
    fileprivate init?(_ metadata: GGUFMetadata) throws {
        guard let count = try metadata.int(ifPresent: "split.count"), count > 1 else { return nil }
        let part = try metadata.int("split.no")
        guard count <= Self.mostParts, (0..<count).contains(part) else {
            throw CheckpointError.split(part: part, count: count)
        }
        self.init(
            part: part, count: count, tensors: try metadata.int(ifPresent: "split.tensors.count"))
    }
}

/// One tensor as the file describes it.
struct GGUFTensorRecord {
    let name: String
    let shape: [Int]
    let type: StoredType
    let offset: UInt64
    let size: Int

    /// The format's own limit.
    private static let mostDimensions = 4

    init(_ cursor: inout ByteCursor) throws {
        name = try cursor.string("a tensor name")
        shape = try Self.shape(&cursor, of: name)
        let id = try cursor.integer(UInt32.self, "a tensor type")
        offset = try cursor.integer(UInt64.self, "a tensor offset")
        guard let type = StoredType.gguf(id) else {
            throw CheckpointError.elementType(tensor: name, found: id)
        }
        self.type = type
        let row = shape.last ?? 1
        guard row.isMultiple(of: type.blockSize) else {
            throw CheckpointError.partialBlock(tensor: name, row: row, block: type.blockSize)
        }
        guard let size = type.byteCount(shape: shape) else {
            throw CheckpointError.shapeTooLarge(tensor: name, shape: shape.map(UInt64.init))
        }
        self.size = size
    }

    /// The file lists the fastest axis first, tensors list it last.
    private static func shape(_ cursor: inout ByteCursor, of name: String) throws -> [Int] {
        let dimensions = try cursor.integer(UInt32.self, "a tensor shape")
        guard dimensions <= mostDimensions else {
            throw CheckpointError.tooManyDimensions(
                tensor: name, found: dimensions, most: mostDimensions)
        }
        let sizes = try (0..<dimensions).map { _ in
            try cursor.integer(UInt64.self, "a tensor shape")
        }
        guard sizes.allSatisfy({ $0 <= UInt64(Int.max) }) else {
            throw CheckpointError.shapeTooLarge(tensor: name, shape: sizes.reversed())
        }
        return sizes.reversed().map { Int($0) }
    }

    /// Where the tensor is within `available` bytes of data.
    func range(available: Int, alignment: Int) throws -> Range<Int> {
        guard offset.isMultiple(of: UInt64(alignment)) else {
            throw CheckpointError.misaligned(tensor: name, offset: offset, alignment: alignment)
        }
        guard offset <= UInt64(available), size <= available - Int(offset) else {
            throw CheckpointError.outsideData(
                tensor: name, offset: offset, size: size, available: available)
        }
        return Int(offset)..<Int(offset) + size
    }
}
