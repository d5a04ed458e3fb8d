// Sixteen dot products of four bytes each.
//
//     sums[r] += Σ_c w[4r + c] · x[c]
//
// `dot_small` takes unsigned weights up to 127. `dot_byte` takes bytes that stand for w - 128: with
// VNNI it adds them as they are, and the activations' offsets, -128 · Σ x, correct the sum; without
// it, it turns them into signed bytes, and RK_OFFSET leaves the offsets out.

RK_INLINE u8x64 load_bytes(const uint8_t *p) {
    u8x64 x;
    memcpy(&x, p, sizeof x);
    return x;
}

RK_INLINE int32_t load_four(const int8_t *p) {
    int32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

#if defined(RK_HAS_VNNI)

#define RK_OFFSET(offset) (offset)

/// table[i] for each byte i, all of them below 16.
RK_INLINE u8x64 look_up(const uint8_t *table, u8x64 i) {
    __m512i values = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));
    return (u8x64)_mm512_shuffle_epi8(values, (__m512i)i);
}

RK_INLINE i32x16 dot_small(i32x16 sums, u8x64 w, int32_t x) {
    return (i32x16)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)w, _mm512_set1_epi32(x));
}

RK_INLINE i32x16 dot_byte(i32x16 sums, u8x64 w, int32_t x) { return dot_small(sums, w, x); }

#elif defined(RK_HAS_AVX2)

#define RK_OFFSET(offset) 0

typedef union halves {
    i32x16 sums;
    u8x64 bytes;
    __m256i of[2];
} halves;

RK_INLINE u8x64 look_up(const uint8_t *table, u8x64 i) {
    halves v = {.bytes = i};
    __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
    RK_UNROLL for (int h = 0; h < 2; h++) v.of[h] = _mm256_shuffle_epi8(values, v.of[h]);
    return v.bytes;
}

RK_INLINE i32x16 dot_small(i32x16 sums, u8x64 w, int32_t x) {
    halves s = {.sums = sums}, v = {.bytes = w};
    __m256i a = _mm256_set1_epi32(x), ones = _mm256_set1_epi16(1);
    RK_UNROLL for (int h = 0; h < 2; h++) {
        __m256i pairs = _mm256_maddubs_epi16(v.of[h], a);
        s.of[h] = _mm256_add_epi32(s.of[h], _mm256_madd_epi16(pairs, ones));
    }
    return s.sums;
}

/// |w| · (x with the sign of w): no sum of a pair of products exceeds 16 bits, since |x| ≤ 127.
RK_INLINE i32x16 dot_byte(i32x16 sums, u8x64 w, int32_t x) {
    halves s = {.sums = sums}, v = {.bytes = w ^ 0x80};
    __m256i a = _mm256_set1_epi32(x), ones = _mm256_set1_epi16(1);
    RK_UNROLL for (int h = 0; h < 2; h++) {
        __m256i size = _mm256_abs_epi8(v.of[h]);
        __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(a, v.of[h]));
        s.of[h] = _mm256_add_epi32(s.of[h], _mm256_madd_epi16(pairs, ones));
    }
    return s.sums;
}

#elif defined(__x86_64__)

#define RK_OFFSET(offset) 0

typedef union quarters {
    i32x16 sums;
    u8x64 bytes;
    __m128i of[4];
} quarters;

RK_INLINE u8x64 look_up(const uint8_t *table, u8x64 i) {
    quarters v = {.bytes = i};
    __m128i values = _mm_loadu_si128((const __m128i *)table);
    RK_UNROLL for (int h = 0; h < 4; h++) v.of[h] = _mm_shuffle_epi8(values, v.of[h]);
    return v.bytes;
}

RK_INLINE i32x16 dot_small(i32x16 sums, u8x64 w, int32_t x) {
    quarters s = {.sums = sums}, v = {.bytes = w};
    __m128i a = _mm_set1_epi32(x), ones = _mm_set1_epi16(1);
    RK_UNROLL for (int h = 0; h < 4; h++) {
        __m128i pairs = _mm_maddubs_epi16(v.of[h], a);
        s.of[h] = _mm_add_epi32(s.of[h], _mm_madd_epi16(pairs, ones));
    }
    return s.sums;
}

/// |w| · (x with the sign of w): no sum of a pair of products exceeds 16 bits, since |x| ≤ 127.
RK_INLINE i32x16 dot_byte(i32x16 sums, u8x64 w, int32_t x) {
    quarters s = {.sums = sums}, v = {.bytes = w ^ 0x80};
    __m128i a = _mm_set1_epi32(x), ones = _mm_set1_epi16(1);
    RK_UNROLL for (int h = 0; h < 4; h++) {
        __m128i size = _mm_abs_epi8(v.of[h]);
        __m128i pairs = _mm_maddubs_epi16(size, _mm_sign_epi8(a, v.of[h]));
        s.of[h] = _mm_add_epi32(s.of[h], _mm_madd_epi16(pairs, ones));
    }
    return s.sums;
}

#else

#define RK_OFFSET(offset) 0

RK_INLINE u8x64 look_up(const uint8_t *table, u8x64 i) {
    for (int place = 0; place < 4 * RK_TILE; place++) i[place] = table[i[place]];
    return i;
}

RK_INLINE i32x16 dot_signed(i32x16 sums, u8x64 w, int32_t x) {
#if defined(__ARM_FEATURE_DOTPROD)
    union {
        i32x16 sums;
        int32x4_t of[4];
    } s = {.sums = sums};
    union {
        u8x64 bytes;
        int8x16_t of[4];
    } v = {.bytes = w};
    int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(x));
    RK_UNROLL for (int h = 0; h < 4; h++) s.of[h] = vdotq_s32(s.of[h], v.of[h], a);
    return s.sums;
#else
    int8_t a[4];
    memcpy(a, &x, sizeof a);
    for (int r = 0; r < RK_TILE; r++) {
        for (int c = 0; c < 4; c++) sums[r] += (int8_t)w[4 * r + c] * a[c];
    }
    return sums;
#endif
}

RK_INLINE i32x16 dot_small(i32x16 sums, u8x64 w, int32_t x) { return dot_signed(sums, w, x); }

RK_INLINE i32x16 dot_byte(i32x16 sums, u8x64 w, int32_t x) { return dot_signed(sums, w ^ 0x80, x); }

#endif
