/// How a file stores elements: blocks of `blockSize` elements in `blockBytes` bytes.
///
/// More types can be stored than computed with: a checkpoint with any of them opens, and reading a
/// tensor whose `element` is nil is an error.
public struct StoredType: Sendable, Equatable {
    public let name: String
    public let blockSize: Int
    public let blockBytes: Int
    public let element: ElementType?

    /// The bytes of a tensor, nil if a row is not whole blocks or the size overflows.
    func byteCount(shape: [Int]) -> Int? {
        guard (shape.last ?? 1).isMultiple(of: blockSize) else { return nil }
        var elements = 1
        // A zero anywhere makes the product zero, but must not hide an overflow of the others.
        for axis in shape {
            let (product, overflow) = elements.multipliedReportingOverflow(by: max(axis, 1))
            if overflow { return nil }
            elements = product
        }
        if shape.contains(0) { return 0 }
        let (bytes, overflow) = (elements / blockSize).multipliedReportingOverflow(by: blockBytes)
        return overflow ? nil : bytes
    }
}

// MARK: - GGUF

extension StoredType {
    /// The type with a number of `ggml_type`, nil if it is unknown or was removed.
    static func gguf(_ id: UInt32) -> StoredType? {
        if id == 40 {
            return StoredType(name: "NVFP4", blockSize: 64, blockBytes: 36, element: nil)
        }
        return ElementType(rawValue: id).map { element in
            StoredType(
                name: element.name, blockSize: element.blockSize, blockBytes: element.blockBytes,
                element: element.isReadable ? element : nil)
        }
    }
}

// MARK: - safetensors

extension StoredType {
    static func safetensors(_ name: String) -> StoredType? {
        guard let row = safetensorsTypes[name] else { return nil }
        return StoredType(name: name, blockSize: 1, blockBytes: row.bytes, element: row.element)
    }

    private static let safetensorsTypes: [String: (bytes: Int, element: ElementType?)] = [
        "F64": (8, .f64), "F32": (4, .f32), "F16": (2, .f16), "BF16": (2, .bf16),
        "I64": (8, .i64), "I32": (4, .i32), "I16": (2, .i16), "I8": (1, .i8),
        "U64": (8, nil), "U32": (4, nil), "U16": (2, nil), "U8": (1, nil), "BOOL": (1, nil),
        "F8_E4M3": (1, nil), "F8_E5M2": (1, nil),
    ]
}
