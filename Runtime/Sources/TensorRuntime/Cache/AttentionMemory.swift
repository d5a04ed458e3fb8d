import CKernels

/// Keys and values of a text of fixed length in every layer, for attention to that text from
/// another sequence, such as a decoder's attention to its source.
///
/// Written once, layer by layer, then only read, by any number of sequences.
public final class AttentionMemory: @unchecked Sendable {
    public let layers: Int
    public let kvHeads: Int
    public let headSize: Int
    /// The positions, at least 1.
    public let length: Int

    let layout: KVPageLayout
    let pages: [KVPage]

    /// - Parameter element: F16, BF16, Q8_0, or F32 where memory matters less than the last digits.
    /// - Throws: `element` for any other type.
    public init(
        layers: Int, kvHeads: Int, headSize: Int, length: Int, element: ElementType = .f16
    ) throws(TensorError) {
        precondition(length > 0)
        try KVPageLayout.require(element, of: "a memory of attention")
        self.layers = layers
        self.kvHeads = kvHeads
        self.headSize = headSize
        self.length = length
        let layout = KVPageLayout(
            layers: layers, kvHeads: kvHeads, headSize: headSize, element: element)
        self.layout = layout
        pages = (0..<(length + layout.positions - 1) / layout.positions).map { _ in
            KVPage(byteCount: layout.byteCount)
        }
    }

    public var byteCount: Int { pages.count * layout.byteCount }

    /// Writes what a layer's attention will read; before any read.
    ///
    /// - Parameters:
    ///   - keys: [length, G, d].
    ///   - values: [length, G, d].
    public func write(keys: Tensor, values: Tensor, layer: Int) throws(TensorError) {
        let kept = [length, kvHeads, headSize]
        for (name, tensor) in [("keys", keys), ("values", values)] {
            try tensor.requireF32("the \(name) of a memory")
            guard tensor.shape == kept else {
                throw .shape(
                    of: "the \(name) of a memory", found: tensor.shape, expected: "\(kept)")
            }
        }
        try check(layer)
        ThreadPool.shared.parallel(kvHeads) { head in
            for position in 0..<length {
                let source = (position * kvHeads + head) * headSize
                layout.remember(
                    keys.data() + source, values.data() + source, headSize: headSize,
                    in: pages[position / layout.positions], place: position % layout.positions,
                    layer: layer, head: head)
            }
        }
        withExtendedLifetime((keys, values)) {}
    }

    func check(_ layer: Int) throws(TensorError) {
        guard (0..<layers).contains(layer) else {
            throw .outOfRange("a layer", found: layer, expected: 0..<layers)
        }
    }
}
