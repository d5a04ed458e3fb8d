import CKernels

/// 32 positions of one sequence, or of several that share it, in every layer.
final class KVPage {
    let storage: Storage

    init(byteCount: Int) {
        storage = Storage(byteCount: byteCount)
    }

    func copy() -> KVPage {
        let copy = KVPage(byteCount: storage.byteCount)
        copy.storage.base.copyMemory(from: storage.base, byteCount: storage.byteCount)
        return copy
    }
}

/// The layout of a page: the keys [headSize][32] and values [32][padded] of each layer and head.
struct KVPageLayout {
    let positions = Int(RK_PAGE)
    let element: ElementType
    private let kvHeads: Int
    private let keyBytes: Int
    private let valueBytes: Int
    private let layers: Int

    init(layers: Int, kvHeads: Int, headSize: Int, element: ElementType) {
        self.layers = layers
        self.kvHeads = kvHeads
        self.element = element
        keyBytes = (element.bytes(of: headSize * positions) + 63) / 64 * 64
        valueBytes = element.bytes(of: rk_padded(headSize) * positions)
    }

    var byteCount: Int { layers * kvHeads * (keyBytes + valueBytes) }

    func keys(layer: Int, head: Int) -> Int {
        (layer * kvHeads + head) * (keyBytes + valueBytes)
    }

    func values(layer: Int, head: Int) -> Int {
        keys(layer: layer, head: head) + keyBytes
    }

    /// Writes a key and a value [headSize] to a position of a page, 0 to 31.
    func remember(
        _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, headSize: Int, in page: KVPage,
        place: Int, layer: Int, head: Int
    ) {
        let (keys, values) = (keys(layer: layer, head: head), values(layer: layer, head: head))
        let remember = element == .f16 ? rk_remember_f16 : rk_remember_f32
        let base = page.storage.base
        remember(base + keys, base + values, place, key, value, headSize)
    }

    /// Attention over pages of this layout.
    func attend(_ arguments: inout rk_attention) {
        element == .f16 ? rk_attention_f16(&arguments) : rk_attention_f32(&arguments)
    }
}
