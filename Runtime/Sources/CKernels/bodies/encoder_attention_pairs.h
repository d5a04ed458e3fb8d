// Attention within one sequence whose products have factors in BF16; the equation: roost_kernels.h.
//
// Scores are a product in pairs with a head's keys for weights, and the mix of values is one with
// the values for weights, both laid out once for all queries of the call. Between the two the
// softmax is in float32.

/// The call, its packed keys and values, and the columns that its block of queries looks at.
typedef struct RK_NAME(pair_encoder) {
    RK_ENCODER e;       // its width is a multiple of 32, its keys and values are not used
    size_t depth;       // of a key: the head size up to a multiple of 32
    uint16_t *keys;     // [width / 16][depth / 2][16][2]
    uint16_t *values;   // [padded / 16][width / 2][16][2]
    uint16_t *queries;  // [RK_PAIR_QUERIES][depth]
    uint16_t *weights;  // [RK_PAIR_QUERIES][width]
} RK_NAME(pair_encoder);

#define RK_PAIR_ENCODER RK_NAME(pair_encoder)

/// Sixteen numbers of row `j` from `i` on; zeros after the end of the row and of the sequence.
RK_INLINE f32x16 RK_NAME(row_part)(
    const rk_encoder_attention *a, const float *rows, size_t j, size_t i) {
    if (j >= a->length || i >= a->head_size) return splat(0);
    size_t left = a->head_size - i;
    const float *place = rows + j * a->stride + i;
    return left >= RK_TILE ? load_f32(place) : load_some_f32(place, left);
}

/// Numbers `i` to `i + 31` of row `j`.
RK_INLINE u32x16 RK_NAME(row_pairs)(
    const rk_encoder_attention *a, const float *rows, size_t j, size_t i) {
    return round_pairs(
        RK_NAME(row_part)(a, rows, j, i), RK_NAME(row_part)(a, rows, j, i + RK_TILE));
}

/// Sixteen keys from `j` on become one tile: a pair of each key is a number of 32 bits, and those
/// are transposed.
RK_INLINE void RK_NAME(pack_pair_keys)(const RK_PAIR_ENCODER *p, size_t j) {
    for (size_t i = 0; i < p->depth; i += 2 * RK_TILE) {
        f32x16 rows[RK_TILE];
        RK_UNROLL for (int r = 0; r < RK_TILE; r++) {
            rows[r] = (f32x16)RK_NAME(row_pairs)(p->e.a, p->e.a->keys, j + r, i);
        }
        transpose(rows);
        memcpy(p->keys + j * p->depth + i * RK_TILE, rows, sizeof rows);
    }
}

/// The values `j` and `j + 1` become pairs, in every tile of the value's numbers.
RK_INLINE void RK_NAME(pack_pair_values)(const RK_PAIR_ENCODER *p, size_t j) {
    for (size_t i = 0; i < p->e.padded; i += RK_TILE) {
        u32x16 first = round_bf16(RK_NAME(row_part)(p->e.a, p->e.a->values, j, i));
        u32x16 second = round_bf16(RK_NAME(row_part)(p->e.a, p->e.a->values, j + 1, i));
        u32x16 pairs = first | second << 16;
        memcpy(p->values + i * p->e.width + j * RK_TILE, &pairs, sizeof pairs);
    }
}

/// scores[t, j] = q[query + t] · k[j]
static void RK_NAME(pair_scores)(const RK_PAIR_ENCODER *p, size_t query, size_t count) {
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < p->depth; i += 2 * RK_TILE) {
            u32x16 pairs = RK_NAME(row_pairs)(p->e.a, p->e.a->queries, query + t, i);
            memcpy(p->queries + t * p->depth + i, &pairs, sizeof pairs);
        }
    }
    RK_PAIRS product = {
        .out = p->e.scores + p->e.from,
        .out_stride = p->e.width,
        .tokens = count,
        .rows = p->e.to - p->e.from,
        .depth = p->depth,
        .x = p->queries,
        .x_stride = p->depth,
        .tiles = p->keys + p->e.from * p->depth,
        .tile_stride = RK_TILE * p->depth,
    };
    RK_NAME(multiply_pairs)(&product);
}

/// Sixteen logits of query `i`, as exponents of two; -inf where it does not look.
RK_INLINE f32x16 RK_NAME(pair_logits)(
    const rk_encoder_attention *a, const float *scores, size_t i, size_t column, size_t first,
    size_t end) {
    const float log2_e = 1.44269504f;
    f32x16 x = load_f32(scores + column) * (a->scale * log2_e);
    if (a->bias && column < a->length) {
        const float *bias = a->bias + (ptrdiff_t)i * a->bias_stride + column;
        size_t left = a->length - column;
        x += (left < RK_TILE ? load_some_f32(bias, left) : load_f32(bias)) * log2_e;
    }
    bool is_seen = column >= first && column + RK_TILE <= end;
    return is_seen ? x : RK_NAME(encoder_seen)(x, column, first, end);
}

/// The weights of query `i`: exponentials of its logits relative to their maximum.
/// Returns one over their sum.
RK_INLINE float RK_NAME(pair_weigh)(
    const RK_PAIR_ENCODER *p, const float *scores, uint16_t *weights, size_t i) {
    const rk_encoder_attention *a = p->e.a;
    size_t first, end;
    RK_NAME(encoder_span)(a, i, &first, &end);
    f32x16 most = splat(-INFINITY), total = splat(0);
    for (size_t column = p->e.from; column < p->e.to; column += RK_TILE) {
        most = max_f32(RK_NAME(pair_logits)(a, scores, i, column, first, end), most);
    }
    f32x16 shift = splat(max_lanes(most));
    for (size_t column = p->e.from; column < p->e.to; column += 2 * RK_TILE) {
        f32x16 low = RK_NAME(pair_logits)(a, scores, i, column, first, end);
        f32x16 high = RK_NAME(pair_logits)(a, scores, i, column + RK_TILE, first, end);
        low = power_of_two(low - shift);
        high = power_of_two(high - shift);
        u32x16 pairs = round_pairs(low, high);
        memcpy(weights + column, &pairs, sizeof pairs);
        total += low + high;
    }
    return 1.0f / sum_lanes(total);
}

/// out[query + t] = scales[t] · Σ_j weights[t, j] v[j]
static void RK_NAME(pair_mix)(
    const RK_PAIR_ENCODER *p, size_t query, size_t count, const float *scales) {
    const rk_encoder_attention *a = p->e.a;
    RK_PAIRS product = {
        .out = a->out + query * a->out_stride,
        .out_stride = a->out_stride,
        .tokens = count,
        .rows = a->head_size,
        .depth = p->e.to - p->e.from,
        .x = p->weights + p->e.from,
        .x_stride = p->e.width,
        .tiles = p->values + p->e.from * RK_TILE,
        .tile_stride = RK_TILE * p->e.width,
    };
    RK_NAME(multiply_pairs)(&product);
    for (size_t t = 0; t < count; t++) {
        float *out = product.out + t * a->out_stride;
        for (size_t i = 0; i < a->head_size; i += RK_TILE) {
            size_t left = a->head_size - i;
            if (left >= RK_TILE) store_f32(out + i, load_f32(out + i) * scales[t]);
            else store_some_f32(out + i, load_some_f32(out + i, left) * scales[t], left);
        }
    }
}

static void RK_NAME(pair_encoder_block)(
    const RK_PAIR_ENCODER *p, size_t query, size_t count) {
    float scales[RK_PAIR_QUERIES];
    RK_NAME(pair_scores)(p, query, count);
    for (size_t t = 0; t < count; t++) {
        size_t row = t * p->e.width;
        scales[t] = RK_NAME(pair_weigh)(p, p->e.scores + row, p->weights + row, query + t);
    }
    RK_NAME(pair_mix)(p, query, count, scales);
}

static void RK_NAME(encoder_attention_pairs)(const rk_encoder_attention *a) {
    RK_PAIR_ENCODER p = {.depth = rk_pair_depth(a->head_size)};
    p.e = (RK_ENCODER){
        .a = a, .width = rk_pair_depth(a->length), .padded = rk_padded(a->head_size)};
    p.e.scores = a->scratch;
    p.keys = (uint16_t *)(p.e.scores + RK_PAIR_QUERIES * p.e.width);
    p.values = p.keys + p.e.width * p.depth;
    p.queries = p.values + p.e.width * p.e.padded;
    p.weights = p.queries + RK_PAIR_QUERIES * p.depth;
    for (size_t j = 0; j < p.e.width; j += RK_TILE) RK_NAME(pack_pair_keys)(&p, j);
    for (size_t j = 0; j < p.e.width; j += 2) RK_NAME(pack_pair_values)(&p, j);
    for (size_t query = a->first; query < a->first + a->count; query += RK_PAIR_QUERIES) {
        size_t left = a->first + a->count - query;
        size_t count = left < RK_PAIR_QUERIES ? left : RK_PAIR_QUERIES;
        size_t last = query + count - 1;
        p.e.from = query > a->reach ? (query - a->reach) / 32 * 32 : 0;
        bool reaches_end = last + 1 >= a->length || a->reach >= a->length - 1 - last;
        p.e.to = reaches_end ? p.e.width : rk_pair_depth(last + a->reach + 1);
        RK_NAME(pair_encoder_block)(&p, query, count);
    }
}
