/// The types of metadata values, numbered as in the file.
enum GGUFValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array
    case uint64, int64, float64

    /// The size of one value, nil if it depends on the value.
    var size: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }

    /// The least size of any value: the length of a string; type and length of an array.
    var smallestSize: Int { size ?? (self == .string ? 8 : 12) }

    /// The type in words, for errors.
    var description: String {
        switch self {
        case .bool: "a truth value"
        case .string: "a string"
        case .array: "an array"
        case .float32, .float64: "a floating-point number"
        default: "an integer"
        }
    }
}

/// The position of a metadata value; its bytes are decoded on demand.
struct GGUFValue {
    let type: GGUFValueType
    /// For arrays: the type and number of elements. Otherwise `type` and 1.
    let element: GGUFValueType
    let count: Int
    /// The first byte of the value, or of the array's first element.
    let offset: Int
    /// Behind the last byte.
    let end: Int

    private static let mostNested = 8
    /// Far above any vocabulary; limits what decoding a value can allocate.
    private static let mostBytes = 1 << 27

    /// Reads the type, then skips the value, checking that it is complete.
    init(_ cursor: inout ByteCursor, key: String) throws {
        type = try Self.type(&cursor, key: key)
        if type == .array {
            element = try Self.type(&cursor, key: key)
            count = try cursor.count(
                "an array length of", smallest: element.smallestSize)
        } else {
            (element, count) = (type, 1)
        }
        offset = cursor.offset
        try Self.skip(element, count: count, &cursor, key: key, depth: 1)
        end = cursor.offset
        guard cursor.offset - offset <= Self.mostBytes else {
            throw CheckpointError.valueTooLarge(
                key: key, found: cursor.offset - offset, most: Self.mostBytes)
        }
    }

    private static func type(_ cursor: inout ByteCursor, key: String) throws -> GGUFValueType {
        let id = try cursor.integer(UInt32.self, "a metadata type")
        guard let type = GGUFValueType(rawValue: id) else {
            throw CheckpointError.valueType(key: key, found: id)
        }
        return type
    }

    private static func skip(
        _ type: GGUFValueType, count: Int, _ cursor: inout ByteCursor, key: String, depth: Int
    ) throws {
        if let size = type.size {
            // The product fits: a count was compared with the remaining bytes.
            try cursor.take(UInt64(count) * UInt64(size), "a metadata value")
        } else if type == .string {
            for _ in 0..<count { _ = try cursor.stringBytes("a metadata string") }
        } else {
            guard depth < mostNested else {
                throw CheckpointError.nestedTooDeep(key: key, most: mostNested)
            }
            for _ in 0..<count {
                let element = try Self.type(&cursor, key: key)
                let inner = try cursor.count("an array length of", smallest: element.smallestSize)
                try skip(element, count: inner, &cursor, key: key, depth: depth + 1)
            }
        }
    }
}
