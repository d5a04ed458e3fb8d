import PluginCommon
import TensorRuntime

/// Which type every tensor of a GGUF file gets: that of the mix, by its role and its layer, as in llama.cpp's
/// `llama_tensor_get_type`.
struct QuantizationPlan {
    let type: QuantizationType
    let layers: Int
    /// Query heads for each head of keys and values.
    let group: Int
    let experts: Int
    /// Whether the head is the embedding.
    let isTied: Bool
    /// Whether experts have tensors with three axes.
    let hasExpertTensors: Bool

    /// A tensor's type in the new file.
    func element(for tensor: TensorEntry) -> ElementType? {
        guard isRounded(tensor) else { return tensor.type.element }
        guard !type.element.isPlain else { return type.element }
        return Self.fitting(mixed(Role(tensor.name)), width: tensor.shape[tensor.shape.count - 1])
    }

    /// Vectors, norms, routers and positions are small and matter: they stay as they are.
    private func isRounded(_ tensor: TensorEntry) -> Bool {
        let kept = [
            "norm.weight", "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight",
            "ssm_conv1d.weight", "shortconv.conv.weight", "attn_rel_b.weight",
        ]
        return tensor.shape.count >= 2 && tensor.name.hasSuffix("weight")
            && !kept.contains { tensor.name.hasSuffix($0) }
    }

    /// The next finer type whose blocks divide a row.
    private static func fitting(_ element: ElementType, width: Int) -> ElementType {
        if width.isMultiple(of: element.blockSize) { return element }
        let other: ElementType =
            switch element {
            case .q2_K, .q3_K, .iq4_xs: .iq4_nl
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            default: .f16
            }
        return width.isMultiple(of: other.blockSize) ? other : .f16
    }
}

// MARK: - The mix

extension QuantizationPlan {
    /// `blk.7.ffn_down.weight`: `ffn_down` of layer 7.
    private struct Role {
        let name: String
        let layer: Int
        let isOfExperts: Bool

        init(_ tensor: String) {
            let parts = tensor.split(separator: ".").map(String.init)
            let name = parts.count > 1 ? parts[parts.count - 2] : tensor
            isOfExperts = name.hasSuffix("_exps")
            self.name = isOfExperts ? String(name.dropLast("_exps".count)) : name
            layer = parts.count > 2 && parts[0] == "blk" ? Int(parts[1]) ?? 0 : 0
        }
    }

    private func mixed(_ role: Role) -> ElementType {
        let usual = type == .mxfp4 && hasExpertTensors && !role.isOfExperts ? .q8_0 : type.element
        switch role.name {
        case "output": return head(usual)
        case "token_embd": return isTied ? head(usual) : usual
        case "attn_v": return values(role.layer) ?? usual
        case "attn_k": return experts == 8 ? .q8_0 : usual
        case "attn_output": return attentionOutput ?? usual
        case "attn_qkv": return fusedAttention ?? usual
        case "ffn_down": return down(role.layer) ?? usual
        default: return usual
        }
    }

    private func head(_ usual: ElementType) -> ElementType {
        usual == .q8_0 || type == .mxfp4 ? .q8_0 : .q6_K
    }

    private func values(_ layer: Int) -> ElementType? {
        if experts == 8 { return .q8_0 }
        return switch type {
        case .q2_K: group >= 4 ? .q4_K : .q3_K
        case .q3_K_M: layer < 2 ? .q5_K : .q4_K
        case .iq4_NL, .iq4_XS: group >= 4 ? .q5_K : nil
        case .q4_K_M, .q5_K_M: hasMoreBits(layer) ? .q6_K : nil
        case .q4_K_S: layer < 4 ? .q5_K : nil
        default: nil
        }
    }

    private func down(_ layer: Int) -> ElementType? {
        switch type {
        case .q2_K: .q3_K
        case .q3_K_M: layer < layers / 16 ? .q5_K : .q4_K
        case .q4_K_M, .q5_K_M: hasMoreBits(layer) ? .q6_K : nil
        case .q4_K_S, .iq4_NL, .iq4_XS: layer < layers / 8 ? .q5_K : nil
        default: nil
        }
    }

    private var attentionOutput: ElementType? {
        if experts == 8 {
            let coarse: [QuantizationType] = [
                .q2_K, .q3_K_S, .q3_K_M, .iq4_NL, .q4_K_S, .q4_K_M, .iq4_XS,
            ]
            return coarse.contains(type) ? .q5_K : nil
        }
        return switch type {
        case .q2_K: .q3_K
        case .q3_K_M: .q4_K
        default: nil
        }
    }

    private var fusedAttention: ElementType? {
        switch type {
        case .q3_K_M: .q4_K
        case .q4_K_M: .q5_K
        case .q5_K_M: .q6_K
        default: nil
        }
    }

    /// The first and the last eighth of the layers, and every third between them.
    private func hasMoreBits(_ layer: Int) -> Bool {
        let eighth = layers / 8
        return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
    }
}
