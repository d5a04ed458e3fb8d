// Equations: roost_kernels.h.

RK_INLINE i32x16 RK_NAME(round_to_int)(f32x16 x) {
    return (i32x16)(x + 0x1.8p23f) - 0x4b400000;  // |x| < 2²²
}

RK_INLINE int32_t RK_NAME(sum_of_lanes)(i32x16 x) {
    int32_t sum = 0;
    RK_UNROLL for (int i = 0; i < RK_TILE; i++) sum += x[i];
    return sum;
}

static void RK_NAME(quantize_i8)(
    int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x, size_t depth,
    size_t sub_block, int32_t factor) {
    for (size_t k = 0; k < depth; k += 32) {
        f32x16 a = load_f32(x + k), b = load_f32(x + k + RK_TILE);
        float most = max_lanes(max_f32(max_f32(a, -a), max_f32(b, -b)));
        float poison = sum_lanes((a - a) + (b - b));
        float inverse = most > 0 ? 127 / most : 0;
        i32x16 qa = RK_NAME(round_to_int)(a * inverse), qb = RK_NAME(round_to_int)(b * inverse);
        i8x16 bytes = __builtin_convertvector(qa, i8x16), more = __builtin_convertvector(qb, i8x16);
        memcpy(quants + k, &bytes, sizeof bytes);
        memcpy(quants + k + RK_TILE, &more, sizeof more);

        int32_t first = RK_NAME(sum_of_lanes)(qa), second = RK_NAME(sum_of_lanes)(qb);
        scales[k / 32] = most / 127 + poison;
        sums[k / 32] = scales[k / 32] * (float)(first + second);
        if (sub_block == 16) {
            offsets[k / 16] = factor * first;
            offsets[k / 16 + 1] = factor * second;
        } else {
            offsets[k / 32] = factor * (first + second);
        }
    }
}
