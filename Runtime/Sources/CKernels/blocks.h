#ifndef RK_BLOCKS_H
#define RK_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "include/roost_kernels.h"

// The block formats: as files have them, and as a tile keeps 16 rows of them. A tile holds
// "groups": for four consecutive k, 16 rows of four bytes, which is what a register of byte dot
// products takes.

/// 32 weights of four bits: Q4_0 with zero = 8, w[k] = d · (q[k] - 8), or IQ4_NL, w[k] = d · table[q[k]].
typedef struct q4_0_block {
    uint16_t d;     // half precision
    uint8_t q[16];  // k and k + 16 share a byte
} q4_0_block;

/// 32 weights: w[k] = d · q[k] + m.
typedef struct q4_1_block {
    uint16_t d, m;
    uint8_t q[16];
} q4_1_block;

/// 32 weights of five bits: w[k] = d · (q[k] - 16).
typedef struct q5_0_block {
    uint16_t d;
    uint8_t fifths[4];  // bit k
    uint8_t q[16];
} q5_0_block;

/// 32 weights of five bits: w[k] = d · q[k] + m.
typedef struct q5_1_block {
    uint16_t d, m;
    uint8_t fifths[4];
    uint8_t q[16];
} q5_1_block;

/// 32 weights: w[k] = 2^(e - 128) · table[q[k]].
typedef struct mxfp4_block {
    uint8_t e;
    uint8_t q[16];
} mxfp4_block;

/// Two blocks of 32 of any of these, of 16 rows, in this order; which parts there are depends on the
/// format. Byte i of pair p has group 2p in its low half, 2p + 1 in its high half; bit g of a byte of
/// `fifths` is that of group g of the block.
///
///     uint16_t d[2][RK_TILE];            half precision, of MXFP4 BF16
///     uint16_t m[2][RK_TILE];            Q4_1, Q5_1
///     uint8_t pairs[8][4 * RK_TILE];
///     uint8_t fifths[2][4 * RK_TILE];    Q5_0, Q5_1
typedef struct small_layout {
    size_t m, pairs, fifths, size;  // in bytes from the tile's beginning
} small_layout;

static inline small_layout small_layout_of(bool has_m, bool has_fifths) {
    const size_t scales = 2 * RK_TILE * sizeof(uint16_t);
    small_layout layout = {.m = scales, .pairs = has_m ? 2 * scales : scales};
    layout.fifths = layout.pairs + 8 * 4 * RK_TILE;
    layout.size = layout.fifths + (has_fifths ? 2 * 4 * RK_TILE : 0);
    return layout;
}

/// 32 weights: w[k] = d · q[k].
typedef struct q8_0_block {
    uint16_t d;  // half precision
    int8_t q[32];
} q8_0_block;

/// Two Q8_0 blocks of 16 rows; the bytes are q + 128.
typedef struct q8_0_tile {
    uint16_t d[2][RK_TILE];
    uint8_t groups[16][4 * RK_TILE];
} q8_0_tile;

/// 256 weights in sub-blocks of 16: w[k] = d · scale[k / 16] · q[k] - dmin · min[k / 16], where q has
/// two bits and scale and min have four.
typedef struct q2_k_block {
    uint8_t scales[16];  // min in the high half
    uint8_t q[64];       // per half of 128: k, k + 32, k + 64, k + 96 share a byte
    uint16_t d, dmin;
} q2_k_block;

/// 16 rows of a Q2_K block; each byte has two bits of four groups.
typedef struct q2_k_tile {
    uint16_t d[RK_TILE], dmin[RK_TILE];
    uint8_t scales[16][RK_TILE];
    uint8_t q[16][4 * RK_TILE];
} q2_k_tile;

/// 256 weights in sub-blocks of 16: w[k] = d · (scale[k / 16] - 32) · (q[k] - 4), where q has three bits
/// and scale has six.
typedef struct q3_k_block {
    uint8_t thirds[32];  // bit k / 32 of byte k % 32
    uint8_t q[64];       // as in Q2_K
    uint8_t scales[12];  // four bits each in the first eight, two in the others
    uint16_t d;
} q3_k_block;

/// 16 rows of a Q3_K block: as in Q2_K, and in a byte the third bits of eight groups.
typedef struct q3_k_tile {
    uint16_t d[RK_TILE];
    uint8_t unused[32];  // keeps what follows aligned to 64
    int8_t scales[16][RK_TILE];
    uint8_t q[16][4 * RK_TILE];
    uint8_t thirds[8][4 * RK_TILE];
} q3_k_tile;

/// 256 weights in sub-blocks of 32: w[k] = d · scale[k / 32] · q[k] - dmin · min[k / 32], where q has
/// four bits and scale and min have six.
typedef struct q4_k_block {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t q[128];  // sub-blocks 2i and 2i + 1 are the halves of bytes 32 i to 32 i + 31
} q4_k_block;

/// 16 rows of a Q4_K block; byte i of pair p has group 2p in its low half, 2p + 1 in its high half.
typedef struct q4_k_tile {
    uint16_t d[RK_TILE], dmin[RK_TILE];
    uint8_t scales[8][RK_TILE], mins[8][RK_TILE];
    uint8_t pairs[32][4 * RK_TILE];
} q4_k_tile;

/// As Q4_K, with five bits.
typedef struct q5_k_block {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t fifths[32];  // bit k / 32 of byte k % 32
    uint8_t q[128];
} q5_k_block;

/// 16 rows of a Q5_K block: as in Q4_K, and in a byte the fifth bits of eight groups.
typedef struct q5_k_tile {
    q4_k_tile four;
    uint8_t fifths[8][4 * RK_TILE];
} q5_k_tile;

/// 256 weights in sub-blocks of 32: w[k] = d · (scale[k / 32] - 32) · table[q[k]], where q has four bits
/// and scale has six.
typedef struct iq4_xs_block {
    uint16_t d;
    uint8_t high[2];  // two bits of each scale
    uint8_t low[4];   // four bits of each scale
    uint8_t q[128];   // sub-blocks of 16 bytes: k and k + 16 share a byte
} iq4_xs_block;

/// 16 rows of an IQ4_XS block; pairs as in Q4_K.
typedef struct iq4_xs_tile {
    uint16_t d[RK_TILE];
    uint8_t unused[32];
    int8_t scales[8][RK_TILE];
    uint8_t pairs[32][4 * RK_TILE];
} iq4_xs_tile;

/// 256 weights in sub-blocks of 16: w[k] = d · scale[k / 16] · (q[k] - 32), where q has six bits.
typedef struct q6_k_block {
    uint8_t low[128];  // four bits each; per half of 128: k and k + 64 share a byte
    uint8_t high[64];  // two bits each; per half of 128: k, k + 32, k + 64, k + 96 share a byte
    int8_t scales[16];
    uint16_t d;
} q6_k_block;

/// 16 rows of a Q6_K block; the low bits as in Q4_K, the high bits of four groups in one byte.
typedef struct q6_k_tile {
    uint16_t d[RK_TILE];
    uint8_t unused[32];  // keeps what follows aligned to 64
    int8_t scales[16][RK_TILE];
    uint8_t low[32][4 * RK_TILE];
    uint8_t high[16][4 * RK_TILE];
} q6_k_tile;

/// 16 rows of a block of IQ1, IQ2 or IQ3; pairs of codes as in Q4_K.
typedef struct coded_tile {
    float d[RK_TILE];              // times the coding's step
    uint8_t values[4 * RK_TILE];   // sixteen of them + 64; the rest keeps what follows aligned
    int8_t scales[16][RK_TILE];
    uint8_t pairs[32][4 * RK_TILE];
} coded_tile;

/// 256 weights of -1, 0 and 1: w[k] = d · (q[k] - 1). A tile keeps them as Q2_K whose scales and mins are 1.
typedef struct tq1_0_block {
    uint8_t fives[48];  // five digits of base 3 each: of 32 bytes the first, the second, …, then of 16
    uint8_t fours[4];   // four digits each
    uint16_t d;
} tq1_0_block;

typedef struct tq2_0_block {
    uint8_t q[64];  // as in Q2_K
    uint16_t d;
} tq2_0_block;

_Static_assert(sizeof(coded_tile) % 64 == 0, "IQ1, IQ2, IQ3");
_Static_assert(sizeof(tq1_0_block) == 54 && sizeof(tq2_0_block) == 66, "TQ1_0, TQ2_0");
_Static_assert(sizeof(q4_0_block) == 18 && sizeof(q4_1_block) == 20, "Q4_0, Q4_1");
_Static_assert(sizeof(q5_0_block) == 22 && sizeof(q5_1_block) == 24, "Q5_0, Q5_1");
_Static_assert(sizeof(mxfp4_block) == 17, "MXFP4");
_Static_assert(sizeof(q2_k_block) == 84 && sizeof(q2_k_tile) % 64 == 0, "Q2_K");
_Static_assert(sizeof(q3_k_block) == 110 && sizeof(q3_k_tile) % 64 == 0, "Q3_K");
_Static_assert(sizeof(q5_k_block) == 176 && sizeof(q5_k_tile) % 64 == 0, "Q5_K");
_Static_assert(sizeof(iq4_xs_block) == 136 && sizeof(iq4_xs_tile) % 64 == 0, "IQ4_XS");
_Static_assert(sizeof(q8_0_block) == 34 && sizeof(q8_0_tile) % 64 == 0, "Q8_0");
_Static_assert(sizeof(q4_k_block) == 144 && sizeof(q4_k_tile) % 64 == 0, "Q4_K");
_Static_assert(sizeof(q6_k_block) == 210 && sizeof(q6_k_tile) % 64 == 0, "Q6_K");

#endif
