// Equations and aliasing: roost_kernels.h. The tail goes through a padded register, so that an
// element's value does not depend on where in the row it stands.

RK_INLINE f32x16 silu(f32x16 x) { return x / (1.0f + exp_f32(-x)); }

#define RK_ELEMENTWISE_2(name, expression)                                                      \
    static void RK_NAME(name)(float *out, const float *pa, const float *pb, size_t count) {     \
        size_t i = 0;                                                                           \
        for (; i + RK_TILE <= count; i += RK_TILE) {                                            \
            f32x16 a = load_f32(pa + i), b = load_f32(pb + i);                                  \
            store_f32(out + i, expression);                                                     \
        }                                                                                       \
        if (i == count) return;                                                                 \
        f32x16 a = load_some_f32(pa + i, count - i), b = load_some_f32(pb + i, count - i);      \
        store_some_f32(out + i, expression, count - i);                                         \
    }

RK_ELEMENTWISE_2(add_f32, a + b)
RK_ELEMENTWISE_2(multiply_f32, a *b)
RK_ELEMENTWISE_2(swiglu_f32, silu(a) * b)

static void RK_NAME(silu_f32)(float *out, const float *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, silu(load_f32(x + i)));
    store_some_f32(out + i, silu(load_some_f32(x + i, count - i)), count - i);
}
