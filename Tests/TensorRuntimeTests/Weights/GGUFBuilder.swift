/// Makes small GGUF files, valid or not.
struct GGUFBuilder {
    var version: UInt32 = 3
    var alignment = 32
    private var pairs: [[UInt8]] = []
    private var tensors: [[UInt8]] = []
    private var data: [UInt8] = []

    mutating func add(_ key: String, _ type: UInt32, _ value: [UInt8]) {
        pairs.append(Self.string(key) + Self.bytes(type) + value)
    }

    /// - Parameter offset: in the data; nil appends `bytes` and points at them.
    mutating func add(
        _ name: String, shape: [Int], type: UInt32, bytes: [UInt8], offset: Int? = nil
    ) {
        let sizes = shape.reversed().flatMap { Self.bytes(UInt64($0)) }
        let place = Self.bytes(type) + Self.bytes(UInt64(offset ?? data.count))
        tensors.append(Self.string(name) + Self.bytes(UInt32(shape.count)) + sizes + place)
        data += bytes
        pad(&data)
    }

    var file: [UInt8] {
        var file = Array("GGUF".utf8) + Self.bytes(version)
        file += Self.bytes(UInt64(tensors.count)) + Self.bytes(UInt64(pairs.count))
        file += pairs.joined()
        file += tensors.joined()
        pad(&file)
        return file + data
    }

    private func pad(_ bytes: inout [UInt8]) {
        bytes += [UInt8](repeating: 0, count: -bytes.count & (alignment - 1))
    }

    static func string(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + text.utf8 }

    static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    static func floats(_ values: [Float]) -> [UInt8] { values.flatMap { bytes($0.bitPattern) } }
}

/// Makes safetensors files out of the text of their header.
enum SafetensorsBuilder {
    static func file(_ header: String, data: [UInt8] = []) -> [UInt8] {
        GGUFBuilder.bytes(UInt64(header.utf8.count)) + header.utf8 + data
    }

    /// F32 vectors with these names, in order.
    static func vectors(_ vectors: [(name: String, values: [Float])]) -> [UInt8] {
        var begin = 0
        let entries = vectors.map { name, values in
            defer { begin += 4 * values.count }
            let end = begin + 4 * values.count
            return """
                "\(name)":{"dtype":"F32","shape":[\(values.count)],"data_offsets":[\(begin),\(end)]}
                """
        }
        return file(
            "{\(entries.joined(separator: ","))}",
            data: GGUFBuilder.floats(vectors.flatMap(\.values)))
    }
}
