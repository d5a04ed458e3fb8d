import Foundation

/// Makes safetensors files of F32.
enum SafetensorsBuilder {
    static func file(_ tensors: [(name: String, shape: [Int], values: [Float])]) throws -> Data {
        var begin = 0
        var header: [String: Any] = [:]
        for (name, shape, values) in tensors {
            let end = begin + 4 * values.count
            header[name] =
                ["dtype": "F32", "shape": shape, "data_offsets": [begin, end]] as [String: Any]
            begin = end
        }
        let json = try JSONSerialization.data(withJSONObject: header)
        return GGUFBuilder.bytes(UInt64(json.count)) + json
            + GGUFBuilder.floats(tensors.flatMap(\.values))
    }
}

/// Makes GGUF files.
struct GGUFBuilder {
    private var pairs: [Data] = []
    private var tensors: [Data] = []
    private var data = Data()

    mutating func add(_ key: String, _ value: Int) {
        pairs.append(Self.string(key) + Self.bytes(UInt32(4)) + Self.bytes(UInt32(value)))
    }

    mutating func add(_ key: String, _ value: Float) {
        pairs.append(Self.string(key) + Self.bytes(UInt32(6)) + Self.bytes(value.bitPattern))
    }

    mutating func add(_ key: String, _ value: Bool) {
        pairs.append(Self.string(key) + Self.bytes(UInt32(7)) + [value ? 1 : 0])
    }

    mutating func add(_ key: String, _ value: String) {
        pairs.append(Self.string(key) + Self.bytes(UInt32(8)) + Self.string(value))
    }

    mutating func add(_ key: String, _ values: [String]) {
        pairs.append(array(key, 8, values.map(Self.string)))
    }

    mutating func add(_ key: String, _ values: [Int]) {
        pairs.append(array(key, 5, values.map { Self.bytes(Int32($0)) }))
    }

    private func array(_ key: String, _ type: UInt32, _ values: [Data]) -> Data {
        Self.string(key) + Self.bytes(UInt32(9)) + Self.bytes(type)
            + Self.bytes(UInt64(values.count)) + values.joined()
    }

    /// An F32 tensor.
    mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
        let sizes = Data(shape.reversed().flatMap { Self.bytes(UInt64($0)) })
        tensors.append(
            Self.string(name) + Self.bytes(UInt32(shape.count)) + sizes + Self.bytes(UInt32(0))
                + Self.bytes(UInt64(data.count)))
        data += Self.floats(values)
        pad(&data)
    }

    var file: Data {
        var file = Data("GGUF".utf8) + Self.bytes(UInt32(3))
        file += Self.bytes(UInt64(tensors.count)) + Self.bytes(UInt64(pairs.count))
        file += pairs.joined()
        file += tensors.joined()
        pad(&file)
        return file + data
    }

    private func pad(_ bytes: inout Data) {
        bytes += Data(count: -bytes.count & 31)
    }

    static func string(_ text: String) -> Data { bytes(UInt64(text.utf8.count)) + text.utf8 }

    static func bytes(_ value: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }

    static func floats(_ values: [Float]) -> Data {
        values.withUnsafeBytes { Data($0) }
    }
}
