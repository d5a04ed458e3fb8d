// What attention does with keys and values that are numbers of their own; included by attention.h.

#define RK_LOAD RK_PASTE(load_, RK_ELEMENT)
#define RK_STORE RK_PASTE(store_, RK_ELEMENT)

/// scores[t][j] = q[t] · k[j]
RK_INLINE void RK_ATTEND(attention_score)(
    const rk_attention *a, const RK_WEIGHT *keys, size_t first, const int T) {
    const float *q[RK_QUERIES];
    f32x16 sums[RK_QUERIES][RK_HALVES];
    RK_UNROLL for (int t = 0; t < T; t++) {
        q[t] = RK_NAME(attention_query)(a, first + t);
        RK_UNROLL for (int h = 0; h < RK_HALVES; h++) sums[t][h] = splat(0);
    }
    for (size_t i = 0; i < a->head_size; i++) {
        f32x16 k[RK_HALVES];
        RK_UNROLL for (int h = 0; h < RK_HALVES; h++) k[h] = RK_LOAD(keys + i * RK_PAGE + h * RK_TILE);
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 x = splat(q[t][i]);
            RK_UNROLL for (int h = 0; h < RK_HALVES; h++) sums[t][h] = x * k[h] + sums[t][h];
        }
    }
    RK_STATE *states = RK_NAME(attention_states)(a) + first;
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
            store_f32(states[t].scores + h * RK_TILE, sums[t][h]);
        }
    }
}

/// sums[t] += Σ_j scores[t][j] v[j] over the positions of `span`, for J · 16 of a value's numbers.
RK_INLINE void RK_ATTEND(attention_mix_part)(
    const rk_attention *a, const RK_WEIGHT *values, RK_STATE *states, RK_SPAN span, size_t from,
    const int T, const int J) {
    size_t padded = rk_padded(a->head_size);
    f32x16 sums[RK_QUERIES][RK_CHUNKS];
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int c = 0; c < J; c++) {
            sums[t][c] = load_f32(states[t].sums + from + c * RK_TILE);
        }
    }
    for (size_t j = span.from; j < span.to; j++) {
        f32x16 v[RK_CHUNKS];
        RK_UNROLL for (int c = 0; c < J; c++) v[c] = RK_LOAD(values + j * padded + from + c * RK_TILE);
        RK_UNROLL for (int t = 0; t < T; t++) {
            f32x16 weight = splat(states[t].scores[j]);
            RK_UNROLL for (int c = 0; c < J; c++) sums[t][c] = weight * v[c] + sums[t][c];
        }
    }
    RK_UNROLL for (int t = 0; t < T; t++) {
        RK_UNROLL for (int c = 0; c < J; c++) {
            store_f32(states[t].sums + from + c * RK_TILE, sums[t][c]);
        }
    }
}

RK_INLINE void RK_ATTEND(attention_mix)(
    const rk_attention *a, const RK_WEIGHT *values, size_t first, RK_SPAN span, const int T) {
    RK_STATE *states = RK_NAME(attention_states)(a) + first;
    size_t padded = rk_padded(a->head_size), i = 0;
    for (; i + RK_CHUNKS * RK_TILE <= padded; i += RK_CHUNKS * RK_TILE) {
        RK_ATTEND(attention_mix_part)(a, values, states, span, i, T, RK_CHUNKS);
    }
    for (; i < padded; i += RK_TILE) {
        RK_ATTEND(attention_mix_part)(a, values, states, span, i, T, 1);
    }
}

static void RK_NAME(RK_PASTE(remember_, RK_ELEMENT))(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size) {
    RK_WEIGHT *k = (RK_WEIGHT *)keys + slot;
    RK_WEIGHT *v = (RK_WEIGHT *)values + slot * rk_padded(head_size);
    for (size_t i = 0; i < head_size; i += RK_TILE) {
        size_t count = head_size - i < RK_TILE ? head_size - i : RK_TILE;
        RK_WEIGHT row[RK_TILE];
        RK_STORE(row, load_some_f32(key + i, count));
        for (size_t c = 0; c < count; c++) k[(i + c) * RK_PAGE] = row[c];
        RK_STORE(v + i, load_some_f32(value + i, count));
    }
}

#undef RK_LOAD
#undef RK_STORE
