static void RK_NAME(widen_f16)(float *out, const uint16_t *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, load_f16(x + i));
    uint16_t tail[RK_TILE] = {0};
    memcpy(tail, x + i, (count - i) * sizeof *x);
    store_some_f32(out + i, load_f16(tail), count - i);
}

static void RK_NAME(widen_bf16)(float *out, const uint16_t *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f32(out + i, load_bf16(x + i));
    uint16_t tail[RK_TILE] = {0};
    memcpy(tail, x + i, (count - i) * sizeof *x);
    store_some_f32(out + i, load_bf16(tail), count - i);
}

static void RK_NAME(narrow_f16)(uint16_t *out, const float *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_f16(out + i, load_f32(x + i));
    uint16_t tail[RK_TILE];
    store_f16(tail, load_some_f32(x + i, count - i));
    memcpy(out + i, tail, (count - i) * sizeof *out);
}

static void RK_NAME(narrow_bf16)(uint16_t *out, const float *x, size_t count) {
    size_t i = 0;
    for (; i + RK_TILE <= count; i += RK_TILE) store_bf16(out + i, load_f32(x + i));
    uint16_t tail[RK_TILE];
    store_bf16(tail, load_some_f32(x + i, count - i));
    memcpy(out + i, tail, (count - i) * sizeof *out);
}
