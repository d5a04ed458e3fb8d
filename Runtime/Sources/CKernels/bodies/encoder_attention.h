// Attention within one sequence; the equation: roost_kernels.h.
//
// A head's keys are laid out in tiles [head_size][16] and its values in rows [padded], both once
// for all queries of the call. Then a block of queries at a time takes its scores [queries][length],
// turns them into exponentials, and mixes the values. RK_ENCODER_QUERIES queries share each load;
// what a query adds up, and in which order, does not depend on its neighbours.

#define RK_SCORE_TILES (RK_CHUNKS < 4 ? 1 : 4)

/// The call, its packed keys and values, and the columns that its block of queries looks at.
typedef struct RK_NAME(encoder) {
    const rk_encoder_attention *a;
    float *keys;    // [⌈length / 16⌉][head_size][16]
    float *values;  // [length][padded]
    float *scores;  // [RK_QUERY_BLOCK][width]
    size_t width, padded;
    size_t from, to;  // columns; from is a multiple of 16
} RK_NAME(encoder);

#define RK_ENCODER RK_NAME(encoder)

/// Sixteen keys from `j` on become one tile; those past the end are zeros.
RK_INLINE void RK_NAME(encoder_pack_keys)(const RK_ENCODER *e, size_t j) {
    const rk_encoder_attention *a = e->a;
    float *tile = e->keys + j * a->head_size;
    for (size_t i = 0; i < a->head_size; i += RK_TILE) {
        size_t count = a->head_size - i < RK_TILE ? a->head_size - i : RK_TILE;
        f32x16 rows[RK_TILE];
        RK_UNROLL for (int r = 0; r < RK_TILE; r++) {
            const float *key = a->keys + (j + r) * a->stride + i;
            rows[r] = j + r >= a->length ? splat(0)
                      : count == RK_TILE ? load_f32(key)
                                         : load_some_f32(key, count);
        }
        transpose(rows);
        for (size_t c = 0; c < count; c++) store_f32(tile + (i + c) * RK_TILE, rows[c]);
    }
}

static void RK_NAME(encoder_pack)(const RK_ENCODER *e) {
    const rk_encoder_attention *a = e->a;
    for (size_t j = 0; j < a->length; j += RK_TILE) RK_NAME(encoder_pack_keys)(e, j);
    for (size_t j = 0; j < a->length; j++) {
        const float *value = a->values + j * a->stride;
        float *out = e->values + j * e->padded;
        size_t i = 0;
        for (; i + RK_TILE <= a->head_size; i += RK_TILE) store_f32(out + i, load_f32(value + i));
        if (i < e->padded) store_f32(out + i, load_some_f32(value + i, a->head_size - i));
    }
}

/// scores[t][j] = q[t] · k[j] for T queries and J tiles of keys.
RK_INLINE void RK_NAME(encoder_score)(
    const RK_ENCODER *e, size_t query, size_t row, size_t column, const int T, const int J) {
    const rk_encoder_attention *a = e->a;
    const float *keys = e->keys + column * a->head_size;
    const float *queries = a->queries + query * a->stride;
    f32x16 sums[RK_ENCODER_QUERIES][RK_SCORE_TILES];
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) sums[t][j] = splat(0);
    }
    for (size_t i = 0; i < a->head_size; i++) {
        f32x16 k[RK_SCORE_TILES];
        RK_UNROLL for (int j = 0; j < J; j++) {
            k[j] = load_f32(keys + (j * a->head_size + i) * RK_TILE);
        }
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 q = splat(queries[t * a->stride + i]);
            RK_UNROLL for (int j = 0; j < J; j++) sums[t][j] = q * k[j] + sums[t][j];
        }
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int j = 0; j < J; j++) {
            store_f32(e->scores + (row + t) * e->width + column + j * RK_TILE, sums[t][j]);
        }
    }
}

RK_INLINE void RK_NAME(encoder_scores)(
    const RK_ENCODER *e, size_t query, size_t row, const int T) {
    size_t column = e->from;
    for (; column + RK_SCORE_TILES * RK_TILE <= e->to; column += RK_SCORE_TILES * RK_TILE) {
        RK_NAME(encoder_score)(e, query, row, column, T, RK_SCORE_TILES);
    }
    for (; column < e->to; column += RK_TILE) RK_NAME(encoder_score)(e, query, row, column, T, 1);
}

/// The columns that query `i` looks at.
RK_INLINE void RK_NAME(encoder_span)(
    const rk_encoder_attention *a, size_t i, size_t *first, size_t *end) {
    *first = i > a->reach ? i - a->reach : 0;
    bool reaches_end = i + 1 >= a->length || a->reach >= a->length - 1 - i;
    *end = reaches_end ? a->length : i + a->reach + 1;
}

/// Sixteen scores as they are within the span, -inf outside of it.
RK_INLINE f32x16 RK_NAME(encoder_seen)(f32x16 x, size_t column, size_t first, size_t end) {
    i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    i32x16 place = lane + (int32_t)column;
    i32x16 seen = (place >= (int32_t)first) & (place < (int32_t)end);
    return (f32x16)((seen & (i32x16)x) | (~seen & (i32x16)splat(-INFINITY)));
}

/// Puts scaled, biased scores of query `i` in place of its scores, and -inf where it does not look.
/// Returns the maximum.
RK_INLINE float RK_NAME(encoder_logits)(const RK_ENCODER *e, float *scores, size_t i) {
    const rk_encoder_attention *a = e->a;
    size_t first, end;
    RK_NAME(encoder_span)(a, i, &first, &end);
    f32x16 most = splat(-INFINITY);
    for (size_t column = e->from; column < e->to; column += RK_TILE) {
        f32x16 x = load_f32(scores + column) * a->scale;
        if (a->bias) {
            const float *bias = a->bias + (ptrdiff_t)i * a->bias_stride + column;
            size_t left = column < a->length ? a->length - column : 0;
            x += left < RK_TILE ? load_some_f32(bias, left) : load_f32(bias);
        }
        if (column < first || column + RK_TILE > end) {
            x = RK_NAME(encoder_seen)(x, column, first, end);
        }
        store_f32(scores + column, x);
        most = max_f32(x, most);
    }
    return max_lanes(most);
}

/// Turns the scores of query `i` into exponentials relative to their maximum.
/// Returns one over their sum.
RK_INLINE float RK_NAME(encoder_weigh)(const RK_ENCODER *e, float *scores, size_t i) {
    f32x16 shift = splat(RK_NAME(encoder_logits)(e, scores, i)), total = splat(0);
    for (size_t column = e->from; column < e->to; column += RK_TILE) {
        f32x16 x = exp_f32(load_f32(scores + column) - shift);
        store_f32(scores + column, x);
        total += x;
    }
    return 1.0f / sum_lanes(total);
}

/// out[t] = scale[t] · Σ_j scores[t][j] v[j] for T queries and C · 16 of a value's numbers.
RK_INLINE void RK_NAME(encoder_mix)(
    const RK_ENCODER *e, size_t query, size_t row, const float *scales, size_t part, const int T,
    const int C) {
    const float *scores = e->scores + row * e->width;
    size_t end = e->to < e->a->length ? e->to : e->a->length;
    f32x16 sums[RK_ENCODER_QUERIES][2];
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int c = 0; c < C; c++) sums[t][c] = splat(0);
    }
    for (size_t j = e->from; j < end; j++) {
        f32x16 v[2];
        RK_UNROLL for (int c = 0; c < C; c++) {
            v[c] = load_f32(e->values + j * e->padded + part + c * RK_TILE);
        }
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 weight = splat(scores[t * e->width + j]);
            RK_UNROLL for (int c = 0; c < C; c++) sums[t][c] = weight * v[c] + sums[t][c];
        }
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        float *out = e->a->out + (query + t) * e->a->out_stride + part;
        RK_UNROLL for (int c = 0; c < C; c++) {
            size_t left = e->a->head_size - part - c * RK_TILE;
            f32x16 x = sums[t][c] * scales[row + t];
            if (left >= RK_TILE) store_f32(out + c * RK_TILE, x);
            else store_some_f32(out + c * RK_TILE, x, left);
        }
    }
}

RK_INLINE void RK_NAME(encoder_mixes)(
    const RK_ENCODER *e, size_t query, size_t row, const float *scales, const int T) {
    size_t part = 0;
    for (; part + 2 * RK_TILE <= e->padded; part += 2 * RK_TILE) {
        RK_NAME(encoder_mix)(e, query, row, scales, part, T, 2);
    }
    if (part < e->padded) RK_NAME(encoder_mix)(e, query, row, scales, part, T, 1);
}

/// Calls `step(at, T)` for T queries at a time until `count` are done.
#define RK_BY_QUERIES(count, step)                                              \
    do {                                                                        \
        size_t at = 0;                                                          \
        for (; at + RK_ENCODER_QUERIES <= count; at += RK_ENCODER_QUERIES) {    \
            step(at, RK_ENCODER_QUERIES);                                       \
        }                                                                       \
        if (RK_ENCODER_QUERIES > 4 && at + 4 <= count) {                        \
            step(at, (RK_ENCODER_QUERIES > 4 ? 4 : 1));                         \
            at += 4;                                                            \
        }                                                                       \
        if (RK_ENCODER_QUERIES > 2 && at + 2 <= count) {                        \
            step(at, 2);                                                        \
            at += 2;                                                            \
        }                                                                       \
        for (; at < count; at++) step(at, 1);                                   \
    } while (0)

/// The queries from `query` on, at most RK_QUERY_BLOCK of them.
static void RK_NAME(encoder_block)(const RK_ENCODER *e, size_t query, size_t count) {
    float scales[RK_QUERY_BLOCK];
#define RK_STEP(at, T) RK_NAME(encoder_scores)(e, query + at, at, T)
    RK_BY_QUERIES(count, RK_STEP);
#undef RK_STEP
    for (size_t t = 0; t < count; t++) {
        scales[t] = RK_NAME(encoder_weigh)(e, e->scores + t * e->width, query + t);
    }
#define RK_STEP(at, T) RK_NAME(encoder_mixes)(e, query + at, at, scales, T)
    RK_BY_QUERIES(count, RK_STEP);
#undef RK_STEP
}

static void RK_NAME(encoder_attention_f32)(const rk_encoder_attention *a) {
    size_t width = rk_padded(a->length), padded = rk_padded(a->head_size);
    RK_ENCODER e = {.a = a, .width = width, .padded = padded, .keys = a->scratch};
    e.values = e.keys + width * a->head_size;
    e.scores = e.values + width * padded;
    RK_NAME(encoder_pack)(&e);
    for (size_t query = a->first; query < a->first + a->count; query += RK_QUERY_BLOCK) {
        size_t left = a->first + a->count - query;
        size_t count = left < RK_QUERY_BLOCK ? left : RK_QUERY_BLOCK;
        size_t last = query + count - 1;
        e.from = query > a->reach ? (query - a->reach) / RK_TILE * RK_TILE : 0;
        bool reaches_end = last + 1 >= a->length || a->reach >= a->length - 1 - last;
        e.to = reaches_end ? width : rk_padded(last + a->reach + 1);
        RK_NAME(encoder_block)(&e, query, count);
    }
}
