// Turns a stretch of a tile of any block format into one form that a single product kernel reads:
// a byte per weight, and float scales.

/// k of one stretch: two tiles of bytes and scales take 22 KiB, which stay in the first-level cache.
#ifndef RK_BLOCK_STRETCH
#define RK_BLOCK_STRETCH 512
#endif

/// 16 rows over one stretch: w[r, k] = scales[k / sub-block][r] · (bytes - zero) + mins[k / 32][r].
typedef struct RK_NAME(panel) {
    uint8_t bytes[RK_BLOCK_STRETCH / 4][4 * RK_TILE];
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

/// The bytes of a Q8_0 tile lie in runs of 64 k with the scales between them, which is no panel;
/// a stretch copies them together.
RK_INLINE void RK_NAME(expand_q8_0)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q8_0_tile *pair = (const q8_0_tile *)tile + from / 64;
    for (size_t k = from; k < to; k += 64, pair++) {
        size_t block = (k - from) / 32;
        store_f32(panel->scales[block], load_f16(pair->d[0]));
        store_f32(panel->scales[block + 1], load_f16(pair->d[1]));
        for (int g = 0; g < 16; g++) {
            store_bytes(panel->bytes[(k - from) / 4 + g], load_bytes(pair->groups[g]));
        }
    }
}

RK_INLINE void RK_NAME(expand_q4_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q4_k_tile *block = (const q4_k_tile *)tile + from / 256;
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d), dmin = -load_f16(block->dmin);
        for (int s = 0; s < 8; s++) {
            store_f32(panel->scales[k / 32 + s], d * widen_u8(block->scales[s]));
            store_f32(panel->mins[k / 32 + s], dmin * widen_u8(block->mins[s]));
        }
        for (int p = 0; p < 32; p++) {
            u8x64 pair = load_bytes(block->pairs[p]);
            store_bytes(panel->bytes[k / 4 + 2 * p], pair & 0x0f);
            store_bytes(panel->bytes[k / 4 + 2 * p + 1], pair >> 4);
        }
    }
}

RK_INLINE void RK_NAME(expand_q6_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q6_k_tile *block = (const q6_k_tile *)tile + from / 256;
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d);
        for (int s = 0; s < 16; s++) {
            store_f32(panel->scales[k / 16 + s], d * widen_i8(block->scales[s]));
        }
        for (int q = 0; q < 16; q++) {
            u8x64 high = load_bytes(block->high[q]);
            u8x64 low = load_bytes(block->low[2 * q]), next = load_bytes(block->low[2 * q + 1]);
            uint8_t *out = panel->bytes[k / 4 + 4 * q];
            store_bytes(out, (low & 0x0f) | ((high << 4) & 0x30));
            store_bytes(out + 64, (low >> 4) | ((high << 2) & 0x30));
            store_bytes(out + 128, (next & 0x0f) | (high & 0x30));
            store_bytes(out + 192, (next >> 4) | ((high >> 2) & 0x30));
        }
    }
}
