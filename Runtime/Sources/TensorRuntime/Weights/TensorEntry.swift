/// The position of a tensor in a checkpoint.
public struct TensorEntry: Sendable {
    /// The name in the file.
    public let name: String
    public let shape: [Int]
    public let type: StoredType
    let file: MappedFile
    let bytes: Range<Int>
    /// What makes the tensor of this one and others, where the file has it in parts.
    var assembly: (any WeightAssembly)?

    /// The number of its elements.
    public var elements: Int { shape.reduce(1, *) }

    /// The tensor, over the mapped file without a copy if the bytes are aligned.
    /// - Throws: `CheckpointError.unsupportedType`.
    public func read() throws -> Tensor {
        if let assembly { return try assembly.weight() }
        guard let element = type.element else {
            throw CheckpointError.unsupportedType(tensor: name, type: type.name)
        }
        let storage = file.withBytes(bytes) { aligned($0, for: element) }
        return try Tensor(storage, element: element, shape: shape)
    }

    /// safetensors guarantees no alignment, GGUF only what the file claims.
    private func aligned(_ lent: UnsafeRawBufferPointer, for element: ElementType) -> Storage {
        // Blocks hold half-precision scales.
        let alignment = element.isPlain ? element.blockBytes : 2
        if UInt(bitPattern: lent.baseAddress).isMultiple(of: UInt(alignment)) {
            return Storage(lent: lent, by: file)
        }
        let copy = Storage(byteCount: lent.count)
        UnsafeMutableRawBufferPointer(start: copy.base, count: lent.count).copyMemory(from: lent)
        return copy
    }
}
