/// What can be wrong with a checkpoint or with a request to it.
public enum CheckpointError: Error, Equatable, Sendable {
    /// Any of the others, with the file in which it was found.
    indirect case inFile(path: String, CheckpointError)

    // Files and folders
    case unreadable(reason: String)
    case notAFile
    case notACheckpoint
    case gitPointer
    case noWeights
    case severalCheckpoints([String])
    case missingFile(String)
    case tooLarge(found: Int, most: Int)
    case fileNameWithPath(String)

    // Any format
    case truncated(what: String, offset: Int, needed: UInt64, left: Int)
    case countTooLarge(what: String, found: UInt64, most: Int)
    case nameTooLong(what: String, found: Int, most: Int)
    case notUTF8(what: String, offset: Int)
    case duplicate(what: String, name: String)
    case shapeTooLarge(tensor: String, shape: [UInt64])
    case outsideData(tensor: String, offset: UInt64, size: Int, available: Int)
    case overlap(tensor: String, with: String)

    // GGUF
    case version(UInt32)
    case bigEndian
    case split(part: Int, count: Int)
    case partName(part: Int, count: Int)
    case missingPart(path: String, part: Int, count: Int)
    case otherPart(found: Int?, of: Int?, part: Int, count: Int)
    case tensorsOfParts(found: Int, expected: Int)
    case valueType(key: String, found: UInt32)
    case valueTooLarge(key: String, found: Int, most: Int)
    case nestedTooDeep(key: String, most: Int)
    case alignment(Int)
    case tooManyDimensions(tensor: String, found: UInt32, most: Int)
    case elementType(tensor: String, found: UInt32)
    case partialBlock(tensor: String, row: Int, block: Int)
    case misaligned(tensor: String, offset: UInt64, alignment: Int)

    // safetensors
    case headerTooLong(found: UInt64, most: Int)
    case json(offset: Int, found: String, expected: String)
    case missingField(tensor: String, field: String)
    case elementTypeName(tensor: String, found: String)
    case byteCount(tensor: String, found: Int, expected: Int)
    case gap(before: String, bytes: Int)
    case trailingBytes(Int)
    case notInShard(tensor: String, shard: String)

    // Quantized weights in several tensors
    case quantization(key: String, found: String, expected: String)
    case axes(tensor: String, found: [Int], expected: Int)
    case words(tensor: String, found: String)
    case groups(tensor: String, columns: Int, groups: Int)
    case packing(tensor: String, found: [Int], of: [Int])
    case zeroPoints(tensor: String)

    // Metadata
    case missingKey(String)
    case valueKind(key: String, found: String, expected: String)
    case valueRange(key: String)

    // Files that are written
    case exists
    case unwritable(reason: String)
    case notFinite(tensor: String)

    // Weights
    case missingTensor(String, near: [String])
    case sameName(String, stored: [String])
    case shape(tensor: String, found: [Int], expected: [Int])
    case unsupportedType(tensor: String, type: String)
    case unread([String])
}

extension CheckpointError {
    /// Runs `body` and adds the path to what it throws.
    static func at<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as CheckpointError {
            if case .inFile = error { throw error }
            throw CheckpointError.inFile(path: path, error)
        }
    }
}

extension CheckpointError {
    /// Whether the files themselves are missing or unreadable.
    public var isAboutFiles: Bool {
        switch self {
        case .inFile(_, let error): error.isAboutFiles
        case .unreadable, .notAFile, .missingFile, .gitPointer, .missingPart: true
        default: false
        }
    }

    /// Whether the file may be valid, but of a format that is not supported.
    public var isOfAnotherFormat: Bool {
        switch self {
        case .inFile(_, let error): error.isOfAnotherFormat
        case .notACheckpoint, .noWeights: true
        default: false
        }
    }
}
