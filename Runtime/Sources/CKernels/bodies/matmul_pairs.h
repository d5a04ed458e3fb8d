// Matrix product of BF16 weights with BF16 activations, both in pairs of k.
//
//     out[t, r] = Σ_k x[t, k] · w[r, k]

/// A product in pairs; strides are in numbers.
typedef struct RK_NAME(pair_product) {
    float *out;  // [tokens, out_stride]
    size_t out_stride;
    size_t tokens, rows;
    size_t depth;       // a multiple of 32
    const uint16_t *x;  // [tokens, x_stride]
    size_t x_stride;
    const uint16_t *tiles;  // [⌈rows / 16⌉, tile_stride], of each the first [depth / 2][16][2]
    size_t tile_stride;
} RK_NAME(pair_product);

#define RK_PAIRS RK_NAME(pair_product)

#if defined(RK_HAS_AMX)
#include "pairs_amx.h"
#else
#include "pairs.h"
#endif

static void RK_NAME(matmul_pairs)(const rk_product *p) {
    size_t depth = rk_pair_depth(p->depth);
    RK_PAIRS product = {
        .out = p->out,
        .out_stride = p->out_stride,
        .tokens = p->tokens,
        .rows = p->rows,
        .depth = depth,
        .x = p->pairs,
        .x_stride = depth,
        .tiles = p->tiles,
        .tile_stride = RK_TILE * depth,
    };
    RK_NAME(multiply_pairs)(&product);
}
