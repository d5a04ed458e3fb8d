extension Tensor {
    /// Entries of the first axis, without a copy.
    ///
    /// - Parameter range: within the first axis.
    public func rows(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= shape[0])
        let each = shape[0] == 0 ? 0 : byteCount / shape[0]
        return Tensor(
            unchecked: storage, byteOffset + range.lowerBound * each, element,
            [range.count] + shape.dropFirst())
    }

    /// The same elements under another shape, without a copy.
    ///
    /// - Parameter shape: one axis may be -1, which takes what is left.
    /// - Throws: `shape` if the elements do not fit.
    public func reshaped(_ shape: Int...) throws(TensorError) -> Tensor {
        let known = shape.filter { $0 != -1 }.reduce(1, *)
        let rest = known == 0 ? 0 : count / known
        let whole = shape.map { $0 == -1 ? rest : $0 }
        guard whole.reduce(1, *) == count, (whole.last ?? 1) % element.blockSize == 0 else {
            throw .shape(of: "a reshaped tensor", found: self.shape, expected: "\(shape)")
        }
        return Tensor(unchecked: storage, byteOffset, element, whole)
    }

    /// The bytes, valid while the closure runs.
    public func withBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(bytes))
    }

    /// The numbers of an F32 tensor, valid while the closure runs.
    public func withFloats<R, E: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        precondition(element == .f32)
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: data(), count: count))
    }

    /// The numbers of an F32 tensor to write to, valid while the closure runs.
    ///
    /// Other tensors that share the storage keep the old numbers.
    public mutating func withMutableFloats<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        precondition(element == .f32)
        copyIfShared()
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: data(), count: count))
    }

    /// A copy of the numbers of an F32 tensor, in row-major order.
    public var floats: [Float] {
        withFloats { Array($0) }
    }

    /// The first element; the caller keeps the tensor alive.
    func data<T>(as type: T.Type = T.self) -> UnsafeMutablePointer<T> {
        (storage.base + byteOffset).assumingMemoryBound(to: T.self)
    }

    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: storage.base + byteOffset, count: byteCount)
    }

    private mutating func copyIfShared() {
        if isKnownUniquelyReferenced(&storage), storage.isOwned { return }
        let copy = Tensor(element, uninitialized: shape)
        copy.bytes.copyMemory(from: UnsafeRawBufferPointer(bytes))
        self = copy
    }
}
