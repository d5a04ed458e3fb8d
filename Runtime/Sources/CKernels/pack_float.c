#include <string.h>

#include "kernels.h"

#define RK_PACK(name, type)                                                              \
    void name(void *tile, const void *source, size_t rows, size_t depth) {               \
        type *out = tile;                                                                \
        const type *in = source;                                                         \
        for (size_t k = 0; k < depth; k++) {                                             \
            for (size_t r = 0; r < RK_TILE; r++) {                                       \
                out[k * RK_TILE + r] = r < rows ? in[r * depth + k] : 0;                 \
            }                                                                            \
        }                                                                                \
    }

RK_PACK(rk_pack_f32, uint32_t)
RK_PACK(rk_pack_f16, uint16_t)

size_t rk_tile_bytes_f32(size_t depth) { return depth * RK_TILE * sizeof(float); }

size_t rk_tile_bytes_f16(size_t depth) { return depth * RK_TILE * sizeof(uint16_t); }

size_t rk_tile_bytes_pairs(size_t depth) {
    return rk_pair_depth(depth) * RK_TILE * sizeof(uint16_t);
}

void rk_pack_pairs(void *tile, const void *source, size_t rows, size_t depth) {
    uint16_t *out = tile;
    const uint16_t *in = source;
    memset(tile, 0, rk_tile_bytes_pairs(depth));
    for (size_t r = 0; r < rows; r++) {
        for (size_t k = 0; k < depth; k++) {
            out[k / 2 * 2 * RK_TILE + 2 * r + k % 2] = in[r * depth + k];
        }
    }
}

void rk_pack_columns_f32(
    void *tile, const float *source, size_t columns, size_t depth, size_t stride) {
    float *out = tile;
    for (size_t k = 0; k < depth; k++, out += RK_TILE, source += stride) {
        memcpy(out, source, columns * sizeof *out);
        memset(out + columns, 0, (RK_TILE - columns) * sizeof *out);
    }
}
