import Foundation

/// The arrays of a safetensors file.
package struct Arrays {
    package struct Array: Sendable {
        package let shape: [Int]
        package let floats: [Float]

        package init(shape: [Int], floats: [Float]) {
            self.shape = shape
            self.floats = floats
        }

        /// Along the first axis.
        package var rows: [[Float]] {
            let width = shape.dropFirst().reduce(1, *)
            return (0..<(shape.first ?? 0)).map {
                Swift.Array(floats[$0 * width..<($0 + 1) * width])
            }
        }
    }

    package private(set) var arrays: [String: Array] = [:]

    package init(_ path: String) throws {
        let file = try TestFiles.data(path)
        let length = Int(file.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.1) << (8 * $1.0) })
        let header = try JSONSerialization.jsonObject(with: file[8..<8 + length])
        guard let entries = header as? [String: [String: Any]] else { return }
        for (name, entry) in entries {
            guard let shape = entry["shape"] as? [Int], let type = entry["dtype"] as? String,
                let offsets = entry["data_offsets"] as? [Int]
            else { continue }
            let bytes = file[8 + length + offsets[0]..<8 + length + offsets[1]]
            arrays[name] = Array(shape: shape, floats: Self.floats(bytes, type))
        }
    }

    package subscript(_ name: String) -> Array { arrays[name]! }

    private static func floats(_ bytes: Data, _ type: String) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            switch type {
            case "F32":
                (0..<bytes.count / 4).map {
                    bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
                }
            case "F16":
                (0..<bytes.count / 2).map {
                    Float(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Float16.self))
                }
            case "I64":
                (0..<bytes.count / 8).map {
                    Float(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
                }
            default: []
            }
        }
    }
}
