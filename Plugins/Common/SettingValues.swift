public import TensorRuntime

/// `cache_type` of a model's settings: how keys and values are kept.
public enum CacheType: String, Decodable, Sendable {
    case f16
    case f32

    public var element: ElementType {
        switch self {
        case .f16: .f16
        case .f32: .f32
        }
    }
}

/// `precision` of a model's settings: what weights of F32, F16 and BF16 are rounded to.
public enum RoundedTo: String, Decodable, Sendable {
    case f32
    case bf16
    case int8

    public var precision: Precision {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }
}
