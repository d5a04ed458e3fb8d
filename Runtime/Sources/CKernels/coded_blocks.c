#include <string.h>

#include "codebooks.h"
#include "kernels.h"

// Of IQ1, IQ2 and IQ3 the sizes of several numbers in a row are one entry of a codebook. Signs, or in IQ1
// an offset, come on top: with them every number is one of sixteen.

/// The sizes of IQ2 are 8, 25 and 43, those of IQ3_XXS 4 to 62; codes from 8 on are negative. Numbers of
/// IQ1 are -1, 0 and 1, more or less an eighth; all are in eighths here.
static const int8_t values_iq2[16] = {8, 25, 43, 0, 0, 0, 0, 0, -8, -25, -43};
static const int8_t values_iq3_xxs[16] = {
    4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
static const int8_t values_iq3_s[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
static const int8_t values_iq1[16] = {-7, 1, 9, 0, 0, 0, 0, 0, -9, -1, 7};

rk_coding rk_coding_of(rk_block_format format) {
    switch (format) {
    case RK_IQ2_XXS:
    case RK_IQ2_XS:
    case RK_IQ2_S: return (rk_coding){values_iq2, 0.125f};
    case RK_IQ3_XXS: return (rk_coding){values_iq3_xxs, 0.25f};
    case RK_IQ3_S: return (rk_coding){values_iq3_s, 1};
    case RK_IQ1_S:
    case RK_IQ1_M: return (rk_coding){values_iq1, 0.125f};
    default: return (rk_coding){0};
    }
}

static uint16_t u16_at(const uint8_t *p, size_t index) {
    return (uint16_t)(p[2 * index] | p[2 * index + 1] << 8);
}

static uint32_t u32_at(const uint8_t *p, size_t index) {
    return u16_at(p, 2 * index) | (uint32_t)u16_at(p, 2 * index + 1) << 16;
}

/// Bit k is the sign of number k.
static void put_codes(uint8_t *codes, uint32_t digits, uint32_t signs, int count) {
    for (int k = 0; k < count; k++) {
        codes[k] = (uint8_t)((digits >> 4 * k & 15) | (signs >> k & 1) << 3);
    }
}

/// Signs of eight numbers in seven bits: an even number of them is negative.
static uint32_t even_signs(uint32_t seven) {
    return seven | (uint32_t)__builtin_parity(seven) << 7;
}

/// 2 n + 1 for both halves of a byte, the scales of two sub-blocks of 16.
static void put_scales(int8_t *scales, uint8_t both) {
    scales[0] = (int8_t)(2 * (both & 15) + 1);
    scales[1] = (int8_t)(2 * (both >> 4) + 1);
}

/// d; for each 32 numbers four entries, then four times seven signs and the scale.
static void unpack_iq2_xxs(const uint8_t *block, rk_coded_block *out) {
    for (int s = 0; s < 8; s++) {
        const uint8_t *entries = block + 2 + 8 * s;
        uint32_t rest = u32_at(entries, 1);
        out->scales[2 * s] = out->scales[2 * s + 1] = (int8_t)(2 * (rest >> 28) + 1);
        for (int e = 0; e < 4; e++) {
            put_codes(
                out->codes + 32 * s + 8 * e, rk_codebook_iq2_xxs[entries[e]],
                even_signs(rest >> 7 * e & 127), 8);
        }
    }
}

/// d, 32 entries of nine bits with seven signs each, scales of four bits.
static void unpack_iq2_xs(const uint8_t *block, rk_coded_block *out) {
    for (int e = 0; e < 32; e++) {
        uint16_t entry = u16_at(block + 2, e);
        put_codes(
            out->codes + 8 * e, rk_codebook_iq2_xs[entry & 511], even_signs(entry >> 9), 8);
    }
    for (int s = 0; s < 8; s++) put_scales(out->scales + 2 * s, block[66 + s]);
}

/// d, the low bytes of 32 entries, 32 bytes of signs, the entries' bits 8 and 9, scales of four bits.
static void unpack_iq2_s(const uint8_t *block, rk_coded_block *out) {
    for (int e = 0; e < 32; e++) {
        uint32_t high = block[66 + e / 4] >> e % 4 * 2 & 3;
        put_codes(
            out->codes + 8 * e, rk_codebook_iq2_s[block[2 + e] | high << 8], block[34 + e], 8);
    }
    for (int s = 0; s < 8; s++) put_scales(out->scales + 2 * s, block[74 + s]);
}

/// d, 64 entries; for each 32 numbers four times seven signs and the scale.
static void unpack_iq3_xxs(const uint8_t *block, rk_coded_block *out) {
    for (int s = 0; s < 8; s++) {
        uint32_t rest = u32_at(block + 66, s);
        out->scales[2 * s] = out->scales[2 * s + 1] = (int8_t)(2 * (rest >> 28) + 1);
        for (int e = 0; e < 8; e++) {
            uint32_t signs = even_signs(rest >> 7 * (e / 2) & 127);
            put_codes(
                out->codes + 32 * s + 4 * e, rk_codebook_iq3_xxs[block[2 + 8 * s + e]],
                signs >> e % 2 * 4, 4);
        }
    }
}

/// d, the low bytes of 64 entries, their bits 8, 32 bytes of signs, scales of four bits.
static void unpack_iq3_s(const uint8_t *block, rk_coded_block *out) {
    for (int e = 0; e < 64; e++) {
        uint32_t high = block[66 + e / 8] >> e % 8 & 1;
        put_codes(
            out->codes + 4 * e, rk_codebook_iq3_s[block[2 + e] | high << 8],
            (uint32_t)block[74 + e / 2] >> e % 2 * 4, 4);
    }
    for (int s = 0; s < 8; s++) {
        out->scales[2 * s] = out->scales[2 * s + 1] =
            (int8_t)(2 * (block[106 + s / 2] >> s % 2 * 4 & 15) + 1);
    }
}

/// d, the low bytes of 32 entries; for each 32 numbers four times three high bits, the scale, and whether
/// the offset is negative.
static void unpack_iq1_s(const uint8_t *block, rk_coded_block *out) {
    for (int s = 0; s < 8; s++) {
        uint16_t rest = u16_at(block + 34, s);
        out->scales[2 * s] = out->scales[2 * s + 1] = (int8_t)(2 * (rest >> 12 & 7) + 1);
        for (int e = 0; e < 4; e++) {
            uint32_t entry = block[2 + 4 * s + e] | (rest >> 3 * e & 7) << 8;
            put_codes(
                out->codes + 32 * s + 8 * e, rk_codebook_iq1[entry], rest & 0x8000 ? 255 : 0, 8);
        }
    }
}

/// The low bytes of 32 entries; for each three high bits and whether the offset is negative; four times
/// four scales of three bits and four bits of d.
static void unpack_iq1_m(const uint8_t *block, rk_coded_block *out) {
    for (int e = 0; e < 32; e++) {
        uint32_t high = block[32 + e / 2] >> e % 2 * 4;
        put_codes(
            out->codes + 8 * e, rk_codebook_iq1[block[e] | (high & 7) << 8], high & 8 ? 255 : 0, 8);
    }
    out->d = 0;
    for (int i = 0; i < 4; i++) {
        uint16_t word = u16_at(block + 48, i);
        out->d |= (uint16_t)(word >> 12 << 4 * i);
        for (int s = 0; s < 4; s++) {
            out->scales[4 * i + s] = (int8_t)(2 * (word >> 3 * s & 7) + 1);
        }
    }
}

void rk_unpack_coded(rk_block_format format, const void *block, rk_coded_block *out) {
    out->d = u16_at(block, 0);
    switch (format) {
    case RK_IQ2_XXS: unpack_iq2_xxs(block, out); return;
    case RK_IQ2_XS: unpack_iq2_xs(block, out); return;
    case RK_IQ2_S: unpack_iq2_s(block, out); return;
    case RK_IQ3_XXS: unpack_iq3_xxs(block, out); return;
    case RK_IQ3_S: unpack_iq3_s(block, out); return;
    case RK_IQ1_S: unpack_iq1_s(block, out); return;
    case RK_IQ1_M: unpack_iq1_m(block, out); return;
    default: memset(out, 0, sizeof *out);
    }
}
