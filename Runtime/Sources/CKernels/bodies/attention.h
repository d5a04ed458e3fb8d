// Attention over pages whose keys and values are of RK_ELEMENT, stored as RK_WEIGHT, with RK_SCALED in
// blocks with scales; the equation and the layout of a page: roost_kernels.h.
//
// RK_QUERIES queries share each load of a key or a value. What a query adds up, and in which
// order, does not depend on its neighbours.

#define RK_ATTEND(name) RK_JOIN(name, RK_ELEMENT, RK_TIER)

#ifndef RK_HALVES
#define RK_HALVES (RK_PAGE / RK_TILE)

/// One query's share of the scratch memory.
typedef struct RK_NAME(attention_state) {
    float most;    // the running maximum of the scores
    float total;   // the running sum of their exponentials
    float *scores; // [32]
    float *sums;   // [padded]
} RK_NAME(attention_state);

#define RK_STATE RK_NAME(attention_state)

RK_INLINE RK_STATE *RK_NAME(attention_states)(const rk_attention *a) {
    return (RK_STATE *)a->scratch;
}

static void RK_NAME(attention_begin)(const rk_attention *a) {
    _Static_assert(sizeof(RK_STATE) <= RK_TILE * sizeof(float), "the state fits its scratch");
    size_t queries = a->rows * a->group, padded = rk_padded(a->head_size);
    RK_STATE *states = RK_NAME(attention_states)(a);
    float *rest = a->scratch + queries * RK_TILE;
    for (size_t q = 0; q < queries; q++, rest += RK_PAGE + padded) {
        // A sink counts as a position that was seen first, and whose value is 0.
        states[q] = (RK_STATE){
            .most = a->sinks ? a->sinks[q % a->group] : -INFINITY, .total = a->sinks ? 1 : 0,
            .scores = rest, .sums = rest + RK_PAGE};
        memset(states[q].sums, 0, padded * sizeof(float));
    }
}

static void RK_NAME(attention_end)(const rk_attention *a) {
    RK_STATE *state = RK_NAME(attention_states)(a);
    for (size_t r = 0; r < a->rows; r++) {
        float *out = a->out + r * a->row_stride;
        for (size_t g = 0; g < a->group; g++, state++, out += a->head_size) {
            float scale = 1.0f / state->total;
            for (size_t i = 0; i < a->head_size; i++) out[i] = state->sums[i] * scale;
        }
    }
}

/// The positions of a page that a query sees, `from` to before `to`; both 0 for none.
typedef struct RK_NAME(attention_span) {
    uint32_t from, to;
} RK_NAME(attention_span);

#define RK_SPAN RK_NAME(attention_span)

/// Turns the scores of the positions of `span` into exponentials relative to the maximum so far, and
/// brings what was summed under an older maximum down to the new one. Those of other positions
/// become 0.
/// - bias: of the page's 32 positions, NULL for none.
RK_INLINE void RK_NAME(attention_weigh)(
    const rk_attention *a, RK_STATE *state, RK_SPAN span, const float *bias) {
    f32x16 s[RK_HALVES];
    i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
        i32x16 place = lane + h * RK_TILE;
        i32x16 seen = (place < (int32_t)span.to) & ~(place < (int32_t)span.from);
        f32x16 score = load_f32(state->scores + h * RK_TILE) * a->scale;
        if (a->soft_cap > 0) score = tanh_f32(score * (1.0f / a->soft_cap)) * a->soft_cap;
        if (bias) score += load_f32(bias + h * RK_TILE);
        s[h] = (f32x16)((seen & (i32x16)score) | (~seen & (i32x16)splat(-INFINITY)));
    }
    float most = max_lanes(max_f32(s[0], s[1]));
    if (!(most > state->most)) most = state->most;
    f32x16 total = splat(0);
    RK_UNROLL for (int h = 0; h < RK_HALVES; h++) {
        f32x16 weight = exp_f32(s[h] - most);
        store_f32(state->scores + h * RK_TILE, weight);
        total += weight;
    }
    if (most != state->most) {
        f32x16 fall = exp_f32(splat(state->most - most));
        state->total *= fall[0];
        for (size_t i = 0; i < rk_padded(a->head_size); i += RK_TILE) {
            store_f32(state->sums + i, load_f32(state->sums + i) * fall);
        }
        state->most = most;
    }
    state->total += sum_lanes(total);
}

RK_INLINE const float *RK_NAME(attention_query)(const rk_attention *a, size_t q) {
    return a->queries + q / a->group * a->row_stride + q % a->group * a->head_size;
}

/// What query `q` may see of the page that begins at `start`.
RK_INLINE RK_SPAN RK_NAME(attention_seen)(const rk_attention *a, size_t q, size_t start) {
    size_t end = a->length ? a->length : a->first_position + q / a->group + 1;
    size_t begin = a->window && end > a->window ? end - a->window : 0;
    if (end <= start || begin >= start + RK_PAGE) return (RK_SPAN){0, 0};
    return (RK_SPAN){
        .from = begin > start ? (uint32_t)(begin - start) : 0,
        .to = end - start < RK_PAGE ? (uint32_t)(end - start) : RK_PAGE,
    };
}

/// The bias of query `q` for the page that begins at `start`.
RK_INLINE const float *RK_NAME(attention_bias)(const rk_attention *a, size_t q, size_t start) {
    if (!a->bias) return NULL;
    ptrdiff_t distance = (ptrdiff_t)start - (ptrdiff_t)(a->first_position + q / a->group);
    return a->bias + (ptrdiff_t)(q % a->group) * a->bias_stride + distance;
}
#endif

#if defined(RK_SCALED)
#include "attention_blocks.h"
#else
#include "attention_numbers.h"
#endif

/// T queries that see equally much of a page take its values together, others one after another.
RK_INLINE void RK_ATTEND(attention_page)(
    const rk_attention *a, const RK_WEIGHT *keys, const RK_WEIGHT *values, size_t start,
    size_t first, const int T) {
    RK_SPAN seen[RK_QUERIES];
    bool equal = true;
    RK_UNROLL for (int t = 0; t < T; t++) {
        seen[t] = RK_NAME(attention_seen)(a, first + t, start);
        equal = equal && seen[t].from == seen[0].from && seen[t].to == seen[0].to;
    }
    if (equal && seen[0].to == 0) return;
    RK_ATTEND(attention_score)(a, keys, first, T);
    RK_STATE *states = RK_NAME(attention_states)(a) + first;
    for (int t = 0; t < T; t++) {
        if (seen[t].to == 0) continue;
        const float *bias = RK_NAME(attention_bias)(a, first + t, start);
        RK_NAME(attention_weigh)(a, states + t, seen[t], bias);
    }
    if (equal) {
        RK_ATTEND(attention_mix)(a, values, first, seen[0], T);
    } else {
        for (int t = 0; t < T; t++) RK_ATTEND(attention_mix)(a, values, first + t, seen[t], 1);
    }
}

static void RK_NAME(RK_PASTE(attention_, RK_ELEMENT))(const rk_attention *a) {
    size_t queries = a->rows * a->group;
    size_t end = a->length ? a->length : a->first_position + a->rows;
    // Where row 0 begins to see; the others see no page before.
    size_t own = a->length ? a->length : a->first_position + 1;
    size_t begin = a->window && own > a->window ? (own - a->window) / RK_PAGE * RK_PAGE : 0;
    RK_NAME(attention_begin)(a);
    for (size_t start = begin; start < end; start += RK_PAGE) {
        const char *page = a->pages[start / RK_PAGE];
        const RK_WEIGHT *keys = (const RK_WEIGHT *)(page + a->keys);
        const RK_WEIGHT *values = (const RK_WEIGHT *)(page + a->values);
        size_t q = 0;
        for (; q + RK_QUERIES <= queries; q += RK_QUERIES) {
            RK_ATTEND(attention_page)(a, keys, values, start, q, RK_QUERIES);
        }
        for (; q < queries; q++) RK_ATTEND(attention_page)(a, keys, values, start, q, 1);
    }
    RK_NAME(attention_end)(a);
}

#undef RK_ATTEND
