// Equations and aliasing: roost_kernels.h. The tail goes through a padded register, so that an
// element's value does not depend on its place in the row.

RK_INLINE f32x16 add(f32x16 a, f32x16 b) { return a + b; }
RK_INLINE f32x16 multiply(f32x16 a, f32x16 b) { return a * b; }

RK_INLINE void RK_NAME(pairwise)(
    float *out, const float *a, const float *b, size_t count, f32x16 (*f)(f32x16, f32x16)) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, f(load_f32(a + i), load_f32(b + i)));
    }
    f32x16 x = load_some_f32(a + i, count - i), y = load_some_f32(b + i, count - i);
    store_some_f32(out + i, f(x, y), count - i);
}

static void RK_NAME(add_f32)(float *out, const float *a, const float *b, size_t count) {
    RK_NAME(pairwise)(out, a, b, count, add);
}

static void RK_NAME(multiply_f32)(float *out, const float *a, const float *b, size_t count) {
    RK_NAME(pairwise)(out, a, b, count, multiply);
}

RK_INLINE void RK_NAME(activate_with)(
    float *out, const float *x, size_t count, f32x16 (*f)(f32x16)) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, f(load_f32(x + i)));
    if (i < count) store_some_f32(out + i, f(load_some_f32(x + i, count - i)), count - i);
}

RK_INLINE void RK_NAME(finish_with)(
    float *x, size_t rows, size_t stride, const float *bias, size_t count, f32x16 (*f)(f32x16)) {
    for (size_t r = 0; r < rows; r++, x += stride) {
        if (!bias) {
            RK_NAME(activate_with)(x, x, count, f);
            continue;
        }
        size_t i = 0;
        for (; i + RK_TILE <= count; i += RK_TILE) {
            store_f32(x + i, f(load_f32(x + i) + load_f32(bias + i)));
        }
        if (i == count) continue;
        f32x16 last = load_some_f32(x + i, count - i) + load_some_f32(bias + i, count - i);
        store_some_f32(x + i, f(last), count - i);
    }
}

#define RK_BY_ACTIVATION(activation, call) \
    switch (activation) { RK_ACTIVATIONS(call) }

static void RK_NAME(activate_f32)(
    float *out, const float *x, size_t count, rk_activation activation) {
#define RK_CASE(name, function) \
    case name: return RK_NAME(activate_with)(out, x, count, function);
    RK_BY_ACTIVATION(activation, RK_CASE)
#undef RK_CASE
}

static void RK_NAME(finish_f32)(
    float *x, size_t rows, size_t stride, const float *bias, size_t count,
    rk_activation activation) {
#define RK_CASE(name, function) \
    case name: return RK_NAME(finish_with)(x, rows, stride, bias, count, function);
    RK_BY_ACTIVATION(activation, RK_CASE)
#undef RK_CASE
}

RK_INLINE void RK_NAME(gate_with)(
    float *out, const float *gate, const float *up, size_t count, f32x16 (*f)(f32x16)) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, f(load_f32(gate + i)) * load_f32(up + i));
    }
    f32x16 g = load_some_f32(gate + i, count - i), u = load_some_f32(up + i, count - i);
    store_some_f32(out + i, f(g) * u, count - i);
}

static void RK_NAME(gate_f32)(
    float *out, const float *gate, const float *up, size_t count, rk_activation activation) {
#define RK_CASE(name, function) \
    case name: return RK_NAME(gate_with)(out, gate, up, count, function);
    RK_BY_ACTIVATION(activation, RK_CASE)
#undef RK_CASE
}
