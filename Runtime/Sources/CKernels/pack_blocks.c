#include <string.h>

#include "blocks.h"
#include "kernels.h"

// A group is four bytes of one row; row r's place in a register of 16 rows is byte 4 r.

static uint32_t group_at(const void *bytes, size_t index) {
    uint32_t group;
    memcpy(&group, (const char *)bytes + 4 * index, sizeof group);
    return group;
}

static void put(uint8_t *vector, size_t row, uint32_t group) {
    memcpy(vector + 4 * row, &group, sizeof group);
}

static const uint32_t four_bits = 0x0f0f0f0f, two_bits = 0x03030303, one_bit = 0x01010101;

/// Puts the low four bits of groups 2p and 2p + 1 of `q` into vector p.
static void put_pairs(uint8_t (*pairs)[4 * RK_TILE], size_t row, const uint8_t *q, size_t count) {
    for (size_t p = 0; p < count; p++) {
        uint32_t even = group_at(q, 2 * p) & four_bits, odd = group_at(q, 2 * p + 1) & four_bits;
        put(pairs[p], row, even | odd << 4);
    }
}

/// Puts the low two bits of four groups into each vector.
static void put_fours(uint8_t (*fours)[4 * RK_TILE], size_t row, const uint8_t *q, size_t count) {
    for (size_t f = 0; f < count; f++) {
        uint32_t bits = 0;
        for (size_t i = 0; i < 4; i++) bits |= (group_at(q, 4 * f + i) & two_bits) << 2 * i;
        put(fours[f], row, bits);
    }
}

/// Puts bit `place` of eight groups into a vector.
static void put_bits(uint8_t *vector, size_t row, const uint8_t *q, int place) {
    uint32_t bits = 0;
    for (size_t g = 0; g < 8; g++) bits |= (group_at(q, g) >> place & one_bit) << g;
    put(vector, row, bits);
}

// MARK: - Blocks of 32

/// k and k + 16 share a byte.
static void unpack_halves(uint8_t q[32], const uint8_t bytes[16]) {
    for (int j = 0; j < 16; j++) {
        q[j] = bytes[j] & 15;
        q[j + 16] = bytes[j] >> 4;
    }
}

static void add_fifths(uint8_t q[32], const uint8_t fifths[4]) {
    for (int k = 0; k < 32; k++) q[k] |= (uint8_t)((fifths[k / 8] >> k % 8 & 1) << 4);
}

/// A block of 32 whose numbers have four or five bits.
typedef struct small_block {
    uint16_t d, m;
    uint8_t q[32];
} small_block;

static small_block unpack_small(rk_block_format format, const void *blocks, size_t index) {
    small_block block = {0};
    switch (format) {
    case RK_Q4_1: {
        const q4_1_block *b = (const q4_1_block *)blocks + index;
        block = (small_block){.d = b->d, .m = b->m};
        unpack_halves(block.q, b->q);
        break;
    }
    case RK_Q5_0: {
        const q5_0_block *b = (const q5_0_block *)blocks + index;
        block.d = b->d;
        unpack_halves(block.q, b->q);
        add_fifths(block.q, b->fifths);
        break;
    }
    case RK_Q5_1: {
        const q5_1_block *b = (const q5_1_block *)blocks + index;
        block = (small_block){.d = b->d, .m = b->m};
        unpack_halves(block.q, b->q);
        add_fifths(block.q, b->fifths);
        break;
    }
    case RK_MXFP4: {
        const mxfp4_block *b = (const mxfp4_block *)blocks + index;
        // 2^(e - 128) in BF16, where the two smallest are subnormal.
        block.d = (uint16_t)(b->e < 2 ? 0x20 << b->e : (b->e - 1) << 7);
        unpack_halves(block.q, b->q);
        break;
    }
    default: {  // Q4_0, IQ4_NL
        const q4_0_block *b = (const q4_0_block *)blocks + index;
        block.d = b->d;
        unpack_halves(block.q, b->q);
    }
    }
    return block;
}

static small_layout layout_of(rk_block_format format) {
    return small_layout_of(
        format == RK_Q4_1 || format == RK_Q5_1, format == RK_Q5_0 || format == RK_Q5_1);
}

/// The second half of the last tile stays empty if the number of blocks is odd.
static void pack_small(
    rk_block_format format, void *tile, const void *source, size_t rows, size_t depth) {
    const small_layout layout = layout_of(format);
    bool has_m = layout.pairs > layout.m, has_fifths = layout.size > layout.fifths;
    for (size_t r = 0; r < rows; r++) {
        for (size_t b = 0; b < depth / 32; b++) {
            small_block block = unpack_small(format, source, r * (depth / 32) + b);
            uint8_t *to = (uint8_t *)tile + b / 2 * layout.size;
            size_t place = b % 2 * RK_TILE + r;
            ((uint16_t *)to)[place] = block.d;
            if (has_m) ((uint16_t *)(to + layout.m))[place] = block.m;
            uint8_t(*pairs)[4 * RK_TILE] = (void *)(to + layout.pairs);
            put_pairs(pairs + b % 2 * 4, r, block.q, 4);
            if (has_fifths) put_bits(to + layout.fifths + b % 2 * 4 * RK_TILE, r, block.q, 4);
        }
    }
}

static void pack_q8_0(void *tile, const void *source, size_t rows, size_t depth) {
    q8_0_tile *pairs = tile;
    for (size_t r = 0; r < rows; r++) {
        const q8_0_block *row = (const q8_0_block *)source + r * (depth / 32);
        for (size_t b = 0; b < depth / 32; b++) {
            q8_0_tile *pair = pairs + b / 2;
            pair->d[b % 2][r] = row[b].d;
            for (size_t g = 0; g < 8; g++) {
                put(pair->groups[b % 2 * 8 + g], r, group_at(row[b].q, g) ^ 0x80808080);
            }
        }
    }
}

// MARK: - Q2_K and Q3_K

/// Two bits each; per half of 128: k, k + 32, k + 64, k + 96 share a byte.
static void unpack_quarters(uint8_t q[256], const uint8_t bytes[64]) {
    for (int k = 0; k < 256; k++) {
        q[k] = bytes[k / 128 * 32 + k % 32] >> (k % 128 / 32 * 2) & 3;
    }
}

static void pack_q2_k_block(q2_k_tile *tile, const q2_k_block *block, size_t row) {
    uint8_t q[256];
    unpack_quarters(q, block->q);
    tile->d[row] = block->d;
    tile->dmin[row] = block->dmin;
    for (int s = 0; s < 16; s++) tile->scales[s][row] = block->scales[s];
    put_fours(tile->q, row, q, 16);
}

static void pack_q3_k_block(q3_k_tile *tile, const q3_k_block *block, size_t row) {
    uint8_t q[256];
    unpack_quarters(q, block->q);
    put_fours(tile->q, row, q, 16);
    for (int s = 0; s < 8; s++) put_bits(tile->thirds[s], row, block->thirds, s);
    tile->d[row] = block->d;
    for (int s = 0; s < 16; s++) {
        int low = block->scales[s % 8] >> s / 8 * 4 & 15;
        int high = block->scales[8 + s % 4] >> s / 4 * 2 & 3;
        tile->scales[s][row] = (int8_t)((low | high << 4) - 32);
    }
}

// MARK: - Q4_K and Q5_K

/// The six-bit numbers of sub-blocks 0 to 3 lie in bytes of their own; those of 4 to 7 have their
/// low four bits in the last bytes and their high two at the top of the first.
static void unpack_scales(const uint8_t packed[12], uint8_t scales[8], uint8_t mins[8]) {
    for (int s = 0; s < 4; s++) {
        scales[s] = packed[s] & 63;
        mins[s] = packed[s + 4] & 63;
        scales[s + 4] = (packed[s + 8] & 15) | (packed[s] >> 6 << 4);
        mins[s + 4] = (packed[s + 8] >> 4) | (packed[s + 4] >> 6 << 4);
    }
}

/// Scales and low bits.
static void pack_fours(
    q4_k_tile *tile, const uint8_t packed[12], const uint8_t q[128], size_t row) {
    uint8_t scales[8], mins[8];
    unpack_scales(packed, scales, mins);
    for (int s = 0; s < 8; s++) {
        tile->scales[s][row] = scales[s];
        tile->mins[s][row] = mins[s];
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t p = 0; p < 4; p++) {
            uint32_t even = group_at(q, 8 * i + 2 * p), odd = group_at(q, 8 * i + 2 * p + 1);
            put(tile->pairs[8 * i + p], row, (even & four_bits) | (odd & four_bits) << 4);
            put(tile->pairs[8 * i + 4 + p], row, (even >> 4 & four_bits) | (odd & ~four_bits));
        }
    }
}

static void pack_q4_k_block(q4_k_tile *tile, const q4_k_block *block, size_t row) {
    tile->d[row] = block->d;
    tile->dmin[row] = block->dmin;
    pack_fours(tile, block->scales, block->q, row);
}

static void pack_q5_k_block(q5_k_tile *tile, const q5_k_block *block, size_t row) {
    tile->four.d[row] = block->d;
    tile->four.dmin[row] = block->dmin;
    pack_fours(&tile->four, block->scales, block->q, row);
    for (int s = 0; s < 8; s++) put_bits(tile->fifths[s], row, block->fifths, s);
}

// MARK: - IQ4_XS

static void pack_iq4_xs_block(iq4_xs_tile *tile, const iq4_xs_block *block, size_t row) {
    tile->d[row] = block->d;
    for (int s = 0; s < 8; s++) {
        uint8_t q[32];
        unpack_halves(q, block->q + 16 * s);
        put_pairs(tile->pairs + 4 * s, row, q, 4);
        int low = block->low[s / 2] >> s % 2 * 4 & 15, high = block->high[s / 4] >> s % 4 * 2 & 3;
        tile->scales[s][row] = (int8_t)((low | high << 4) - 32);
    }
}

// MARK: - Q6_K

/// The 64 groups of four six-bit numbers, in the order of k.
static void unpack_q6_k(const q6_k_block *block, uint32_t groups[64]) {
    for (size_t half = 0; half < 2; half++) {
        for (size_t g = 0; g < 8; g++) {
            uint32_t first = group_at(block->low, 16 * half + g);
            uint32_t second = group_at(block->low, 16 * half + 8 + g);
            uint32_t high = group_at(block->high, 8 * half + g);
            uint32_t *out = groups + 32 * half + g;
            out[0] = (first & four_bits) | (high & two_bits) << 4;
            out[8] = (second & four_bits) | (high >> 2 & two_bits) << 4;
            out[16] = (first >> 4 & four_bits) | (high >> 4 & two_bits) << 4;
            out[24] = (second >> 4 & four_bits) | (high >> 6 & two_bits) << 4;
        }
    }
}

static void pack_q6_k_block(q6_k_tile *tile, const q6_k_block *block, size_t row) {
    uint32_t groups[64];
    unpack_q6_k(block, groups);
    tile->d[row] = block->d;
    for (int s = 0; s < 16; s++) tile->scales[s][row] = block->scales[s];
    for (size_t p = 0; p < 32; p++) {
        uint32_t even = groups[2 * p] & four_bits, odd = groups[2 * p + 1] & four_bits;
        put(tile->low[p], row, even | odd << 4);
    }
    for (size_t q = 0; q < 16; q++) {
        uint32_t high = 0;
        for (size_t i = 0; i < 4; i++) high |= (groups[4 * q + i] >> 4 & two_bits) << 2 * i;
        put(tile->high[q], row, high);
    }
}

// MARK: - IQ1, IQ2 and IQ3

static void pack_coded_block(
    rk_block_format format, coded_tile *tile, const void *block, size_t row) {
    const rk_coding coding = rk_coding_of(format);
    rk_coded_block coded;
    rk_unpack_coded(format, block, &coded);
    for (int v = 0; v < 16; v++) tile->values[v] = (uint8_t)(coding.values[v] + 64);
    rk_widen_f16(&tile->d[row], &coded.d, 1);
    tile->d[row] *= coding.step;
    for (int s = 0; s < 16; s++) tile->scales[s][row] = coded.scales[s];
    put_pairs(tile->pairs, row, coded.codes, 32);
}

static void pack_coded(
    rk_block_format format, size_t block_bytes, void *tile, const void *source, size_t rows,
    size_t depth) {
    size_t count = depth / 256;
    for (size_t i = 0; i < rows * count; i++) {
        const char *block = (const char *)source + i * block_bytes;
        pack_coded_block(format, (coded_tile *)tile + i % count, block, i / count);
    }
}

// MARK: - TQ1_0 and TQ2_0

/// A byte is a fraction of 256; its first digit of base 3 is ⌊3 · fraction⌋.
static void unpack_digits(uint8_t **q, const uint8_t *bytes, int count, int digits) {
    uint8_t power = 1;
    for (int digit = 0; digit < digits; digit++, power *= 3) {
        for (int j = 0; j < count; j++) {
            *(*q)++ = (uint8_t)((uint8_t)(bytes[j] * power) * 3 >> 8);
        }
    }
}

static void pack_ternary(q2_k_tile *tile, const uint8_t q[256], uint16_t d, size_t row) {
    tile->d[row] = tile->dmin[row] = d;
    for (int s = 0; s < 16; s++) tile->scales[s][row] = 0x11;
    put_fours(tile->q, row, q, 16);
}

static void pack_tq1_0_block(q2_k_tile *tile, const tq1_0_block *block, size_t row) {
    uint8_t q[256], *next = q;
    unpack_digits(&next, block->fives, 32, 5);
    unpack_digits(&next, block->fives + 32, 16, 5);
    unpack_digits(&next, block->fours, 4, 4);
    pack_ternary(tile, q, block->d, row);
}

static void pack_tq2_0_block(q2_k_tile *tile, const tq2_0_block *block, size_t row) {
    uint8_t q[256];
    unpack_quarters(q, block->q);
    pack_ternary(tile, q, block->d, row);
}

typedef q2_k_tile tq1_0_tile;
typedef q2_k_tile tq2_0_tile;

// MARK: - Any format

rk_rounding rk_rounding_for(rk_block_format format) {
    switch (format) {
    case RK_Q4_0: return (rk_rounding){32, -8};
    case RK_Q5_0: return (rk_rounding){32, -16};
    case RK_Q4_1:
    case RK_Q5_1:
    case RK_Q4_K:
    case RK_Q5_K: return (rk_rounding){32, 0};
    case RK_Q8_0:
    case RK_IQ4_NL:
    case RK_IQ4_XS:
    case RK_MXFP4: return (rk_rounding){32, -128};
    case RK_TQ1_0:
    case RK_TQ2_0:
    case RK_Q2_K: return (rk_rounding){16, 1};  // its mins are multiplied with the sums as they are
    case RK_Q3_K: return (rk_rounding){16, -4};
    case RK_Q6_K: return (rk_rounding){16, -32};
    case RK_IQ2_XS:
    case RK_IQ2_S:
    case RK_IQ1_M: return (rk_rounding){16, -64};
    case RK_IQ2_XXS:
    case RK_IQ3_XXS:
    case RK_IQ3_S:
    case RK_IQ1_S: return (rk_rounding){32, -64};
    }
    return (rk_rounding){0};
}

size_t rk_tile_bytes_blocks(rk_block_format format, size_t depth) {
    switch (format) {
    case RK_Q4_0:
    case RK_Q4_1:
    case RK_Q5_0:
    case RK_Q5_1:
    case RK_IQ4_NL:
    case RK_MXFP4: return (depth + 63) / 64 * layout_of(format).size;
    case RK_Q8_0: return (depth + 63) / 64 * sizeof(q8_0_tile);
    case RK_TQ1_0:
    case RK_TQ2_0:
    case RK_Q2_K: return depth / 256 * sizeof(q2_k_tile);
    case RK_Q3_K: return depth / 256 * sizeof(q3_k_tile);
    case RK_Q4_K: return depth / 256 * sizeof(q4_k_tile);
    case RK_Q5_K: return depth / 256 * sizeof(q5_k_tile);
    case RK_Q6_K: return depth / 256 * sizeof(q6_k_tile);
    case RK_IQ4_XS: return depth / 256 * sizeof(iq4_xs_tile);
    case RK_IQ2_XXS:
    case RK_IQ2_XS:
    case RK_IQ2_S:
    case RK_IQ3_XXS:
    case RK_IQ3_S:
    case RK_IQ1_S:
    case RK_IQ1_M: return depth / 256 * sizeof(coded_tile);
    }
    return 0;
}

/// Every block of 256 of every row.
#define PACK_BLOCKS(name)                                                                     \
    for (size_t b = 0; b < depth / 256; b++) {                                                \
        for (size_t r = 0; r < rows; r++) {                                                   \
            pack_##name##_block(                                                              \
                (name##_tile *)tile + b, (const name##_block *)source + r * (depth / 256) + b, r); \
        }                                                                                     \
    }

void rk_pack_blocks(
    rk_block_format format, void *tile, const void *source, size_t rows, size_t depth) {
    if (rows < RK_TILE || depth % 64 != 0) memset(tile, 0, rk_tile_bytes_blocks(format, depth));
    switch (format) {
    case RK_Q4_0:
    case RK_Q4_1:
    case RK_Q5_0:
    case RK_Q5_1:
    case RK_IQ4_NL:
    case RK_MXFP4: pack_small(format, tile, source, rows, depth); return;
    case RK_Q8_0: pack_q8_0(tile, source, rows, depth); return;
    case RK_Q2_K: PACK_BLOCKS(q2_k) return;
    case RK_Q3_K: PACK_BLOCKS(q3_k) return;
    case RK_Q4_K: PACK_BLOCKS(q4_k) return;
    case RK_Q5_K: PACK_BLOCKS(q5_k) return;
    case RK_Q6_K: PACK_BLOCKS(q6_k) return;
    case RK_IQ4_XS: PACK_BLOCKS(iq4_xs) return;
    case RK_TQ1_0: PACK_BLOCKS(tq1_0) return;
    case RK_TQ2_0: PACK_BLOCKS(tq2_0) return;
    case RK_IQ2_XXS: pack_coded(format, 66, tile, source, rows, depth); return;
    case RK_IQ2_XS: pack_coded(format, 74, tile, source, rows, depth); return;
    case RK_IQ2_S: pack_coded(format, 82, tile, source, rows, depth); return;
    case RK_IQ3_XXS: pack_coded(format, 98, tile, source, rows, depth); return;
    case RK_IQ3_S: pack_coded(format, 110, tile, source, rows, depth); return;
    case RK_IQ1_S: pack_coded(format, 50, tile, source, rows, depth); return;
    case RK_IQ1_M: pack_coded(format, 56, tile, source, rows, depth); return;
    }
}
