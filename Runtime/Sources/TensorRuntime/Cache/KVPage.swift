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

/// Where a page keeps the keys [headSize][32] and values [32][padded] of each layer and head.
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
}
