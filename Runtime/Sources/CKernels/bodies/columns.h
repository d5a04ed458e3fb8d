// Equations and aliasing: roost_kernels.h. Rows are walked in order, their numbers 16 at a time.

RK_INLINE f32x16 RK_NAME(squares_of)(
    const float *x, f32x16 center, size_t rows, size_t stride, size_t count) {
    f32x16 sum = splat(0);
    for (size_t r = 0; r < rows; r++) {
        f32x16 a = load_some_f32(x + r * stride, count) - center;
        sum = a * a + sum;
    }
    return sum;
}

static void RK_NAME(column_squares_f32)(
    float *out, const float *x, const float *center, size_t rows, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, RK_NAME(squares_of)(x + i, load_f32(center + i), rows, count, RK_TILE));
    }
    if (i == count) return;
    f32x16 c = load_some_f32(center + i, count - i);
    store_some_f32(out + i, RK_NAME(squares_of)(x + i, c, rows, count, count - i), count - i);
}

RK_INLINE void RK_NAME(scale_columns_with)(
    float *out, const float *x, const float *scale, const float *shift, size_t rows, size_t count,
    f32x16 (*f)(f32x16)) {
    for (size_t r = 0; r < rows; r++, x += count, out += count) {
        size_t i = 0;
        for (; i + RK_TILE <= count; i += RK_TILE) {
            store_f32(out + i, f(load_f32(x + i) * load_f32(scale + i) + load_f32(shift + i)));
        }
        if (i == count) continue;
        size_t left = count - i;
        f32x16 a = load_some_f32(x + i, left) * load_some_f32(scale + i, left);
        store_some_f32(out + i, f(a + load_some_f32(shift + i, left)), left);
    }
}

static void RK_NAME(scale_columns_f32)(
    float *out, const float *x, const float *scale, const float *shift, size_t rows, size_t count,
    rk_activation activation) {
#define RK_CASE(name, function) \
    case name: return RK_NAME(scale_columns_with)(out, x, scale, shift, rows, count, function);
    RK_BY_ACTIVATION(activation, RK_CASE)
#undef RK_CASE
}
