/* AVX-512 with VNNI: four unsigned times four signed bytes into 32 bits, in one instruction. */
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

AVX512 static inline __m128i quarter_sums(__m512i x)
{
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

/* The sums of four registers, one in each lane. */
AVX512 static inline __m128i four_sums(__m512i a, __m512i b, __m512i c, __m512i d)
{
    __m128i ab = _mm_hadd_epi32(quarter_sums(a), quarter_sums(b));
    __m128i cd = _mm_hadd_epi32(quarter_sums(c), quarter_sums(d));
    return _mm_hadd_epi32(ab, cd);
}

AVX512 static inline __m512i load(const void *bytes) { return _mm512_loadu_si512(bytes); }

/* Four codes at a time, so that a piece of the query is loaded once for all of them. */
AVX512 static void dots(const rv_query *query, const uint8_t *code, size_t n, int32_t *dot)
{
    const size_t stride = query->stride;
    const __m128i bias = _mm_set1_epi32(query->bias);
    size_t i = 0;
    for (; i + 4 <= n; i += 4, code += 4 * stride) {
        __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
        for (size_t j = 0; j < stride; j += 64) {
            __m512i q = load(query->code + j);
            a = _mm512_dpbusd_epi32(a, load(code + j), q);
            b = _mm512_dpbusd_epi32(b, load(code + stride + j), q);
            c = _mm512_dpbusd_epi32(c, load(code + 2 * stride + j), q);
            d = _mm512_dpbusd_epi32(d, load(code + 3 * stride + j), q);
        }
        _mm_storeu_si128((__m128i *)(dot + i), _mm_sub_epi32(four_sums(a, b, c, d), bias));
    }
    for (; i < n; i++, code += stride) {
        __m512i sum = _mm512_setzero_si512();
        for (size_t j = 0; j < stride; j += 64)
            sum = _mm512_dpbusd_epi32(sum, load(code + j), load(query->code + j));
        dot[i] = _mm512_reduce_add_epi32(sum) - query->bias;
    }
}

/* (a - 128)(b - 128) = a(b - 128) - 128(b - 128), and b - 128 is b with its highest bit turned. */
AVX512 static int32_t code_dot(const uint8_t *a, const uint8_t *b, size_t stride)
{
    const __m512i high = _mm512_set1_epi8((char)0x80);
    __m512i sum = _mm512_setzero_si512(), bias = sum;
    for (size_t j = 0; j < stride; j += 64) {
        __m512i y = _mm512_xor_si512(load(b + j), high);
        sum = _mm512_dpbusd_epi32(sum, load(a + j), y);
        bias = _mm512_dpbusd_epi32(bias, high, y);
    }
    return _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, bias));
}

AVX512 static float dot_half(const float *a, const void *b, size_t n)
{
    const char *half = b;
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 y = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(half + 2 * i)));
        sum = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), y, sum);
    }
    if (i < n) {
        __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
        __m512 y = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(rest, half + 2 * i));
        sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, a + i), y, sum);
    }
    return _mm512_reduce_add_ps(sum);
}

AVX512 static void half_from_float(const float *from, size_t n, uint16_t *to)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 some = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)0xFFFF;
        __m512 x = _mm512_maskz_loadu_ps(some, from + i);
        _mm256_mask_storeu_epi16(to + i, some, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
    }
}

const rv_kernels rv_kernels_avx512 = {dots, code_dot, dot_half, half_from_float};
#endif
