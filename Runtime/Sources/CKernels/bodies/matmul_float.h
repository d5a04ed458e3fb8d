// Matrix product with float weights of RK_ELEMENT, stored as RK_WEIGHT, in tiles [depth][16].
//
//     out[t, r] = Σ_k x[t, k] · w[r, k]
//
// A block of T tokens by J tiles stays in registers while k runs over one stretch; between
// stretches the sums wait in `out`. A float that is stored and loaded is the same float, so an
// output element is the sum over k in order, whatever the block it fell into.

#define RK_FLOAT_NAME(name) RK_JOIN(name, RK_ELEMENT, RK_TIER)
#define RK_LOAD RK_PASTE(load_, RK_ELEMENT)
#ifndef RK_STRETCH
/// k of one stretch: 64 rows of float32 weights take 256 KiB, which stay in the L2 cache.
#define RK_STRETCH 1024
#endif

RK_INLINE void RK_FLOAT_NAME(block)(
    const rk_product *p, size_t token, size_t tile, size_t from, size_t to, const int T,
    const int J) {
    const RK_WEIGHT *w[RK_TILES];
    const float *x[RK_TOKENS];
    f32x16 sums[RK_TOKENS][RK_TILES];
    RK_UNROLL for (int j = 0; j < J; j++) {
        w[j] = (const RK_WEIGHT *)p->tiles + (tile + j) * RK_TILE * p->depth;
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        x[t] = p->x + (token + t) * p->depth;
        RK_UNROLL for (int j = 0; j < J; j++) {
            const float *out = p->out + (token + t) * p->out_stride + (tile + j) * RK_TILE;
            size_t rows = p->rows - (tile + j) * RK_TILE;
            sums[t][j] = from == 0          ? splat(0)
                         : rows >= RK_TILE ? load_f32(out)
                                           : load_some_f32(out, rows);
        }
    }
    for (size_t k = from; k < to; k++) {
        f32x16 weights[RK_TILES];
        RK_UNROLL for (int j = 0; j < J; j++) weights[j] = RK_LOAD(w[j] + k * RK_TILE);
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 a = splat(x[t][k]);
            RK_UNROLL for (int j = 0; j < J; j++) sums[t][j] = a * weights[j] + sums[t][j];
        }
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

RK_INLINE void RK_FLOAT_NAME(tokens)(
    const rk_product *p, size_t tile, size_t from, size_t to, const int J) {
    size_t token = 0;
    for (; token + RK_TOKENS <= p->tokens; token += RK_TOKENS) {
        RK_FLOAT_NAME(block)(p, token, tile, from, to, RK_TOKENS, J);
    }
    for (; token + 2 <= p->tokens; token += 2) RK_FLOAT_NAME(block)(p, token, tile, from, to, 2, J);
    if (token < p->tokens) RK_FLOAT_NAME(block)(p, token, tile, from, to, 1, J);
}

static void RK_NAME(RK_PASTE(matmul_, RK_ELEMENT))(const rk_product *p) {
    size_t tiles = (p->rows + RK_TILE - 1) / RK_TILE, tile = 0;
    for (; tile < tiles; tile += tile + RK_TILES <= tiles ? RK_TILES : 1) {
        for (size_t from = 0; from < p->depth; from += RK_STRETCH) {
            size_t to = from + RK_STRETCH < p->depth ? from + RK_STRETCH : p->depth;
            if (tile + RK_TILES <= tiles) {
                RK_FLOAT_NAME(tokens)(p, tile, from, to, RK_TILES);
            } else {
                RK_FLOAT_NAME(tokens)(p, tile, from, to, 1);
            }
        }
    }
}

#undef RK_FLOAT_NAME
#undef RK_LOAD
