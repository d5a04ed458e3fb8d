// Sixteen numbers at a time, in the compiler's vector types: one register with AVX-512, two with
// AVX2, four with SSE or NEON. A multiplication followed by an addition contracts to FMA where
// there is one.

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint8_t u8x64 __attribute__((vector_size(64)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

RK_INLINE f32x16 splat(float x) {
    return (f32x16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

RK_INLINE i32x16 splat_i32(int32_t x) {
    return (i32x16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

RK_INLINE f32x16 load_f32(const float *p) {
    f32x16 x;
    memcpy(&x, p, sizeof x);
    return x;
}

RK_INLINE void store_f32(float *p, f32x16 x) { memcpy(p, &x, sizeof x); }

/// The first `count` ≤ 16 numbers, the rest zero.
RK_INLINE f32x16 load_some_f32(const float *p, size_t count) {
    f32x16 x = splat(0);
    memcpy(&x, p, count * sizeof *p);
    return x;
}

RK_INLINE void store_some_f32(float *p, f32x16 x, size_t count) {
    memcpy(p, &x, count * sizeof *p);
}

RK_INLINE f32x16 load_i8(const int8_t *p) {
    i8x16 x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(__builtin_convertvector(x, i32x16), f32x16);
}

RK_INLINE f32x16 load_bf16(const uint16_t *p) {
    u16x16 h;
    memcpy(&h, p, sizeof h);
    return (f32x16)(__builtin_convertvector(h, u32x16) << 16);
}

#if defined(RK_HAS_F16)

typedef _Float16 f16x16 __attribute__((vector_size(32)));

RK_INLINE f32x16 load_f16(const uint16_t *p) {
    f16x16 h;
    memcpy(&h, p, sizeof h);
    return __builtin_convertvector(h, f32x16);
}

RK_INLINE void store_f16(uint16_t *p, f32x16 x) {
    f16x16 h = __builtin_convertvector(x, f16x16);
    memcpy(p, &h, sizeof h);
}

#else

/// Moves the exponent by 112 and lets one subtraction make subnormal numbers normal.
RK_INLINE f32x16 load_f16(const uint16_t *p) {
    u16x16 h;
    memcpy(&h, p, sizeof h);
    u32x16 bits = __builtin_convertvector(h, u32x16);
    u32x16 sign = (bits & 0x8000) << 16, rest = (bits & 0x7fff) << 13;
    u32x16 exponent = rest & (0x7c00u << 13);
    u32x16 special = (u32x16)(exponent == (0x7c00u << 13)) & (112u << 23);
    u32x16 normal = rest + (112u << 23) + special;
    u32x16 small = (u32x16)((f32x16)(rest + (113u << 23)) - splat(0x1p-14f));
    u32x16 is_small = (u32x16)(exponent == 0);
    return (f32x16)(sign | (is_small & small) | (~is_small & normal));
}

RK_INLINE uint16_t narrow_f16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) return sign | 0x7e00;    // not a number
    if (rest >= 0x477ff000) return sign | 0x7c00;   // rounds to infinity
    if (rest < 0x38800000) {                        // subnormal: adding 1/2 aligns the last bits
        float aligned;
        memcpy(&aligned, &rest, sizeof aligned);
        aligned += 0.5f;
        memcpy(&rest, &aligned, sizeof rest);
        return sign | (rest - 0x3f000000);
    }
    uint32_t odd = rest >> 13 & 1;
    return sign | ((rest - (112u << 23) + 0xfff + odd) >> 13);
}

RK_INLINE void store_f16(uint16_t *p, f32x16 x) {
    for (int i = 0; i < RK_TILE; i++) p[i] = narrow_f16(x[i]);
}

#endif

/// The nearest BF16 of each number, ties to even, in the low half of its place.
RK_INLINE u32x16 round_bf16(f32x16 x) {
    u32x16 bits = (u32x16)x;
    u32x16 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    u32x16 nan = (u32x16)(x != x);
    return (nan & (bits >> 16 | 0x40)) | (~nan & rounded);
}

/// Thirty-two numbers in BF16. Products of BF16 in hardware take subnormal numbers for zeros, and so does
/// the instruction that rounds for them.
RK_INLINE u32x16 round_pairs(f32x16 low, f32x16 high) {
#if defined(RK_HAS_BF16)
    return (u32x16)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
#else
    typedef uint16_t u16x32 __attribute__((vector_size(64)));
    u16x16 first = __builtin_convertvector(round_bf16(low), u16x16);
    u16x16 second = __builtin_convertvector(round_bf16(high), u16x16);
    u16x32 both = __builtin_shufflevector(
        first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    return (u32x16)both;
#endif
}

RK_INLINE void store_bf16(uint16_t *p, f32x16 x) {
    u16x16 h = __builtin_convertvector(round_bf16(x), u16x16);
    memcpy(p, &h, sizeof h);
}

typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x4 __attribute__((vector_size(16)));

/// The sum of the lanes, in halves: always the same order.
RK_INLINE float sum_lanes(f32x16 x) {
    f32x8 eight = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7)
        + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    f32x4 four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3)
        + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/// Where one is not a number, the second is taken.
RK_INLINE f32x16 max_f32(f32x16 a, f32x16 b) {
#if defined(RK_HAS_VNNI)
    return (f32x16)_mm512_max_ps((__m512)a, (__m512)b);
#else
    i32x16 greater = a > b;
    return (f32x16)((greater & (i32x16)a) | (~greater & (i32x16)b));
#endif
}

/// Where one is not a number, the second is taken.
RK_INLINE f32x16 min_f32(f32x16 a, f32x16 b) {
#if defined(RK_HAS_VNNI)
    return (f32x16)_mm512_min_ps((__m512)a, (__m512)b);
#else
    i32x16 less = a < b;
    return (f32x16)((less & (i32x16)a) | (~less & (i32x16)b));
#endif
}

/// 1 / x to about one unit in the last place, for finite x.
RK_INLINE f32x16 reciprocal(f32x16 x) {
#if defined(RK_HAS_VNNI)
    f32x16 near = (f32x16)_mm512_rcp14_ps((__m512)x);
    return near * (2.0f - x * near);
#else
    return 1.0f / x;
#endif
}

RK_INLINE float max_lanes(f32x16 x) {
#if defined(RK_HAS_VNNI)
    return _mm512_reduce_max_ps((__m512)x);
#else
    float s[RK_TILE];
    store_f32(s, x);
    RK_UNROLL for (int width = 8; width > 0; width /= 2) {
        RK_UNROLL for (int i = 0; i < width; i++) s[i] = s[i] > s[i + width] ? s[i] : s[i + width];
    }
    return s[0];
#endif
}

/// For |n| < 2²², the float 1.5 · 2²³ + n has the bits RK_ROUNDED + n: one addition rounds a number
/// to an integer, and one subtraction turns an integer into a number.
#define RK_ROUNDED 0x4b400000

RK_INLINE i32x16 rounded_bits(f32x16 x) { return (i32x16)(x + 0x1.8p23f); }

/// n · scale, rounded once, from RK_ROUNDED + n; the scale has few enough bits that its product with
/// 1.5 · 2²³ is exact.
RK_INLINE f32x16 scale_rounded(i32x16 bits, f32x16 scale) {
#if defined(RK_HAS_FMA)
    return __builtin_elementwise_fma((f32x16)bits, scale, scale * -0x1.8p23f);
#else
    return __builtin_convertvector(bits - RK_ROUNDED, f32x16) * scale;
#endif
}

/// 2ⁿ · p for an integer n in floating point, at most 127; n below -126 gives 0 or nearly.
RK_INLINE f32x16 scale_by_power(f32x16 p, f32x16 shifted, f32x16 n) {
#if defined(RK_HAS_VNNI)
    (void)shifted;
    return (f32x16)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
    (void)n;
    return (f32x16)(((i32x16)shifted << 23) + (i32x16)p);
#endif
}

/// exp(x) to about one unit in the last place for x ≤ 88, there it stays; 0 below -87.
///
///     x = n·ln 2 + r, |r| ≤ ln 2 / 2;  exp(x) = 2ⁿ · exp(r), exp(r) by a polynomial to 2·10⁻⁹
RK_INLINE f32x16 exp_f32(f32x16 x) {
    f32x16 u = min_f32(splat(88.0f), max_f32(splat(-87.5f), x));  // NaN stays
    f32x16 shifted = u * 1.44269504f + 0x1.8p23f;  // rounds to the nearest integer
    f32x16 n = shifted - 0x1.8p23f;
    f32x16 r = n * -0x1.62e4p-1f + u;  // ln 2 in two parts
    r = n * -0x1.7f7d1cp-20f + r;
    f32x16 p = splat(1.38435598e-3f);
    p = p * r + 8.37423596e-3f;
    p = p * r + 4.16680074e-2f;
    p = p * r + 0.166664303f;
    p = p * r + 0.499999942f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return (f32x16)(~(x < -87.0f) & (i32x16)scale_by_power(p, shifted, n));
}

/// 2ˣ for x ≤ 0, to 8·10⁻⁵ of itself: what BF16 does not notice.
///
///     x = n + f, 0 ≤ f < 1;  2ˣ = 2ⁿ · 2ᶠ, 2ᶠ by a polynomial
RK_INLINE f32x16 power_of_two(f32x16 x) {
#if defined(RK_HAS_VNNI)
    f32x16 f = (f32x16)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    f32x16 p = splat(7.80245215e-2f);
    p = p * f + 2.26067156e-1f;
    p = p * f + 6.95833564e-1f;
    p = p * f + 9.99925196e-1f;
    return (f32x16)_mm512_scalef_ps((__m512)p, (__m512)x);
#else
    return exp_f32(x * 0.693147181f);
#endif
}

#define RK_LOW_PAIRS(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define RK_HIGH_PAIRS(a, b) \
    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define RK_LOW_FOURS(a, b) \
    __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define RK_HIGH_FOURS(a, b) \
    __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define RK_FIRST_HALVES(a, b) \
    __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define RK_LAST_HALVES(a, b) \
    __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define RK_EVEN_QUARTERS(a, b) \
    __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define RK_ODD_QUARTERS(a, b) \
    __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

/// Rows of a 16 by 16 matrix become its columns.
RK_INLINE void transpose(f32x16 rows[RK_TILE]) {
    f32x16 pairs[RK_TILE], fours[RK_TILE];
    RK_UNROLL for (int i = 0; i < RK_TILE; i += 2) {
        pairs[i] = RK_LOW_PAIRS(rows[i], rows[i + 1]);
        pairs[i + 1] = RK_HIGH_PAIRS(rows[i], rows[i + 1]);
    }
    RK_UNROLL for (int i = 0; i < RK_TILE; i += 4) {
        RK_UNROLL for (int c = 0; c < 2; c++) {
            fours[i + 2 * c] = RK_LOW_FOURS(pairs[i + c], pairs[i + 2 + c]);
            fours[i + 2 * c + 1] = RK_HIGH_FOURS(pairs[i + c], pairs[i + 2 + c]);
        }
    }
    RK_UNROLL for (int c = 0; c < 4; c++) {
        f32x16 top = RK_FIRST_HALVES(fours[c], fours[4 + c]);
        f32x16 bottom = RK_FIRST_HALVES(fours[8 + c], fours[12 + c]);
        rows[c] = RK_EVEN_QUARTERS(top, bottom);
        rows[4 + c] = RK_ODD_QUARTERS(top, bottom);
        top = RK_LAST_HALVES(fours[c], fours[4 + c]);
        bottom = RK_LAST_HALVES(fours[8 + c], fours[12 + c]);
        rows[8 + c] = RK_EVEN_QUARTERS(top, bottom);
        rows[12 + c] = RK_ODD_QUARTERS(top, bottom);
    }
}
