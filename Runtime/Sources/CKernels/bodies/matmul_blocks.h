// Matrix product of block weights with 8-bit activations.
//
//     out[t, r] = Σ_s scale[r, s] · dx[t, s / 32] · (Σ_{k in s} bytes[r, k] · q[t, k] + offset[t, s])
//                 + min[r, s] · Σ_{k in s} dx[t, s / 32] · q[t, k]
//
// A block of T tokens by J tiles runs over one stretch of k, first exactly in integers through a
// sub-block, then in float32. The stretch of weights is expanded once and serves all tokens;
// between stretches the sums wait in `out`, so their order does not depend on the blocking.

/// What distinguishes the formats once a stretch is expanded.
typedef struct RK_NAME(block_format) {
    void (*expand)(RK_PANEL *panel, const void *tile, size_t from, size_t to);
    int sub_block;
    bool has_offsets, has_mins, full_bytes;
} RK_NAME(block_format);

#define RK_FORMAT RK_NAME(block_format)

RK_INLINE void RK_NAME(block_sums)(
    const rk_product *p, const RK_PANEL *panels, size_t token, size_t from, size_t to,
    f32x16 sums[RK_BLOCK_TOKENS][RK_BLOCK_TILES], const int T, const int J, const RK_FORMAT f) {
    const int8_t *q = p->quants + token * p->depth;
    const float *scales = p->scales + token * (p->depth / 32);
    const float *x_sums = p->sums + token * (p->depth / 32);
    const int32_t *offsets = p->offsets + token * (p->depth / f.sub_block);
    for (size_t k = from; k < to; k += f.sub_block) {
        size_t sub = k / f.sub_block, local = (k - from) / f.sub_block;
        i32x16 dots[RK_BLOCK_TOKENS][RK_BLOCK_TILES];
        const uint8_t *groups[RK_BLOCK_TILES];
        RK_UNROLL for (int j = 0; j < J; j++) {
            groups[j] = panels[j].bytes + (k - from) / 64 * panels[j].stride + k % 64 * RK_TILE;
        }
        RK_UNROLL for (int t = 0; t < T; t++) {
            int32_t offset = f.has_offsets ? offsets[t * (p->depth / f.sub_block) + sub] : 0;
            if (f.full_bytes) offset = RK_OFFSET(offset);
            RK_UNROLL for (int j = 0; j < J; j++) dots[t][j] = splat_i32(offset + RK_ROUNDED);
        }
        RK_UNROLL for (int g = 0; g < f.sub_block / 4; g++) {
            u8x64 w[RK_BLOCK_TILES];
            RK_UNROLL for (int j = 0; j < J; j++) w[j] = load_bytes(groups[j] + g * 4 * RK_TILE);
            RK_UNROLL for (int t = 0; t < T; t++) {
                int32_t x = load_four(q + t * p->depth + k + 4 * g);
                RK_UNROLL for (int j = 0; j < J; j++) {
                    dots[t][j] = f.full_bytes ? dot_byte(dots[t][j], w[j], x)
                                              : dot_small(dots[t][j], w[j], x);
                }
            }
        }
        RK_UNROLL for (int j = 0; j < J; j++) {
            f32x16 scale = load_f32(panels[j].scales[local]);
            RK_UNROLL for (int t = 0; t < T; t++) {
                f32x16 part = scale_rounded(dots[t][j], scale);
                sums[t][j] = part * splat(scales[t * (p->depth / 32) + k / 32]) + sums[t][j];
            }
            if (!f.has_mins) continue;
            f32x16 min = load_f32(panels[j].mins[local]);
            RK_UNROLL for (int t = 0; t < T; t++) {
                size_t block = t * (p->depth / 32) + k / 32;
                float sum = f.sub_block == 32
                    ? x_sums[block]
                    : scales[block] * (float)offsets[t * (p->depth / f.sub_block) + sub];
                sums[t][j] = min * splat(sum) + sums[t][j];
            }
        }
    }
}

RK_INLINE void RK_NAME(block_tokens)(
    const rk_product *p, const RK_PANEL *panels, size_t token, size_t tile, size_t from, size_t to,
    const int T, const int J, const RK_FORMAT f) {
    f32x16 sums[RK_BLOCK_TOKENS][RK_BLOCK_TILES];
    float *out = p->out + token * p->out_stride + tile * RK_TILE;
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) {
            size_t rows = p->rows - (tile + j) * RK_TILE;
            const float *place = out + t * p->out_stride + j * RK_TILE;
            sums[t][j] = from == 0          ? splat(0)
                         : rows >= RK_TILE ? load_f32(place)
                                           : load_some_f32(place, rows);
        }
    }
    RK_NAME(block_sums)(p, panels, token, from, to, sums, T, J, f);
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) {
            size_t rows = p->rows - (tile + j) * RK_TILE;
            float *place = out + t * p->out_stride + j * RK_TILE;
            if (rows >= RK_TILE) {
                store_f32(place, sums[t][j]);
            } else {
                store_some_f32(place, sums[t][j], rows);
            }
        }
    }
}

RK_INLINE void RK_NAME(block_stretch)(
    const rk_product *p, size_t tile, size_t tile_bytes, size_t from, size_t to, const int J,
    const RK_FORMAT f) {
    RK_PANEL panels[RK_BLOCK_TILES];
    const char *tiles = (const char *)p->tiles + tile * tile_bytes;
    for (int j = 0; j < J; j++) f.expand(&panels[j], tiles + j * tile_bytes, from, to);
    size_t token = 0;
    for (; token + RK_BLOCK_TOKENS <= p->tokens; token += RK_BLOCK_TOKENS) {
        RK_NAME(block_tokens)(p, panels, token, tile, from, to, RK_BLOCK_TOKENS, J, f);
    }
#if RK_BLOCK_TOKENS > 4
    for (; token + 4 <= p->tokens; token += 4) {
        RK_NAME(block_tokens)(p, panels, token, tile, from, to, 4, J, f);
    }
#endif
#if RK_BLOCK_TOKENS > 2
    for (; token + 2 <= p->tokens; token += 2) {
        RK_NAME(block_tokens)(p, panels, token, tile, from, to, 2, J, f);
    }
#endif
    for (; token < p->tokens; token++) {
        RK_NAME(block_tokens)(p, panels, token, tile, from, to, 1, J, f);
    }
}

/// A single token takes one tile at a time: it is limited by memory, and one stream of addresses is
/// the easiest to prefetch.
RK_INLINE void RK_NAME(matmul_format)(const rk_product *p, const RK_FORMAT f) {
    size_t tiles = (p->rows + RK_TILE - 1) / RK_TILE, tile = 0;
    size_t together = p->tokens > 1 ? RK_BLOCK_TILES : 1;
    size_t tile_bytes = rk_tile_bytes_blocks(p->format, p->depth);
    for (; tile < tiles; tile += tile + together <= tiles ? together : 1) {
        for (size_t from = 0; from < p->depth; from += RK_BLOCK_STRETCH) {
            size_t left = p->depth - from;
            size_t to = from + (left < RK_BLOCK_STRETCH ? left : RK_BLOCK_STRETCH);
            if (together == RK_BLOCK_TILES && tile + together <= tiles) {
                RK_NAME(block_stretch)(p, tile, tile_bytes, from, to, RK_BLOCK_TILES, f);
            } else {
                RK_NAME(block_stretch)(p, tile, tile_bytes, from, to, 1, f);
            }
        }
    }
}

/// One format's product, which the compiler makes from what it is told of the format.
#define RK_BLOCK_PRODUCT(name, ...)                                                    \
    static void RK_NAME(matmul_##name)(const rk_product *p) {                          \
        RK_NAME(matmul_format)(p, (RK_FORMAT){.expand = RK_NAME(expand_##name), __VA_ARGS__}); \
    }

RK_BLOCK_PRODUCT(q4_0, .sub_block = 32, .has_offsets = true)
RK_BLOCK_PRODUCT(q4_1, .sub_block = 32, .has_mins = true)
RK_BLOCK_PRODUCT(q5_0, .sub_block = 32, .has_offsets = true)
RK_BLOCK_PRODUCT(q5_1, .sub_block = 32, .has_mins = true)
RK_BLOCK_PRODUCT(q8_0, .sub_block = 32, .has_offsets = true, .full_bytes = true)
RK_BLOCK_PRODUCT(q2_k, .sub_block = 16, .has_mins = true)
RK_BLOCK_PRODUCT(q3_k, .sub_block = 16, .has_offsets = true)
RK_BLOCK_PRODUCT(q4_k, .sub_block = 32, .has_mins = true)
RK_BLOCK_PRODUCT(q5_k, .sub_block = 32, .has_mins = true)
RK_BLOCK_PRODUCT(q6_k, .sub_block = 16, .has_offsets = true)
RK_BLOCK_PRODUCT(iq4_nl, .sub_block = 32, .has_offsets = true, .full_bytes = true)
RK_BLOCK_PRODUCT(iq4_xs, .sub_block = 32, .has_offsets = true, .full_bytes = true)
RK_BLOCK_PRODUCT(mxfp4, .sub_block = 32, .has_offsets = true, .full_bytes = true)
RK_BLOCK_PRODUCT(coded_16, .sub_block = 16, .has_offsets = true)
RK_BLOCK_PRODUCT(coded_32, .sub_block = 32, .has_offsets = true)

static void RK_NAME(matmul_blocks)(const rk_product *p) {
    switch (p->format) {
    case RK_Q4_0: RK_NAME(matmul_q4_0)(p); return;
    case RK_Q4_1: RK_NAME(matmul_q4_1)(p); return;
    case RK_Q5_0: RK_NAME(matmul_q5_0)(p); return;
    case RK_Q5_1: RK_NAME(matmul_q5_1)(p); return;
    case RK_Q8_0: RK_NAME(matmul_q8_0)(p); return;
    case RK_TQ1_0:
    case RK_TQ2_0:
    case RK_Q2_K: RK_NAME(matmul_q2_k)(p); return;
    case RK_Q3_K: RK_NAME(matmul_q3_k)(p); return;
    case RK_Q4_K: RK_NAME(matmul_q4_k)(p); return;
    case RK_Q5_K: RK_NAME(matmul_q5_k)(p); return;
    case RK_Q6_K: RK_NAME(matmul_q6_k)(p); return;
    case RK_IQ4_NL: RK_NAME(matmul_iq4_nl)(p); return;
    case RK_IQ4_XS: RK_NAME(matmul_iq4_xs)(p); return;
    case RK_MXFP4: RK_NAME(matmul_mxfp4)(p); return;
    case RK_IQ2_XS:
    case RK_IQ2_S:
    case RK_IQ1_M: RK_NAME(matmul_coded_16)(p); return;
    case RK_IQ2_XXS:
    case RK_IQ3_XXS:
    case RK_IQ3_S:
    case RK_IQ1_S: RK_NAME(matmul_coded_32)(p); return;
    }
}
