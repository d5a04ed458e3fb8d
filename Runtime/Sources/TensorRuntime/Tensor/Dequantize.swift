import CKernels

/// F32 with the same numbers.
public func dequantize(_ tensor: Tensor) throws -> Tensor {
    let result = Tensor(uninitialized: tensor.shape)
    switch tensor.element {
    case .f32: return tensor
    case .f16: rk_widen_f16(result.data(), tensor.data(), tensor.count)
    case .bf16: rk_widen_bf16(result.data(), tensor.data(), tensor.count)
    default:
        throw TensorError.element(
            of: "a tensor", found: tensor.element, expected: "F32, F16 or BF16")
    }
    return result
}
