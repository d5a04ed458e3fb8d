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

/// The layout of a page: the keys [headSize][32] and values [32][padded] of each layer and head, in eight
/// bits each with scales behind it.
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
        (keyBytes, valueBytes) = Self.bytes(headSize: headSize, element: element)
    }

    /// What keys and values of attention can be stored as.
    static let elements: [ElementType] = [.f32, .f16, .bf16, .q8_0]

    /// - Throws: `TensorError.element` unless it is one of these.
    static func require(_ element: ElementType, of what: String) throws(TensorError) {
        guard elements.contains(element) else {
            throw .element(of: what, found: element, expected: "F32, F16, BF16 or Q8_0")
        }
    }

    /// The bytes of one head of a layer in a page.
    static func bytes(headSize: Int, element: ElementType) -> (keys: Int, values: Int) {
        let positions = Int(RK_PAGE)
        if element == .q8_0 {
            let scales = rk_scale_bytes(headSize)
            return (rk_scales_of_keys(headSize) + scales, rk_scales_of_values(headSize) + scales)
        }
        return (
            (element.bytes(of: headSize * positions) + 63) / 64 * 64,
            element.bytes(of: rk_padded(headSize) * positions)
        )
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
        let base = page.storage.base
        let remember =
            switch element {
            case .f16: rk_remember_f16
            case .bf16: rk_remember_bf16
            case .q8_0: rk_remember_q8_0
            default: rk_remember_f32
            }
        remember(base + keys, base + values, place, key, value, headSize)
    }

    /// Attention over pages of this layout.
    func attend(_ arguments: inout rk_attention) {
        switch element {
        case .f16: rk_attention_f16(&arguments)
        case .bf16: rk_attention_bf16(&arguments)
        case .q8_0: rk_attention_q8_0(&arguments)
        default: rk_attention_f32(&arguments)
        }
    }
}
