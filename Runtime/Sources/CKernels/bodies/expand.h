// Turns a stretch of a tile of any block format into the one form that the product kernel reads: a
// byte per weight, and float scales. The next stretch is prefetched meanwhile, because the product
// that follows leaves the memory idle.

/// k of one stretch: two tiles of bytes and scales take 22 KiB, which stay in the L1 cache.
#ifndef RK_BLOCK_STRETCH
#define RK_BLOCK_STRETCH 512
#endif

/// 16 rows over one stretch: w[r, k] = scales[k / sub-block][r] · (byte - zero) + mins[k / 32][r].
typedef struct RK_NAME(panel) {
    const uint8_t *bytes;  // 64 k, or 16 groups, lie together; `stride` bytes on come the next
    size_t stride;
    _Alignas(64) uint8_t room[RK_BLOCK_STRETCH / 4][4 * RK_TILE];
    float scales[RK_BLOCK_STRETCH / 16][RK_TILE];
    float mins[RK_BLOCK_STRETCH / 32][RK_TILE];
} RK_NAME(panel);

#define RK_PANEL RK_NAME(panel)

RK_INLINE f32x16 widen_u8(const uint8_t *p) {
    u8x16 x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(__builtin_convertvector(x, i32x16), f32x16);
}

RK_INLINE f32x16 widen_i8(const int8_t *p) {
    i8x16 x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(__builtin_convertvector(x, i32x16), f32x16);
}

RK_INLINE void store_bytes(uint8_t *p, u8x64 x) { memcpy(p, &x, sizeof x); }

/// Prefetches `size` bytes that lie `size` bytes ahead; past the end of the weights that is
/// harmless.
RK_INLINE void fetch_next(const void *part, size_t size) {
    const char *next = (const char *)part + size;
    for (size_t line = 0; line < size; line += 64) __builtin_prefetch(next + line, 0, 3);
}

/// The bytes stay where they are.
RK_INLINE void RK_NAME(expand_q8_0)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q8_0_tile *pairs = (const q8_0_tile *)tile + from / 64;
    panel->bytes = pairs->groups[0];
    panel->stride = sizeof *pairs;
    size_t count = (to - from + 63) / 64;
    fetch_next(pairs, count * sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        store_f32(panel->scales[2 * i], load_f16(pairs[i].d[0]));
        store_f32(panel->scales[2 * i + 1], load_f16(pairs[i].d[1]));
    }
}

RK_INLINE void RK_NAME(expand_q4_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q4_k_tile *block = (const q4_k_tile *)tile + from / 256;
    panel->bytes = panel->room[0];
    panel->stride = 16 * sizeof panel->room[0];
    fetch_next(block, (to - from) / 256 * sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d), dmin = -load_f16(block->dmin);
        for (int s = 0; s < 8; s++) {
            store_f32(panel->scales[k / 32 + s], d * widen_u8(block->scales[s]));
            store_f32(panel->mins[k / 32 + s], dmin * widen_u8(block->mins[s]));
        }
        for (int p = 0; p < 32; p++) {
            u8x64 pair = load_bytes(block->pairs[p]);
            store_bytes(panel->room[k / 4 + 2 * p], pair & 0x0f);
            store_bytes(panel->room[k / 4 + 2 * p + 1], pair >> 4);
        }
    }
}

RK_INLINE void RK_NAME(expand_q6_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q6_k_tile *block = (const q6_k_tile *)tile + from / 256;
    panel->bytes = panel->room[0];
    panel->stride = 16 * sizeof panel->room[0];
    fetch_next(block, (to - from) / 256 * sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d);
        for (int s = 0; s < 16; s++) {
            store_f32(panel->scales[k / 16 + s], d * widen_i8(block->scales[s]));
        }
        for (int q = 0; q < 16; q++) {
            u8x64 high = load_bytes(block->high[q]);
            u8x64 low = load_bytes(block->low[2 * q]), next = load_bytes(block->low[2 * q + 1]);
            uint8_t *out = panel->room[k / 4 + 4 * q];
            store_bytes(out, (low & 0x0f) | ((high << 4) & 0x30));
            store_bytes(out + 64, (low >> 4) | ((high << 2) & 0x30));
            store_bytes(out + 128, (next & 0x0f) | (high & 0x30));
            store_bytes(out + 192, (next >> 4) | ((high >> 2) & 0x30));
        }
    }
}
