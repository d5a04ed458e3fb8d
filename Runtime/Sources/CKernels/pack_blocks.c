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

// MARK: - Q8_0

/// The last pair is half empty if the number of blocks is odd.
size_t rk_tile_bytes_q8_0(size_t depth) { return (depth + 63) / 64 * sizeof(q8_0_tile); }

void rk_pack_q8_0(void *tile, const void *source, size_t rows, size_t depth) {
    q8_0_tile *pairs = tile;
    memset(tile, 0, rk_tile_bytes_q8_0(depth));
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

// MARK: - Q4_K

size_t rk_tile_bytes_q4_k(size_t depth) { return depth / 256 * sizeof(q4_k_tile); }

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

static void pack_q4_k_block(q4_k_tile *tile, const q4_k_block *block, size_t row) {
    uint8_t scales[8], mins[8];
    unpack_scales(block->scales, scales, mins);
    tile->d[row] = block->d;
    tile->dmin[row] = block->dmin;
    for (int s = 0; s < 8; s++) {
        tile->scales[s][row] = scales[s];
        tile->mins[s][row] = mins[s];
    }
    const uint32_t low = 0x0f0f0f0f;
    for (size_t i = 0; i < 4; i++) {
        for (size_t p = 0; p < 4; p++) {
            uint32_t even = group_at(block->q, 8 * i + 2 * p);
            uint32_t odd = group_at(block->q, 8 * i + 2 * p + 1);
            put(tile->pairs[8 * i + p], row, (even & low) | (odd & low) << 4);
            put(tile->pairs[8 * i + 4 + p], row, (even >> 4 & low) | (odd & ~low));
        }
    }
}

void rk_pack_q4_k(void *tile, const void *source, size_t rows, size_t depth) {
    size_t blocks = depth / 256;
    if (rows < RK_TILE) memset(tile, 0, rk_tile_bytes_q4_k(depth));
    for (size_t b = 0; b < blocks; b++) {
        for (size_t r = 0; r < rows; r++) {
            pack_q4_k_block((q4_k_tile *)tile + b, (const q4_k_block *)source + r * blocks + b, r);
        }
    }
}

// MARK: - Q6_K

size_t rk_tile_bytes_q6_k(size_t depth) { return depth / 256 * sizeof(q6_k_tile); }

/// The 64 groups of four six-bit numbers, in the order of k.
static void unpack_q6_k(const q6_k_block *block, uint32_t groups[64]) {
    const uint32_t four = 0x0f0f0f0f, two = 0x03030303;
    for (size_t half = 0; half < 2; half++) {
        for (size_t g = 0; g < 8; g++) {
            uint32_t first = group_at(block->low, 16 * half + g);
            uint32_t second = group_at(block->low, 16 * half + 8 + g);
            uint32_t high = group_at(block->high, 8 * half + g);
            uint32_t *out = groups + 32 * half + g;
            out[0] = (first & four) | (high & two) << 4;
            out[8] = (second & four) | (high >> 2 & two) << 4;
            out[16] = (first >> 4 & four) | (high >> 4 & two) << 4;
            out[24] = (second >> 4 & four) | (high >> 6 & two) << 4;
        }
    }
}

static void pack_q6_k_block(q6_k_tile *tile, const q6_k_block *block, size_t row) {
    const uint32_t four = 0x0f0f0f0f, two = 0x03030303;
    uint32_t groups[64];
    unpack_q6_k(block, groups);
    tile->d[row] = block->d;
    for (int s = 0; s < 16; s++) tile->scales[s][row] = block->scales[s];
    for (size_t p = 0; p < 32; p++) {
        put(tile->low[p], row, (groups[2 * p] & four) | (groups[2 * p + 1] & four) << 4);
    }
    for (size_t q = 0; q < 16; q++) {
        uint32_t high = 0;
        for (size_t i = 0; i < 4; i++) high |= (groups[4 * q + i] >> 4 & two) << 2 * i;
        put(tile->high[q], row, high);
    }
}

void rk_pack_q6_k(void *tile, const void *source, size_t rows, size_t depth) {
    size_t blocks = depth / 256;
    if (rows < RK_TILE) memset(tile, 0, rk_tile_bytes_q6_k(depth));
    for (size_t b = 0; b < blocks; b++) {
        for (size_t r = 0; r < rows; r++) {
            pack_q6_k_block((q6_k_tile *)tile + b, (const q6_k_block *)source + r * blocks + b, r);
        }
    }
}
