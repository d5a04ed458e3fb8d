// Products in pairs in vector registers.
//
// One register of weights holds a pair of k of each of 16 output rows. Where the processor has the
// instruction, it adds both products of a pair to a sum. Elsewhere a BF16 is what it is, the upper half
// of a float32: a shift or a mask makes one number of the pair a float. A block of T tokens by J tiles
// adds up over k in order, whatever the block.

RK_INLINE u32x16 load_pairs(const uint16_t *p) {
    u32x16 x;
    memcpy(&x, p, sizeof x);
    return x;
}

RK_INLINE u32x16 splat_pair(const uint16_t *p) {
    int32_t x;
    memcpy(&x, p, sizeof x);
    return (u32x16)splat_i32(x);
}

#if defined(RK_HAS_BF16)

/// Adds the products of T tokens' pair `k` with that of J tiles.
RK_INLINE void RK_NAME(add_pairs)(
    f32x16 sums[RK_TOKENS][RK_TILES], const RK_PAIRS *p, const uint16_t *x, const uint16_t *weights,
    size_t k, const int T, const int J) {
    u32x16 w[RK_TILES];
    RK_UNROLL for (int j = 0; j < J; j++) {
        w[j] = load_pairs(weights + j * p->tile_stride + k * RK_TILE);
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        u32x16 a = splat_pair(x + t * p->x_stride + k);
        RK_UNROLL for (int j = 0; j < J; j++) {
            sums[t][j] = (f32x16)_mm512_dpbf16_ps((__m512)sums[t][j], (__m512bh)a, (__m512bh)w[j]);
        }
    }
}

#else

/// The first or the second number of each pair.
RK_INLINE f32x16 one_of_pairs(u32x16 x, const int place) {
    return (f32x16)(place == 0 ? x << 16 : x & 0xffff0000u);
}

/// Adds the products of T tokens' pair `k` with that of J tiles.
RK_INLINE void RK_NAME(add_pairs)(
    f32x16 sums[RK_TOKENS][RK_TILES], const RK_PAIRS *p, const uint16_t *x, const uint16_t *weights,
    size_t k, const int T, const int J) {
    RK_UNROLL for (int place = 0; place < 2; place++) {
        f32x16 w[RK_TILES];
        RK_UNROLL for (int j = 0; j < J; j++) {
            w[j] = one_of_pairs(load_pairs(weights + j * p->tile_stride + k * RK_TILE), place);
        }
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 a = one_of_pairs(splat_pair(x + t * p->x_stride + k), place);
            RK_UNROLL for (int j = 0; j < J; j++) sums[t][j] = a * w[j] + sums[t][j];
        }
    }
}

#endif

RK_INLINE void RK_NAME(pair_block)(
    const RK_PAIRS *p, size_t token, size_t tile, const int T, const int J) {
    const uint16_t *weights = p->tiles + tile * p->tile_stride;
    const uint16_t *x = p->x + token * p->x_stride;
    f32x16 sums[RK_TOKENS][RK_TILES];
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) sums[t][j] = splat(0);
    }
    for (size_t k = 0; k < p->depth; k += 2) {
        RK_NAME(add_pairs)(sums, p, x, weights, k, T, J);
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) {
            float *out = p->out + (token + t) * p->out_stride + (tile + j) * RK_TILE;
            size_t rows = p->rows - (tile + j) * RK_TILE;
            if (rows >= RK_TILE) {
                store_f32(out, sums[t][j]);
            } else {
                store_some_f32(out, sums[t][j], rows);
            }
        }
    }
}

RK_INLINE void RK_NAME(pair_tokens)(const RK_PAIRS *p, size_t tile, const int J) {
    size_t token = 0;
    for (; token + RK_TOKENS <= p->tokens; token += RK_TOKENS) {
        RK_NAME(pair_block)(p, token, tile, RK_TOKENS, J);
    }
    for (; token + 2 <= p->tokens; token += 2) RK_NAME(pair_block)(p, token, tile, 2, J);
    if (token < p->tokens) RK_NAME(pair_block)(p, token, tile, 1, J);
}

static void RK_NAME(multiply_pairs)(const RK_PAIRS *p) {
    size_t tiles = (p->rows + RK_TILE - 1) / RK_TILE, tile = 0;
    for (; tile + RK_TILES <= tiles; tile += RK_TILES) RK_NAME(pair_tokens)(p, tile, RK_TILES);
    for (; tile < tiles; tile++) RK_NAME(pair_tokens)(p, tile, 1);
}
