// Equations and aliasing: roost_kernels.h. Sums run in 16 lanes and are folded in halves at the end.

static void RK_NAME(rms_norm_f32)(
    float *out, const float *x, const float *weight, size_t count, float epsilon) {
    f32x16 squares = splat(0);
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        f32x16 a = load_f32(x + i);
        squares = a * a + squares;
    }
    f32x16 tail = load_some_f32(x + i, count - i);
    squares = tail * tail + squares;
    f32x16 scale = splat(1.0f / sqrtf(sum_lanes(squares) / (float)count + epsilon));

    for (i = 0; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, load_f32(x + i) * scale * load_f32(weight + i));
    }
    f32x16 w = load_some_f32(weight + i, count - i);
    store_some_f32(out + i, tail * scale * w, count - i);
}

static void RK_NAME(softmax_f32)(float *out, const float *x, size_t count) {
    float most = -INFINITY;
    for (size_t i = 0; i < count; i++) most = x[i] > most ? x[i] : most;
    // A row of nothing but -inf has no maximum to subtract; it becomes NaN, as the equation says.
    f32x16 total = splat(0);
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        f32x16 e = exp_f32(load_f32(x + i) - most);
        total += e;
        store_f32(out + i, e);
    }
    if (i < count) {
        f32x16 e = exp_f32(load_some_f32(x + i, count - i) - most);
        store_some_f32(out + i, e, count - i);
        total += load_some_f32(out + i, count - i);
    }
    f32x16 scale = splat(1.0f / sum_lanes(total));
    for (i = 0; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, load_f32(out + i) * scale);
    store_some_f32(out + i, load_some_f32(out + i, count - i) * scale, count - i);
}

static void RK_NAME(rotary_f32)(
    float *x, size_t heads, size_t stride, size_t half, const float *cosines, const float *sines) {
    for (size_t head = 0; head < heads; head++, x += stride) {
        for (size_t i = 0; i < half; i += RK_TILE) {
            size_t count = half - i < RK_TILE ? half - i : RK_TILE;
            f32x16 c = load_some_f32(cosines + i, count), s = load_some_f32(sines + i, count);
            f32x16 a = load_some_f32(x + i, count), b = load_some_f32(x + half + i, count);
            store_some_f32(x + i, a * c - b * s, count);
            store_some_f32(x + half + i, b * c + a * s, count);
        }
    }
}
