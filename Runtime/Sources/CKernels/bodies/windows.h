// Equations and layout: roost_kernels.h.

RK_INLINE void RK_NAME(copy)(float *out, const float *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, load_f32(x + i));
    if (i < count) store_some_f32(out + i, load_some_f32(x + i, count - i), count - i);
}

RK_INLINE void RK_NAME(clear)(float *out, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, splat(0));
    if (i < count) store_some_f32(out + i, splat(0), count - i);
}

static void RK_NAME(lay_windows_f32)(float *out, const rk_windows *w, size_t first, size_t count) {
    size_t line = w->window_width * w->channels;
    for (size_t n = first; n < first + count; n++) {
        const int32_t *rows = w->rows + n / w->per_row * w->stride;
        const int32_t *columns = w->columns + n % w->per_row * w->stride;
        int32_t last = columns[w->window_width - 1];
        bool is_run = columns[0] >= 0 && last - columns[0] == (int32_t)w->window_width - 1;
        for (size_t u = 0; u < w->window_height; u++, out += line) {
            if (rows[u] < 0) {
                RK_NAME(clear)(out, line);
                continue;
            }
            const float *row = w->image + (size_t)rows[u] * w->width * w->channels;
            if (is_run) {
                RK_NAME(copy)(out, row + (size_t)columns[0] * w->channels, line);
                continue;
            }
            for (size_t v = 0; v < w->window_width; v++) {
                float *target = out + v * w->channels;
                if (columns[v] < 0) RK_NAME(clear)(target, w->channels);
                else RK_NAME(copy)(target, row + (size_t)columns[v] * w->channels, w->channels);
            }
        }
    }
}
