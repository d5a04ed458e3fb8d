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

/// The sum of x + residual, which goes to `y`. Four sums in turn hide the time of one addition.
RK_INLINE float RK_NAME(sum_into)(
    float *y, const float *x, const float *residual, size_t count) {
    f32x16 sums[4] = {splat(0), splat(0), splat(0), splat(0)};
    size_t i = 0;
    for (; i + 4 * RK_TILE <= count; i += 4 * RK_TILE) {
        RK_UNROLL for (int s = 0; s < 4; s++) {
            size_t at = i + s * RK_TILE;
            f32x16 a = residual ? load_f32(x + at) + load_f32(residual + at) : load_f32(x + at);
            store_f32(y + at, a);
            sums[s] += a;
        }
    }
    for (; i < count; i += RK_TILE) {
        size_t left = count - i < RK_TILE ? count - i : RK_TILE;
        f32x16 a = load_some_f32(x + i, left);
        if (residual) a += load_some_f32(residual + i, left);
        store_some_f32(y + i, a, left);
        sums[0] += a;
    }
    return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

RK_INLINE float RK_NAME(squared_distance)(const float *x, float mean, size_t count) {
    f32x16 squares[4] = {splat(0), splat(0), splat(0), splat(0)};
    size_t i = 0;
    for (; i + 4 * RK_TILE <= count; i += 4 * RK_TILE) {
        RK_UNROLL for (int s = 0; s < 4; s++) {
            f32x16 a = load_f32(x + i + s * RK_TILE) - mean;
            squares[s] = a * a + squares[s];
        }
    }
    float rest = 0;
    for (; i < count; i++) rest += (x[i] - mean) * (x[i] - mean);
    return sum_lanes((squares[0] + squares[1]) + (squares[2] + squares[3])) + rest;
}

static void RK_NAME(layer_norm_f32)(
    float *out, const float *x, const float *residual, const float *weight, const float *bias,
    size_t count, float epsilon) {
    float mean = RK_NAME(sum_into)(out, x, residual, count) / (float)count;
    float variance = RK_NAME(squared_distance)(out, mean, count) / (float)count;
    f32x16 scale = splat(1.0f / sqrtf(variance + epsilon));
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        f32x16 a = (load_f32(out + i) - mean) * scale * load_f32(weight + i);
        store_f32(out + i, bias ? a + load_f32(bias + i) : a);
    }
    f32x16 a = load_some_f32(out + i, count - i), w = load_some_f32(weight + i, count - i);
    a = (a - mean) * scale * w;
    if (bias) a += load_some_f32(bias + i, count - i);
    store_some_f32(out + i, a, count - i);
}

static void RK_NAME(normalize_f32)(float *out, const float *x, size_t count, float epsilon) {
    float length = sqrtf(RK_NAME(squared_distance)(x, 0, count));
    f32x16 scale = splat(1.0f / (length > epsilon || length != length ? length : epsilon));
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, load_f32(x + i) * scale);
    store_some_f32(out + i, load_some_f32(x + i, count - i) * scale, count - i);
}

RK_INLINE f32x16 RK_NAME(mean_of)(const float *x, size_t rows, size_t stride, size_t count) {
    f32x16 sum = splat(0);
    for (size_t r = 0; r < rows; r++) sum += load_some_f32(x + r * stride, count);
    return rows == 0 ? sum : sum / (float)rows;
}

static void RK_NAME(mean_rows_f32)(float *out, const float *x, size_t rows, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, RK_NAME(mean_of)(x + i, rows, count, RK_TILE));
    }
    store_some_f32(out + i, RK_NAME(mean_of)(x + i, rows, count, count - i), count - i);
}

RK_INLINE f32x16 RK_NAME(max_of)(const float *x, size_t rows, size_t stride, size_t count) {
    f32x16 most = rows == 0 ? splat(0) : load_some_f32(x, count);
    for (size_t r = 1; r < rows; r++) {
        f32x16 a = load_some_f32(x + r * stride, count);
        i32x16 keeps = (most >= a) | (most != most);  // NaN stays
        most = (f32x16)((keeps & (i32x16)most) | (~keeps & (i32x16)a));
    }
    return most;
}

static void RK_NAME(max_rows_f32)(float *out, const float *x, size_t rows, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) {
        store_f32(out + i, RK_NAME(max_of)(x + i, rows, count, RK_TILE));
    }
    store_some_f32(out + i, RK_NAME(max_of)(x + i, rows, count, count - i), count - i);
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
