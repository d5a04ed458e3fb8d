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

RK_INLINE void store_bf16(uint16_t *p, f32x16 x) {
    u32x16 bits = (u32x16)x;
    u32x16 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    u32x16 nan = (u32x16)(x != x);
    u16x16 h = __builtin_convertvector((nan & (bits >> 16 | 0x40)) | (~nan & rounded), u16x16);
    memcpy(p, &h, sizeof h);
}

/// The sum of the lanes, in halves: always the same order.
RK_INLINE float sum_lanes(f32x16 x) {
    float s[RK_TILE];
    store_f32(s, x);
    RK_UNROLL for (int width = 8; width > 0; width /= 2) {
        RK_UNROLL for (int i = 0; i < width; i++) s[i] += s[i + width];
    }
    return s[0];
}

RK_INLINE f32x16 max_f32(f32x16 a, f32x16 b) {
    i32x16 greater = a > b;
    return (f32x16)((greater & (i32x16)a) | (~greater & (i32x16)b));
}

RK_INLINE f32x16 min_f32(f32x16 a, f32x16 b) { return -max_f32(-a, -b); }

RK_INLINE float max_lanes(f32x16 x) {
    float s[RK_TILE];
    store_f32(s, x);
    RK_UNROLL for (int width = 8; width > 0; width /= 2) {
        RK_UNROLL for (int i = 0; i < width; i++) s[i] = s[i] > s[i + width] ? s[i] : s[i + width];
    }
    return s[0];
}

/// exp(x) to about one unit in the last place for x ≤ 88, there it stays; 0 below -87.
///
///     x = n·ln 2 + r, |r| ≤ ln 2 / 2;  exp(x) = 2ⁿ · exp(r), exp(r) by its Taylor series to r⁷
RK_INLINE f32x16 exp_f32(f32x16 x) {
    i32x16 nan = x != x;
    i32x16 tiny = x < -87.0f;
    x = min_f32(max_f32(x, splat(-87.0f)), splat(88.0f));
    f32x16 shifted = x * 1.44269504f + 0x1.8p23f;  // rounds to the nearest integer
    f32x16 n = shifted - 0x1.8p23f;
    f32x16 r = n * -0x1.62e4p-1f + x;  // ln 2 in two parts
    r = n * -0x1.7f7d1cp-20f + r;
    f32x16 p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    i32x16 power = ((i32x16)shifted << 23) + (i32x16)p;
    return (f32x16)((nan & 0x7fc00000) | (~nan & ~tiny & power));
}
