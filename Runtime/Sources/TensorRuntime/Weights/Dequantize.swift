import CKernels

/// The numbers of a tensor of any readable type as F32; an F32 tensor is returned as it is.
///
/// The plain version beside the kernels, and the fallback for types without a kernel.
///
/// - Throws: `TensorError.element` for a type that is not readable.
public func dequantize(_ tensor: Tensor) throws(TensorError) -> Tensor {
    if tensor.element == .f32 { return tensor }
    guard let decode = Dequantizer.numbers(tensor.element) else {
        throw .element(
            of: "the tensor", found: tensor.element,
            expected: "F64, F32, F16, BF16, an integer, Q4_0 to Q6_K, IQ1 to IQ4, TQ or MXFP4")
    }
    let result = Tensor(uninitialized: tensor.shape)
    let (source, out) = (tensor.storage.base + tensor.byteOffset, result.data(as: Float.self))
    let (element, count, part) = (tensor.element, tensor.count, Dequantizer.part)
    withExtendedLifetime((tensor, result)) {
        ThreadPool.shared.parallel((count + part - 1) / part) { index in
            let begin = index * part
            decode(source + element.bytes(of: begin), out + begin, min(part, count - begin))
        }
    }
    return result
}

extension ElementType {
    /// Whether there is a decoder for this type.
    var isReadable: Bool { self == .f32 || Dequantizer.numbers(self) != nil }
}

/// The same, in memory of its own: a few numbers left in a mapped file would keep the large pages
/// around them resident.
func dequantizedCopy(_ tensor: Tensor) throws(TensorError) -> Tensor {
    let wide = try dequantize(tensor)
    return wide.storage.isOwned ? wide : Tensor(wide.floats, wide.shape)
}

/// One decoder for each type, as the format defines it.
enum Dequantizer {
    /// The numbers that a thread decodes at a time: whole blocks of any type.
    static let part = 1 << 15

    /// From bytes to a number of floats that is a multiple of the block size.
    typealias Numbers = (UnsafeRawPointer, UnsafeMutablePointer<Float>, _ count: Int) -> Void
    /// From one block to its floats.
    typealias Block = (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void

    static func numbers(_ element: ElementType) -> Numbers? {
        switch element {
        case .f16: return { rk_widen_f16($1, $0.assumingMemoryBound(to: UInt16.self), $2) }
        case .bf16: return { rk_widen_bf16($1, $0.assumingMemoryBound(to: UInt16.self), $2) }
        default: break
        }
        guard let decode = block(element) else { return nil }
        let (size, stride) = (element.blockSize, element.blockBytes)
        return { source, out, count in
            for index in 0..<count / size { decode(source + index * stride, out + index * size) }
        }
    }

    private static func block(_ element: ElementType) -> Block? {
        switch element {
        case .f64: { $1.pointee = Float(Double(bitPattern: load($0))) }
        case .i8: { $1.pointee = Float(load($0, as: Int8.self)) }
        case .i16: { $1.pointee = Float(load($0, as: Int16.self)) }
        case .i32: { $1.pointee = Float(load($0, as: Int32.self)) }
        case .i64: { $1.pointee = Float(load($0, as: Int64.self)) }
        case .q4_0: q4_0
        case .q4_1: q4_1
        case .q5_0: q5_0
        case .q5_1: q5_1
        case .q8_0: q8_0
        case .q2_K: q2_K
        case .q3_K: q3_K
        case .q4_K: q4_K
        case .q5_K: q5_K
        case .q6_K: q6_K
        case .iq4_nl: iq4_nl
        case .iq4_xs: iq4_xs
        case .tq1_0: tq1_0
        case .tq2_0: tq2_0
        case .mxfp4: mxfp4
        case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: coded(element)
        default: nil
        }
    }

    static func load<T: FixedWidthInteger>(
        _ block: UnsafeRawPointer, _ offset: Int = 0, as _: T.Type = T.self
    ) -> T {
        T(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    static func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
        Float(Float16(bitPattern: load(block, offset)))
    }

    static func byte(_ block: UnsafeRawPointer, _ offset: Int) -> Int {
        Int(load(block, offset, as: UInt8.self))
    }
}
