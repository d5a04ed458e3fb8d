// Equations: roost_kernels.h. Four blocks of 32 go together: the folding of sixteen lanes into one
// number is shared among them.

/// Blocks that are rounded together.
#define RK_QUANTIZED 4

typedef int32_t i32x4 __attribute__((vector_size(16)));

RK_INLINE i32x16 larger(i32x16 a, i32x16 b) {
    i32x16 greater = a > b;
    return (greater & a) | (~greater & b);
}

RK_INLINE i32x16 sum(i32x16 a, i32x16 b) { return a + b; }

/// The lanes of four vectors folded to one number each.
RK_INLINE i32x4 fold(const i32x16 x[4], i32x16 (*f)(i32x16, i32x16)) {
    i32x16 first = f(RK_LOW_PAIRS(x[0], x[1]), RK_HIGH_PAIRS(x[0], x[1]));
    i32x16 second = f(RK_LOW_PAIRS(x[2], x[3]), RK_HIGH_PAIRS(x[2], x[3]));
    i32x16 fours = f(RK_LOW_FOURS(first, second), RK_HIGH_FOURS(first, second));
    fours = f(fours, RK_LAST_HALVES(fours, fours));
    fours = f(fours, RK_ODD_QUARTERS(fours, fours));
    return __builtin_shufflevector(fours, fours, 0, 1, 2, 3);
}

RK_INLINE void store_low_bytes(int8_t *p, i32x16 x) {
    i8x16 bytes = __builtin_convertvector(x, i8x16);
    memcpy(p, &bytes, sizeof bytes);
}

/// Finds the four scales: the bits of numbers without a sign are in order, with infinity and what is
/// not a number on top.
RK_INLINE f32x4 RK_NAME(block_maxima)(const float *x) {
    i32x16 most[RK_QUANTIZED];
    RK_UNROLL for (int b = 0; b < RK_QUANTIZED; b++) {
        i32x16 low = (i32x16)load_f32(x + 32 * b) & 0x7fffffff;
        i32x16 high = (i32x16)load_f32(x + 32 * b + RK_TILE) & 0x7fffffff;
        most[b] = larger(low, high);
    }
    return (f32x4)fold(most, larger);
}

RK_INLINE void RK_NAME(quantize_blocks)(
    int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x,
    const int sub_block, int32_t factor) {
    f32x4 most = RK_NAME(block_maxima)(x);
    i32x4 nothing = most == 0.0f;
    f32x4 inverse = (f32x4)(~nothing & (i32x4)(127.0f / most));
    i32x16 first[RK_QUANTIZED], second[RK_QUANTIZED];
    RK_UNROLL for (int b = 0; b < RK_QUANTIZED; b++) {
        f32x16 scale = splat(inverse[b]);
        first[b] = rounded_bits(load_f32(x + 32 * b) * scale);
        second[b] = rounded_bits(load_f32(x + 32 * b + RK_TILE) * scale);
        store_low_bytes(quants + 32 * b, first[b]);
        store_low_bytes(quants + 32 * b + RK_TILE, second[b]);
    }
    f32x4 scale = most / 127.0f + (most - most);
    memcpy(scales, &scale, sizeof scale);
    const uint32_t excess = 16u * RK_ROUNDED;
    i32x4 total;
    if (sub_block == 16) {
        i32x4 a = fold(first, sum) - (int32_t)excess, b = fold(second, sum) - (int32_t)excess;
        total = a + b;
        i32x4 low = __builtin_shufflevector(a, b, 0, 4, 1, 5) * factor;
        i32x4 high = __builtin_shufflevector(a, b, 2, 6, 3, 7) * factor;
        memcpy(offsets, &low, sizeof low);
        memcpy(offsets + 4, &high, sizeof high);
    } else {
        RK_UNROLL for (int b = 0; b < RK_QUANTIZED; b++) first[b] += second[b];
        total = fold(first, sum) - (int32_t)(2 * excess);
        i32x4 offset = total * factor;
        memcpy(offsets, &offset, sizeof offset);
    }
    f32x4 weighted = scale * __builtin_convertvector(total, f32x4);
    memcpy(sums, &weighted, sizeof weighted);
}

RK_INLINE void RK_NAME(quantize_row)(
    int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x, size_t depth,
    const int sub_block, int32_t factor) {
    const size_t together = 32 * RK_QUANTIZED;
    size_t k = 0;
    for (; k + together <= depth; k += together) {
        RK_NAME(quantize_blocks)(
            quants + k, scales + k / 32, sums + k / 32, offsets + k / sub_block, x + k, sub_block,
            factor);
    }
    if (k == depth) return;
    float rest[32 * RK_QUANTIZED] = {0}, rest_scales[RK_QUANTIZED], rest_sums[RK_QUANTIZED];
    int8_t rest_quants[32 * RK_QUANTIZED];
    int32_t rest_offsets[2 * RK_QUANTIZED];
    size_t left = depth - k;
    memcpy(rest, x + k, left * sizeof *x);
    RK_NAME(quantize_blocks)(
        rest_quants, rest_scales, rest_sums, rest_offsets, rest, sub_block, factor);
    memcpy(quants + k, rest_quants, left);
    memcpy(scales + k / 32, rest_scales, left / 32 * sizeof *scales);
    memcpy(sums + k / 32, rest_sums, left / 32 * sizeof *sums);
    memcpy(offsets + k / sub_block, rest_offsets, left / sub_block * sizeof *offsets);
}

static void RK_NAME(quantize_i8)(
    int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x, size_t depth,
    size_t sub_block, int32_t factor) {
    if (sub_block == 16) {
        RK_NAME(quantize_row)(quants, scales, sums, offsets, x, depth, 16, factor);
    } else {
        RK_NAME(quantize_row)(quants, scales, sums, offsets, x, depth, 32, factor);
    }
}
