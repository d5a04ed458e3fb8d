#ifndef RK_BLOCKS_H
#define RK_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "include/roost_kernels.h"

// The block formats: as files have them, and as a tile keeps 16 rows of them. A tile holds
// "groups": for four consecutive k, 16 rows of four bytes, which is what a register of byte dot
// products takes.

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

_Static_assert(sizeof(q8_0_block) == 34 && sizeof(q8_0_tile) % 64 == 0, "Q8_0");
_Static_assert(sizeof(q4_k_block) == 144 && sizeof(q4_k_tile) % 64 == 0, "Q4_K");
_Static_assert(sizeof(q6_k_block) == 210 && sizeof(q6_k_tile) % 64 == 0, "Q6_K");

#endif
