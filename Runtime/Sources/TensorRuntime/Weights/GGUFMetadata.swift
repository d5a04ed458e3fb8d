/// The key/value pairs of a GGUF file.
///
/// Vocabularies with hundreds of thousands of strings stay in the mapped file until they are read.
/// Each accessor comes in two forms: plain, for which a missing key is an error, and `ifPresent`. A
/// value of another kind is an error in both.
public struct GGUFMetadata: Sendable {
    let file: MappedFile
    private let values: [String: GGUFValue]

    init(_ cursor: inout ByteCursor, count: Int) throws {
        file = cursor.file
        var values: [String: GGUFValue] = [:]
        for _ in 0..<count {
            let key = try cursor.string("a metadata key")
            let value = try GGUFValue(&cursor, key: key)
            guard values.updateValue(value, forKey: key) == nil else {
                throw CheckpointError.duplicate(what: "metadata key", name: key)
            }
        }
        self.values = values
    }

    public var keys: [String] { values.keys.sorted() }

    /// As the file has them.
    var keysInOrder: [String] {
        values.sorted { $0.value.offset < $1.value.offset }.map(\.key)
    }

    public func has(_ key: String) -> Bool { values[key] != nil }

    func value(_ key: String) -> GGUFValue? { values[key] }
}

// MARK: - Single values

extension GGUFMetadata {
    public func int(_ key: String) throws -> Int { try require(int(ifPresent: key), key) }
    public func float(_ key: String) throws -> Float { try require(float(ifPresent: key), key) }
    public func bool(_ key: String) throws -> Bool { try require(bool(ifPresent: key), key) }
    public func string(_ key: String) throws -> String { try require(string(ifPresent: key), key) }

    /// An integer of any width.
    public func int(ifPresent key: String) throws -> Int? {
        try single(key, "an integer") { value in
            try integer(value.type, at: value.offset, key)
        }
    }

    /// A floating-point number of either width, or an integer.
    public func float(ifPresent key: String) throws -> Float? {
        try single(key, "a floating-point number") { value in
            try number(value.type, at: value.offset, key)
        }
    }

    public func bool(ifPresent key: String) throws -> Bool? {
        try single(key, "a truth value") { value in
            value.type == .bool ? file[value.offset] != 0 : nil
        }
    }

    public func string(ifPresent key: String) throws -> String? {
        try single(key, "a string") { value in
            guard value.type == .string else { return nil }
            var cursor = ByteCursor(file, at: value.offset)
            return try cursor.string("metadata '\(key)'", most: .max)
        }
    }

    /// - Parameter decode: nil if the value is of another kind.
    private func single<T>(
        _ key: String, _ expected: String, _ decode: (GGUFValue) throws -> T?
    ) throws -> T? {
        guard let value = values[key] else { return nil }
        guard let result = try decode(value) else {
            throw CheckpointError.valueKind(
                key: key, found: value.type.description, expected: expected)
        }
        return result
    }

    private func require<T>(_ value: T?, _ key: String) throws -> T {
        guard let value else { throw CheckpointError.missingKey(key) }
        return value
    }
}

// MARK: - Arrays

extension GGUFMetadata {
    public func ints(_ key: String) throws -> [Int] { try require(ints(ifPresent: key), key) }
    public func floats(_ key: String) throws -> [Float] { try require(floats(ifPresent: key), key) }
    public func bools(_ key: String) throws -> [Bool] { try require(bools(ifPresent: key), key) }
    public func strings(_ key: String) throws -> [String] {
        try require(strings(ifPresent: key), key)
    }
    /// The bytes of an array of strings, which need not be UTF-8.
    public func byteStrings(_ key: String) throws -> [[UInt8]] {
        try require(byteStrings(ifPresent: key), key)
    }

    public func ints(ifPresent key: String) throws -> [Int]? {
        try array(key, "an array of integers") { try integer($0, at: $1, key) }
    }

    public func floats(ifPresent key: String) throws -> [Float]? {
        try array(key, "an array of floating-point numbers") { try number($0, at: $1, key) }
    }

    public func bools(ifPresent key: String) throws -> [Bool]? {
        try array(key, "an array of truth values") { $0 == .bool ? file[$1] != 0 : nil }
    }

    public func strings(ifPresent key: String) throws -> [String]? {
        try stringRanges(key)?.map { range in
            guard let text = file.text(range) else {
                throw CheckpointError.notUTF8(what: "metadata '\(key)'", offset: range.lowerBound)
            }
            return text
        }
    }

    public func byteStrings(ifPresent key: String) throws -> [[UInt8]]? {
        try stringRanges(key)?.map { file.array($0) }
    }

    /// - Parameter decode: an element of a type at an offset, nil if the type is another kind.
    private func array<T>(
        _ key: String, _ expected: String, _ decode: (GGUFValueType, Int) throws -> T?
    ) throws -> [T]? {
        guard let value = values[key] else { return nil }
        guard value.type == .array, value.count == 0 || value.element.size != nil else {
            throw wrongKind(key, value, expected)
        }
        let stride = value.element.size ?? 0
        return try (0..<value.count).map { index in
            guard let item = try decode(value.element, value.offset + index * stride) else {
                throw wrongKind(key, value, expected)
            }
            return item
        }
    }

    private func stringRanges(_ key: String) throws -> [Range<Int>]? {
        guard let value = values[key] else { return nil }
        guard value.type == .array, value.count == 0 || value.element == .string else {
            throw wrongKind(key, value, "an array of strings")
        }
        var cursor = ByteCursor(file, at: value.offset)
        return try (0..<value.count).map { _ in try cursor.stringBytes("metadata '\(key)'") }
    }

    private func wrongKind(
        _ key: String, _ value: GGUFValue, _ expected: String
    ) -> CheckpointError {
        let element = value.type == .array ? " whose elements are \(value.element.description)" : ""
        return .valueKind(key: key, found: value.type.description + element, expected: expected)
    }

    private func require<T>(_ value: [T]?, _ key: String) throws -> [T] {
        guard let value else { throw CheckpointError.missingKey(key) }
        return value
    }
}

// MARK: - Elements

extension GGUFMetadata {
    /// An integer of type `type`, nil for another type.
    private func integer(_ type: GGUFValueType, at offset: Int, _ key: String) throws -> Int? {
        switch type {
        case .uint8: return Int(file.load(offset, as: UInt8.self))
        case .int8: return Int(file.load(offset, as: Int8.self))
        case .uint16: return Int(file.load(offset, as: UInt16.self))
        case .int16: return Int(file.load(offset, as: Int16.self))
        case .uint32: return Int(file.load(offset, as: UInt32.self))
        case .int32: return Int(file.load(offset, as: Int32.self))
        case .int64: return Int(file.load(offset, as: Int64.self))
        case .uint64:
            guard let value = Int(exactly: file.load(offset, as: UInt64.self)) else {
                throw CheckpointError.valueRange(key: key)
            }
            return value
        case .float32, .float64, .bool, .string, .array: return nil
        }
    }

    private func number(_ type: GGUFValueType, at offset: Int, _ key: String) throws -> Float? {
        switch type {
        case .float32: Float(bitPattern: file.load(offset, as: UInt32.self))
        case .float64: Float(Double(bitPattern: file.load(offset, as: UInt64.self)))
        default: try integer(type, at: offset, key).map { Float($0) }
        }
    }
}
