// What attention does with keys and values of eight bits, of which 32 of one position share a scale;
// included by attention.h.

/// The scales of block `block` at positions `half` · 16 and on.
RK_INLINE f32x16 RK_ATTEND(attention_scales)(const void *scales, size_t block, int half) {
    return load_f16((const uint16_t *)scales + block * RK_PAGE + half * RK_TILE);
}

/// scores[t][j] = Σ_b scale[b][j] · Σ_{i in b} q[t][i] · k[i][j]
RK_INLINE void RK_ATTEND(attention_score)(
    const rk_attention *a, const RK_WEIGHT *keys, size_t first, const int T) {
    const float *q[RK_QUERIES];
    RK_STATE *states = RK_NAME(attention_states)(a) + first;
    const void *scales = keys + rk_scales_of_keys(a->head_size);
    RK_UNROLL for (int t = 0; t < T; t++) q[t] = RK_NAME(attention_query)(a, first + t);
    for (size_t block = 0; block * 32 < a->head_size; block++) {
        f32x16 sums[RK_QUERIES][RK_HALVES];
        RK_UNROLL for (int t = 0; t < T; t++) {
            RK_UNROLL for (int h = 0; h < RK_HALVES; h++) sums[t][h] = splat(0);
        }
        size_t end = block * 32 + 32 < a->head_size ? block * 32 + 32 : a->head_size;
        for (size_t i = block * 32; i < end; i++) {
            f32x16 k[RK_HALVES];
            RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
                k[h] = load_i8(keys + i * RK_PAGE + h * RK_TILE);
            }
            RK_UNROLL for (int t = 0; t < T; t++) {
                f32x16 x = splat(q[t][i]);
                RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
                    sums[t][h] = x * k[h] + sums[t][h];
                }
            }
        }
        RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
            f32x16 scale = RK_ATTEND(attention_scales)(scales, block, h);
            RK_UNROLL for (int t = 0; t < T; t++) {
                float *scores = states[t].scores + h * RK_TILE;
                f32x16 before = block ? load_f32(scores) : splat(0);
                store_f32(scores, sums[t][h] * scale + before);
            }
        }
    }
}

/// sums[t] += Σ_j scores[t][j] · scale[b][j] · v[j] over the positions of `span`, for J · 16 numbers of block
/// `b`.
RK_INLINE void RK_ATTEND(attention_mix_part)(
    const rk_attention *a, const RK_WEIGHT *values, RK_STATE *states, RK_SPAN span, size_t block,
    const int T, const int J) {
    size_t padded = rk_padded(a->head_size), from = block * 32;
    const void *scales = values + rk_scales_of_values(a->head_size);
    float weights[RK_QUERIES][RK_PAGE];
    f32x16 sums[RK_QUERIES][2];
    RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
        f32x16 scale = RK_ATTEND(attention_scales)(scales, block, h);
        RK_UNROLL for (int t = 0; t < T; t++) {
            store_f32(weights[t] + h * RK_TILE, load_f32(states[t].scores + h * RK_TILE) * scale);
        }
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int c = 0; c < J; c++) {
            sums[t][c] = load_f32(states[t].sums + from + c * RK_TILE);
        }
    }
    for (size_t j = span.from; j < span.to; j++) {
        f32x16 v[2];
        RK_UNROLL for (int c = 0; c < J; c++) {
            v[c] = load_i8(values + j * padded + from + c * RK_TILE);
        }
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 weight = splat(weights[t][j]);
            RK_UNROLL for (int c = 0; c < J; c++) sums[t][c] = weight * v[c] + sums[t][c];
        }
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int c = 0; c < J; c++) {
            store_f32(states[t].sums + from + c * RK_TILE, sums[t][c]);
        }
    }
}

RK_INLINE void RK_ATTEND(attention_mix)(
    const rk_attention *a, const RK_WEIGHT *values, size_t first, RK_SPAN span, const int T) {
    RK_STATE *states = RK_NAME(attention_states)(a) + first;
    size_t tiles = rk_padded(a->head_size) / RK_TILE, block = 0;
    for (; 2 * block + 2 <= tiles; block++) {
        RK_ATTEND(attention_mix_part)(a, values, states, span, block, T, 2);
    }
    if (2 * block < tiles) RK_ATTEND(attention_mix_part)(a, values, states, span, block, T, 1);
}

/// Rounds up to 32 numbers to eight bits: scale = max |x| / 127 in half precision, which a number that is
/// not finite makes not a number.
RK_INLINE uint16_t RK_ATTEND(attention_round)(int8_t out[32], const float *x, size_t count) {
    size_t low = count < RK_TILE ? count : RK_TILE;
    f32x16 parts[2] = {load_some_f32(x, low), load_some_f32(x + low, count - low)};
    f32x16 sizes[2], poison = (parts[0] - parts[0]) + (parts[1] - parts[1]);
    RK_UNROLL for (int h = 0; h < 2; h++) sizes[h] = (f32x16)((i32x16)parts[h] & 0x7fffffff);
    float most = max_lanes(max_f32(sizes[0], sizes[1]));
    uint16_t scales[RK_TILE];
    store_f16(scales, splat(most / 127.0f + sum_lanes(poison)));
    float scale = load_f16(scales)[0], inverse = scale > 0 ? 1.0f / scale : 0;
    RK_UNROLL for (int h = 0; h < 2; h++) {
        f32x16 scaled = min_f32(max_f32(parts[h] * inverse, splat(-127)), splat(127));
        i8x16 bytes = __builtin_convertvector(rounded_bits(scaled) - RK_ROUNDED, i8x16);
        memcpy(out + h * RK_TILE, &bytes, sizeof bytes);
    }
    return scales[0];
}

static void RK_NAME(RK_PASTE(remember_, RK_ELEMENT))(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size) {
    RK_WEIGHT *k = (RK_WEIGHT *)keys + slot;
    RK_WEIGHT *v = (RK_WEIGHT *)values + slot * rk_padded(head_size);
    uint16_t *key_scales = (uint16_t *)((char *)keys + rk_scales_of_keys(head_size)) + slot;
    uint16_t *value_scales = (uint16_t *)((char *)values + rk_scales_of_values(head_size)) + slot;
    for (size_t i = 0; i < head_size; i += 32) {
        size_t count = head_size - i < 32 ? head_size - i : 32;
        int8_t bytes[32];
        key_scales[i] = RK_ATTEND(attention_round)(bytes, key + i, count);
        for (size_t c = 0; c < count; c++) k[(i + c) * RK_PAGE] = bytes[c];
        value_scales[i] = RK_ATTEND(attention_round)(bytes, value + i, count);
        memcpy(v + i, bytes, rk_padded(count));
    }
}
