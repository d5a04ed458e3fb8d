#include <math.h>
#include <string.h>

#include "blocks.h"
#include "fit.h"
#include "kernels.h"

// Rounding of weights to the blocks of files. What a block holds are its integers; which scales come before
// them is found by the fits, and tried again as the format rounds them.

static uint16_t half(float x) {
    uint16_t bits;
    rk_narrow_f16(&bits, &x, 1);
    return bits;
}

static float widen(uint16_t bits) {
    float x;
    rk_widen_f16(&x, &bits, 1);
    return x;
}

// MARK: - Integers of a row of numbers

/// q[k] = the nearest integer to (x[k] - low) / scale, from `least` to `most`, minus `least`.
static void round_to(
    uint8_t *q, const float *x, size_t count, float scale, float low, int least, int most) {
    float inverse = scale != 0 ? 1 / scale : 0;
    for (size_t k = 0; k < count; k++) {
        float value = rk_rounded((x[k] - low) * inverse);
        q[k] = (uint8_t)(int)(rk_clamped(value, (float)least, (float)most) - (float)least);
    }
}

static void pack_halves(uint8_t bytes[16], const uint8_t q[32]) {
    for (int j = 0; j < 16; j++) bytes[j] = (uint8_t)((q[j] & 15) | q[j + 16] << 4);
}

static void pack_fifths(uint8_t fifths[4], const uint8_t q[32]) {
    memset(fifths, 0, 4);
    for (int k = 0; k < 32; k++) fifths[k / 8] |= (uint8_t)((q[k] >> 4) << k % 8);
}

// MARK: - Blocks of 32

static void round_q4_0(q4_0_block *block, const float *x) {
    uint8_t q[32];
    block->d = half(rk_fit_scale(x, 32, -8, 7));
    round_to(q, x, 32, widen(block->d), 0, -8, 7);
    pack_halves(block->q, q);
}

static void round_q5_0(q5_0_block *block, const float *x) {
    uint8_t q[32];
    block->d = half(rk_fit_scale(x, 32, -16, 15));
    round_to(q, x, 32, widen(block->d), 0, -16, 15);
    pack_halves(block->q, q);
    pack_fifths(block->fifths, q);
}

static void round_q4_1(q4_1_block *block, const float *x) {
    uint8_t q[32];
    rk_line line = rk_fit_line(x, 32, 15, INFINITY);
    block->d = half(line.scale);
    block->m = half(line.low);
    round_to(q, x, 32, widen(block->d), widen(block->m), 0, 15);
    pack_halves(block->q, q);
}

static void round_q5_1(q5_1_block *block, const float *x) {
    uint8_t q[32];
    rk_line line = rk_fit_line(x, 32, 31, INFINITY);
    block->d = half(line.scale);
    block->m = half(line.low);
    round_to(q, x, 32, widen(block->d), widen(block->m), 0, 31);
    pack_halves(block->q, q);
    pack_fifths(block->fifths, q);
}

// MARK: - Values of a table

static const int8_t iq4_values[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t fp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// The codes of the values that come closest to x / scale; their squared error.
/// - middles: between the values, or their sizes where a code's last bit is a sign.
static float round_to_values(
    uint8_t *codes, const float *x, float scale, const int8_t values[16], bool has_signs) {
    float inverse = scale != 0 ? 1 / scale : 0, sum = 0;
    int32_t places[32] = {0};
    for (int v = 0; v + 1 < (has_signs ? 8 : 16); v++) {
        float middle = 0.5f * (float)(values[v] + values[v + 1]);
        for (int k = 0; k < 32; k++) {
            float place = x[k] * inverse;
            places[k] += (has_signs ? fabsf(place) : place) > middle;
        }
    }
    for (int k = 0; k < 32; k++) {
        int place = has_signs && x[k] * inverse < 0 ? places[k] + 8 : places[k];
        codes[k] = (uint8_t)place;
        float error = x[k] - scale * (float)values[place];
        sum += error * error;
    }
    return sum;
}

static float fit_values(const float *x, const int8_t values[16]) {
    uint8_t codes[32];
    float most = 0;
    for (int k = 0; k < 32; k++) {
        if (fabsf(x[k]) > fabsf(most)) most = x[k];
    }
    if (fabsf(most) < 0x1p-100f) return 0;
    float best = 0, least = INFINITY;
    for (int step = 0; step < 4 * RK_FIT_STEPS + 2; step++) {
        // The largest number becomes about the first value, or the last.
        int end = step % 2 ? values[15] : values[0];
        float scale = most / (float)(end + step / 2 - RK_FIT_STEPS);
        for (int turn = 0; turn < 3; turn++) {
            float error = round_to_values(codes, x, scale, values, false), xv = 0, vv = 0;
            if (error < least) {
                least = error;
                best = scale;
            }
            for (int k = 0; k < 32; k++) {
                float v = (float)values[codes[k]];
                xv += x[k] * v;
                vv += v * v;
            }
            if (vv <= 0) break;
            scale = xv / vv;
        }
    }
    return best;
}

static void round_iq4_nl(q4_0_block *block, const float *x) {
    uint8_t q[32];
    block->d = half(fit_values(x, iq4_values));
    round_to_values(q, x, widen(block->d), iq4_values, false);
    pack_halves(block->q, q);
}

/// The scale is a power of two: the one that the largest number needs, or a neighbour.
static void round_mxfp4(mxfp4_block *block, const float *x) {
    uint8_t codes[32], best[32] = {0};
    float most = 0, least = INFINITY;
    for (int k = 0; k < 32; k++) most = fmaxf(most, fabsf(x[k]));
    int power = 0;
    frexpf(most / 12, &power);
    for (int e = power - 1; e <= power + 1; e++) {
        int stored = e + 128;  // 2^(stored - 128)
        if (stored < 0 || stored > 254) continue;
        float error = round_to_values(codes, x, ldexpf(1, e), fp4_values, true);
        if (error < least) {
            least = error;
            memcpy(best, codes, sizeof best);
            block->e = (uint8_t)stored;
        }
    }
    if (most == 0 || least == INFINITY) {
        block->e = 0;
        memset(best, 0, sizeof best);
    }
    pack_halves(block->q, best);
}

// MARK: - Blocks of 256 with a factor: w[k] = d · scale[s] · q[k]

/// Rounds the scales of sub-blocks to integers from -limit to limit - 1 that multiply a common factor.
/// - count, length: sub-blocks, and numbers of each.
static float round_scales(
    int8_t *scales, const float *x, int count, int length, int limit, int low, int high) {
    float fits[16], most = 0;
    for (int s = 0; s < count; s++) {
        fits[s] = rk_fit_scale(x + s * length, (size_t)length, (float)low, (float)high);
        if (fabsf(fits[s]) > fabsf(most)) most = fits[s];
    }
    memset(scales, 0, (size_t)count);
    float d = widen(half(most / (float)-limit));
    if (d == 0) return 0;
    for (int s = 0; s < count; s++) {
        float nearest = rk_rounded(fits[s] / d), least = INFINITY;
        for (int step = -1; step <= 1; step++) {
            float scale = rk_clamped(nearest + (float)step, (float)-limit, (float)(limit - 1));
            float error = rk_scaled_error(
                x + s * length, (size_t)length, d * scale, (float)low, (float)high);
            if (error < least) {
                least = error;
                scales[s] = (int8_t)scale;
            }
        }
    }
    return d;
}

/// Two bits each; per half of 128: k, k + 32, k + 64, k + 96 share a byte.
static void pack_quarters(uint8_t bytes[64], const uint8_t q[256], int shift) {
    memset(bytes, 0, 64);
    for (int k = 0; k < 256; k++) {
        bytes[k / 128 * 32 + k % 32] |= (uint8_t)((q[k] >> shift & 3) << k % 128 / 32 * 2);
    }
}

static void round_q3_k(q3_k_block *block, const float *x) {
    int8_t scales[16];
    uint8_t q[256];
    float d = round_scales(scales, x, 16, 16, 32, -4, 3);
    memset(block, 0, sizeof *block);
    block->d = half(d);
    for (int s = 0; s < 16; s++) {
        round_to(q + 16 * s, x + 16 * s, 16, d * (float)scales[s], 0, -4, 3);
        int stored = scales[s] + 32;
        block->scales[s % 8] |= (uint8_t)((stored & 15) << s / 8 * 4);
        block->scales[8 + s % 4] |= (uint8_t)(stored >> 4 << s / 4 * 2);
    }
    pack_quarters(block->q, q, 0);
    for (int k = 0; k < 256; k++) block->thirds[k % 32] |= (uint8_t)((q[k] >> 2) << k / 32);
}

static void round_q6_k(q6_k_block *block, const float *x) {
    uint8_t q[256];
    float d = round_scales(block->scales, x, 16, 16, 128, -32, 31);
    block->d = half(d);
    for (int s = 0; s < 16; s++) {
        round_to(q + 16 * s, x + 16 * s, 16, d * (float)block->scales[s], 0, -32, 31);
    }
    for (int k = 0; k < 64; k++) {
        for (int h = 0; h < 2; h++) {
            block->low[64 * h + k] =
                (uint8_t)((q[128 * h + k] & 15) | q[128 * h + 64 + k] << 4);
        }
    }
    pack_quarters(block->high, q, 4);
}

static void round_iq4_xs(iq4_xs_block *block, const float *x) {
    uint8_t codes[32];
    float fits[8], most = 0;
    for (int s = 0; s < 8; s++) {
        fits[s] = fit_values(x + 32 * s, iq4_values);
        if (fabsf(fits[s]) > fabsf(most)) most = fits[s];
    }
    memset(block, 0, sizeof *block);
    block->d = half(most / -32);
    float d = widen(block->d);
    for (int s = 0; s < 8; s++) {
        float nearest = d != 0 ? rk_rounded(fits[s] / d) : 0, least = INFINITY, chosen = 0;
        for (int step = -1; step <= 1; step++) {
            float scale = rk_clamped(nearest + (float)step, -32, 31);
            float error = round_to_values(codes, x + 32 * s, d * scale, iq4_values, false);
            if (error < least) {
                least = error;
                chosen = scale;
            }
        }
        round_to_values(codes, x + 32 * s, d * chosen, iq4_values, false);
        pack_halves(block->q + 16 * s, codes);
        int stored = (int)chosen + 32;
        block->low[s / 2] |= (uint8_t)((stored & 15) << s % 2 * 4);
        block->high[s / 4] |= (uint8_t)(stored >> 4 << s % 4 * 2);
    }
}

// MARK: - Blocks of 256 with a factor and a minimum: w[k] = d · scale[s] · q[k] - dmin · min[s]

typedef struct lines {
    float d, dmin;
    uint8_t scales[16], mins[16];
} lines;

/// - limit: of the integer scales and minima.
static lines round_lines(const float *x, int count, int length, float limit, float high) {
    rk_line fits[16];
    float most_scale = 0, most_min = 0;
    for (int s = 0; s < count; s++) {
        fits[s] = rk_fit_line(x + s * length, (size_t)length, high, 0);
        most_scale = fmaxf(most_scale, fits[s].scale);
        most_min = fmaxf(most_min, -fits[s].low);
    }
    lines found = {widen(half(most_scale / limit)), widen(half(most_min / limit)), {0}, {0}};
    for (int s = 0; s < count; s++) {
        float scale = found.d > 0 ? rk_rounded(fits[s].scale / found.d) : 0;
        float min = found.dmin > 0 ? rk_rounded(-fits[s].low / found.dmin) : 0, least = INFINITY;
        for (int step = 0; step < 9; step++) {
            float a = rk_clamped(scale + (float)(step / 3 - 1), 0, limit);
            float b = rk_clamped(min + (float)(step % 3 - 1), 0, limit);
            rk_line line = {found.d * a, -found.dmin * b};
            float error = rk_line_error(x + s * length, (size_t)length, line, high);
            if (error < least) {
                least = error;
                found.scales[s] = (uint8_t)a;
                found.mins[s] = (uint8_t)b;
            }
        }
    }
    return found;
}

static void round_to_lines(
    uint8_t *q, const float *x, const lines *lines, int count, int length, int high) {
    for (int s = 0; s < count; s++) {
        float scale = lines->d * lines->scales[s], low = -lines->dmin * lines->mins[s];
        round_to(q + s * length, x + s * length, (size_t)length, scale, low, 0, high);
    }
}

static void round_q2_k(q2_k_block *block, const float *x) {
    uint8_t q[256];
    lines found = round_lines(x, 16, 16, 15, 3);
    round_to_lines(q, x, &found, 16, 16, 3);
    block->d = half(found.d);
    block->dmin = half(found.dmin);
    for (int s = 0; s < 16; s++) {
        block->scales[s] = (uint8_t)(found.scales[s] | found.mins[s] << 4);
    }
    pack_quarters(block->q, q, 0);
}

/// As unpack_scales of pack_blocks.c reads them.
static void pack_scales(uint8_t packed[12], const lines *lines) {
    for (int s = 0; s < 4; s++) {
        packed[s] = (uint8_t)(lines->scales[s] | lines->scales[s + 4] >> 4 << 6);
        packed[s + 4] = (uint8_t)(lines->mins[s] | lines->mins[s + 4] >> 4 << 6);
        packed[s + 8] = (uint8_t)((lines->scales[s + 4] & 15) | (lines->mins[s + 4] & 15) << 4);
    }
}

static void pack_fours(uint8_t bytes[128], const uint8_t q[256]) {
    for (int k = 0; k < 128; k++) {
        const uint8_t *pair = q + k / 32 * 64 + k % 32;
        bytes[k] = (uint8_t)((pair[0] & 15) | pair[32] << 4);
    }
}

static void round_q4_k(q4_k_block *block, const float *x) {
    uint8_t q[256];
    lines found = round_lines(x, 8, 32, 63, 15);
    round_to_lines(q, x, &found, 8, 32, 15);
    block->d = half(found.d);
    block->dmin = half(found.dmin);
    pack_scales(block->scales, &found);
    pack_fours(block->q, q);
}

static void round_q5_k(q5_k_block *block, const float *x) {
    uint8_t q[256];
    lines found = round_lines(x, 8, 32, 63, 31);
    round_to_lines(q, x, &found, 8, 32, 31);
    block->d = half(found.d);
    block->dmin = half(found.dmin);
    pack_scales(block->scales, &found);
    pack_fours(block->q, q);
    memset(block->fifths, 0, sizeof block->fifths);
    for (int k = 0; k < 256; k++) block->fifths[k % 32] |= (uint8_t)((q[k] >> 4) << k / 32);
}

// MARK: - Any format

void rk_round_q8_0(void *blocks, const float *x, size_t depth) {
    q8_0_block *block = blocks;
    for (const float *end = x + depth; x < end; x += 32, block++) {
        float most = 0, poison = 0;
        for (int k = 0; k < 32; k++) {
            most = fmaxf(most, fabsf(x[k]));
            poison += x[k] - x[k];
        }
        block->d = half(most / 127 + poison);
        float d = widen(block->d);
        for (int k = 0; k < 32; k++) {
            float q = d > 0 && isfinite(d) ? nearbyintf(x[k] / d) : 0;
            block->q[k] = (int8_t)fminf(fmaxf(q, -127), 127);
        }
    }
}

#define ROUND_BLOCKS(name, size)                                                                  \
    for (size_t b = 0; b < depth / size; b++) {                                                   \
        round_##name((name##_block *)blocks + b, x + b * size);                                   \
    }                                                                                             \
    return true;

typedef q4_0_block iq4_nl_block;

bool rk_round_blocks(rk_block_format format, void *blocks, const float *x, size_t depth) {
    switch (format) {
    case RK_Q8_0: rk_round_q8_0(blocks, x, depth); return true;
    case RK_Q4_0: ROUND_BLOCKS(q4_0, 32)
    case RK_Q4_1: ROUND_BLOCKS(q4_1, 32)
    case RK_Q5_0: ROUND_BLOCKS(q5_0, 32)
    case RK_Q5_1: ROUND_BLOCKS(q5_1, 32)
    case RK_IQ4_NL: ROUND_BLOCKS(iq4_nl, 32)
    case RK_MXFP4: ROUND_BLOCKS(mxfp4, 32)
    case RK_Q2_K: ROUND_BLOCKS(q2_k, 256)
    case RK_Q3_K: ROUND_BLOCKS(q3_k, 256)
    case RK_Q4_K: ROUND_BLOCKS(q4_k, 256)
    case RK_Q5_K: ROUND_BLOCKS(q5_k, 256)
    case RK_Q6_K: ROUND_BLOCKS(q6_k, 256)
    case RK_IQ4_XS: ROUND_BLOCKS(iq4_xs, 256)
    default: return false;
    }
}
