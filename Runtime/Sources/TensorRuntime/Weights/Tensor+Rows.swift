extension Tensor {
    /// A copy whose first axis has the entries `order` of this one, of any element type.
    ///
    /// - Parameter order: indices of the first axis, in the new order; one may appear several times.
    /// - Throws: `TensorError.shape` without a first axis or with blocks along it, `.outOfRange`.
    public func selectingRows(_ order: [Int]) throws(TensorError) -> Tensor {
        guard let count = shape.first, shape.count > 1 || element.isPlain else {
            throw .shape(of: "a tensor of rows", found: shape, expected: "[rows, …]")
        }
        let selection = Tensor(element, uninitialized: [order.count] + shape.dropFirst())
        let each = count == 0 ? 0 : byteCount / count
        for (place, index) in order.enumerated() {
            guard (0..<count).contains(index) else {
                throw .outOfRange("a row", found: index, expected: 0..<count)
            }
            let row = UnsafeRawBufferPointer(rebasing: bytes[index * each..<(index + 1) * each])
            let target = UnsafeMutableRawBufferPointer(
                rebasing: selection.bytes[place * each..<(place + 1) * each])
            target.copyMemory(from: row)
        }
        withExtendedLifetime((storage, selection.storage)) {}
        return selection
    }
}
