public import TensorRuntime

/// What the headers of a checkpoint tell of all its tensors.
extension Sequence<TensorEntry> {
    /// The number of weights.
    public var parameters: Int { reduce(0) { $0 + $1.elements } }

    /// Bytes in the files.
    public var storedBytes: UInt64 { reduce(0) { $0 + $1.storedBytes } }

    /// The element type that most weights are stored in.
    public var storedType: StoredType? {
        var counts: [String: (type: StoredType, elements: Int)] = [:]
        for tensor in self {
            let elements = counts[tensor.type.name]?.elements ?? 0
            counts[tensor.type.name] = (tensor.type, elements + tensor.elements)
        }
        return counts.max { ($0.value.elements, $0.key) < ($1.value.elements, $1.key) }?.value.type
    }
}

extension TensorEntry {
    /// Bytes in its file, or as blocks where it is made of parts.
    public var storedBytes: UInt64 { UInt64(elements / type.blockSize * type.blockBytes) }
}
