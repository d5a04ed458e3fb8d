import PluginCommon
import TensorRuntime

/// What `--type` of `roost quantize` names: one type, or a mix of several in which the tensors that matter
/// most have more bits, as llama.cpp's tools name and mix them.
enum QuantizationType: String, NamedValue, Sendable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q8_0 = "Q8_0"
    case q2_K = "Q2_K"
    case q3_K_S = "Q3_K_S"
    case q3_K_M = "Q3_K_M"
    case q4_K_S = "Q4_K_S"
    case q4_K_M = "Q4_K_M"
    case q5_K_S = "Q5_K_S"
    case q5_K_M = "Q5_K_M"
    case q6_K = "Q6_K"
    case iq4_NL = "IQ4_NL"
    case iq4_XS = "IQ4_XS"
    case mxfp4 = "MXFP4"

    /// Of most tensors.
    var element: ElementType { form.element }

    /// `general.file_type`
    var fileType: Int { form.number }

    private var form: (element: ElementType, number: Int) {
        switch self {
        case .f32: (.f32, 0)
        case .f16: (.f16, 1)
        case .bf16: (.bf16, 32)
        case .q4_0: (.q4_0, 2)
        case .q4_1: (.q4_1, 3)
        case .q5_0: (.q5_0, 8)
        case .q5_1: (.q5_1, 9)
        case .q8_0: (.q8_0, 7)
        case .q2_K: (.q2_K, 10)
        case .q3_K_S: (.q3_K, 11)
        case .q3_K_M: (.q3_K, 12)
        case .q4_K_S: (.q4_K, 14)
        case .q4_K_M: (.q4_K, 15)
        case .q5_K_S: (.q5_K, 16)
        case .q5_K_M: (.q5_K, 17)
        case .q6_K: (.q6_K, 18)
        case .iq4_NL: (.iq4_nl, 25)
        case .iq4_XS: (.iq4_xs, 30)
        case .mxfp4: (.mxfp4, 38)
        }
    }
}
