/* AVX2: bytes are widened to 16 bits, because products of unsigned and signed bytes saturate. */
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))

AVX2 static inline int32_t sum_of(__m256i x)
{
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    return _mm_cvtsi128_si32(half);
}

AVX2 static inline __m256i wide_code(const uint8_t *code)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)code));
}

AVX2 static inline __m256i wide_query(const int8_t *code)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)code));
}

AVX2 static void dots(const rv_query *query, const uint8_t *code, size_t n, int32_t *dot)
{
    const size_t stride = query->stride;
    size_t i = 0;
    for (; i + 2 <= n; i += 2, code += 2 * stride) {
        __m256i first = _mm256_setzero_si256(), second = first;
        for (size_t j = 0; j < stride; j += 16) {
            __m256i q = wide_query(query->code + j);
            first = _mm256_add_epi32(first, _mm256_madd_epi16(wide_code(code + j), q));
            second = _mm256_add_epi32(second, _mm256_madd_epi16(wide_code(code + stride + j), q));
        }
        dot[i] = sum_of(first) - query->bias;
        dot[i + 1] = sum_of(second) - query->bias;
    }
    if (i < n) {
        __m256i sum = _mm256_setzero_si256();
        for (size_t j = 0; j < stride; j += 16) {
            __m256i q = wide_query(query->code + j);
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(wide_code(code + j), q));
        }
        dot[i] = sum_of(sum) - query->bias;
    }
}

AVX2 static int32_t code_dot(const uint8_t *a, const uint8_t *b, size_t stride)
{
    const __m256i zero = _mm256_set1_epi16(128);
    __m256i sum = _mm256_setzero_si256();
    for (size_t j = 0; j < stride; j += 16) {
        __m256i x = _mm256_sub_epi16(wide_code(a + j), zero);
        __m256i y = _mm256_sub_epi16(wide_code(b + j), zero);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
    }
    return sum_of(sum);
}

AVX2 static float dot_half(const float *a, const void *b, size_t n)
{
    const char *half = b;
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 y = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(half + 2 * i)));
        sum = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), y, sum);
    }
    float lane[8];
    _mm256_storeu_ps(lane, sum);
    for (; i < n; i++) {
        uint16_t bits;
        memcpy(&bits, half + 2 * i, sizeof bits);
        lane[i % 8] += a[i] * _cvtsh_ss(bits);
    }
    return (lane[0] + lane[4]) + (lane[1] + lane[5]) + (lane[2] + lane[6]) + (lane[3] + lane[7]);
}

AVX2 static void half_from_float(const float *from, size_t n, uint16_t *to)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m128i half = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(to + i), half);
    }
    for (; i < n; i++) to[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
}

const rv_kernels rv_kernels_avx2 = {dots, code_dot, dot_half, half_from_float};
#endif
