/// The part of a GGUF file before its data, in the making.
struct GGUFHeader {
    static let alignment = 32

    private var pairs: [[UInt8]] = []
    private var records: [[UInt8]] = []
    /// Where the next tensor begins in the data.
    private(set) var dataEnd = 0

    /// A value as another file has it.
    mutating func add(_ key: String, _ value: GGUFValue, of file: MappedFile) {
        var bytes = Self.bytes(value.type.rawValue)
        if value.type == .array {
            bytes += Self.bytes(value.element.rawValue) + Self.bytes(UInt64(value.count))
        }
        pairs.append(Self.string(key) + bytes + file.array(value.offset..<value.end))
    }

    mutating func add(_ key: String, _ number: UInt32) {
        pairs.append(
            Self.string(key) + Self.bytes(GGUFValueType.uint32.rawValue) + Self.bytes(number))
    }

    /// A tensor whose data follows that of those before it.
    mutating func add(_ name: String, shape: [Int], _ type: ElementType) {
        var record = Self.string(name) + Self.bytes(UInt32(shape.count))
        // The file lists the fastest axis first.
        for size in shape.reversed() { record += Self.bytes(UInt64(size)) }
        records.append(record + Self.bytes(type.rawValue) + Self.bytes(UInt64(dataEnd)))
        dataEnd += Self.padded(type.bytes(of: shape.reduce(1, *)))
    }

    static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    var bytes: [UInt8] {
        var file = GGUFFile.magic + Self.bytes(UInt32(3))
        file += Self.bytes(UInt64(records.count)) + Self.bytes(UInt64(pairs.count))
        for part in pairs + records { file += part }
        return file + [UInt8](repeating: 0, count: Self.padded(file.count) - file.count)
    }

    private static func string(_ text: String) -> [UInt8] {
        bytes(UInt64(text.utf8.count)) + text.utf8
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
