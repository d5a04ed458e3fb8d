extension Tensor {
    /// Concatenates tensors along the last axis.
    ///
    /// - Parameter parts: at least one, F32, of one shape but for the last axis.
    /// - Throws: `shapesDiffer`, `element`.
    public init(besides parts: [Tensor]) throws(TensorError) {
        precondition(!parts.isEmpty)
        for part in parts {
            try part.requireF32("a part of a joined tensor")
            guard part.shape.dropLast() == parts[0].shape.dropLast() else {
                throw .shapesDiffer(
                    operation: "joining columns", left: parts[0].shape, right: part.shape)
            }
        }
        let width = parts.reduce(0) { $0 + $1.width }
        self.init(uninitialized: parts[0].shape.dropLast() + [width])
        let out = data(as: Float.self)
        forRows(of: self) { row in
            var target = out + row * width
            for part in parts {
                target.update(from: part.data(as: Float.self) + row * part.width, count: part.width)
                target += part.width
            }
        }
        withExtendedLifetime(parts) {}
    }
}
