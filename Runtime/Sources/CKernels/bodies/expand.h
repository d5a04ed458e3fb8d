// Turns a stretch of a tile of any block format into the one form that the product kernel reads: a
// byte per weight, and float scales. The next stretch is prefetched meanwhile, because the product
// that follows leaves the memory idle.

/// k of one stretch: two tiles of bytes and scales take 24 KiB, which stay in the L1 cache.
#ifndef RK_BLOCK_STRETCH
#define RK_BLOCK_STRETCH 512
#endif

/// 16 rows over one stretch: w[r, k] = scales[k / sub-block][r] · (byte - zero) + mins[k / sub-block][r].
typedef struct RK_NAME(panel) {
    const uint8_t *bytes;  // 64 k, or 16 groups, lie together; `stride` bytes on come the next
    size_t stride;
    _Alignas(64) uint8_t room[RK_BLOCK_STRETCH / 4][4 * RK_TILE];
    float scales[RK_BLOCK_STRETCH / 16][RK_TILE];
    float mins[RK_BLOCK_STRETCH / 16][RK_TILE];
} RK_NAME(panel);

#define RK_PANEL RK_NAME(panel)

RK_INLINE f32x16 widen_bytes(u8x16 x) {
    return __builtin_convertvector(__builtin_convertvector(x, i32x16), f32x16);
}

RK_INLINE f32x16 widen_u8(const uint8_t *p) {
    u8x16 x;
    memcpy(&x, p, sizeof x);
    return widen_bytes(x);
}

RK_INLINE void store_bytes(uint8_t *p, u8x64 x) { memcpy(p, &x, sizeof x); }

/// Prefetches `size` bytes that lie `size` bytes ahead; past the end of the weights that is
/// harmless.
RK_INLINE void fetch_next(const void *part, size_t size) {
    const char *next = (const char *)part + size;
    for (size_t line = 0; line < size; line += 64) __builtin_prefetch(next + line, 0, 3);
}

/// The numbers that four bits of a format stand for, plus 128.
static const uint8_t RK_NAME(iq4_values)[16] = {
    1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
/// Those of OCP FP4 (E2M1), twice.
static const uint8_t RK_NAME(fp4_values)[16] = {
    128, 129, 130, 131, 132, 134, 136, 140, 128, 127, 126, 125, 124, 122, 120, 116};

/// Two groups of four bits become bytes; with a table, what it has for them.
RK_INLINE void RK_NAME(expand_pair)(uint8_t *out, const uint8_t *pair, const uint8_t *table) {
    u8x64 both = load_bytes(pair), low = both & 0x0f, high = both >> 4;
    store_bytes(out, table ? look_up(table, low) : low);
    store_bytes(out + 64, table ? look_up(table, high) : high);
}

/// Adds bit `place` of sixteen groups' bytes: those of a block of 32 come from one vector.
RK_INLINE void RK_NAME(add_high_bits)(uint8_t *out, u8x64 bits, const int place) {
    RK_UNROLL for (int g = 0; g < 8; g++) {
        u8x64 bit = (bits >> g & 1) << place;
        store_bytes(out + 64 * g, load_bytes(out + 64 * g) | bit);
    }
}

/// Blocks of 32: small_layout.
RK_INLINE void RK_NAME(expand_small)(
    RK_PANEL *panel, const void *tile, size_t from, size_t to, const bool has_m,
    const bool has_fifths, const bool is_bf16, const uint8_t *table) {
    const small_layout layout = small_layout_of(has_m, has_fifths);
    const uint8_t *blocks = (const uint8_t *)tile + from / 64 * layout.size;
    size_t count = (to - from + 63) / 64;
    panel->bytes = panel->room[0];
    panel->stride = 16 * sizeof panel->room[0];
    fetch_next(blocks, count * layout.size);
    for (size_t i = 0; i < count; i++, blocks += layout.size) {
        const uint16_t *d = (const uint16_t *)blocks, *m = (const uint16_t *)(blocks + layout.m);
        uint8_t *out = panel->room[16 * i];
        for (int b = 0; b < 2; b++) {
            const uint16_t *scale = d + b * RK_TILE;
            store_f32(panel->scales[2 * i + b], is_bf16 ? load_bf16(scale) : load_f16(scale));
            if (has_m) store_f32(panel->mins[2 * i + b], load_f16(m + b * RK_TILE));
        }
        RK_UNROLL for (int p = 0; p < 8; p++) {
            RK_NAME(expand_pair)(out + 128 * p, blocks + layout.pairs + 64 * p, table);
        }
        for (int b = 0; has_fifths && b < 2; b++) {
            RK_NAME(add_high_bits)(out + 512 * b, load_bytes(blocks + layout.fifths + 64 * b), 4);
        }
    }
}

RK_INLINE void RK_NAME(expand_q4_0)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, false, false, false, NULL);
}

RK_INLINE void RK_NAME(expand_q4_1)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, true, false, false, NULL);
}

RK_INLINE void RK_NAME(expand_q5_0)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, false, true, false, NULL);
}

RK_INLINE void RK_NAME(expand_q5_1)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, true, true, false, NULL);
}

RK_INLINE void RK_NAME(expand_iq4_nl)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, false, false, false, RK_NAME(iq4_values));
}

RK_INLINE void RK_NAME(expand_mxfp4)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_small)(panel, tile, from, to, false, false, true, RK_NAME(fp4_values));
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

/// Begins a stretch of blocks of 256: fetches the next and returns the first.
RK_INLINE const void *RK_NAME(begin_blocks)(
    RK_PANEL *panel, const void *tile, size_t from, size_t to, size_t size) {
    const char *block = (const char *)tile + from / 256 * size;
    panel->bytes = panel->room[0];
    panel->stride = 16 * sizeof panel->room[0];
    fetch_next(block, (to - from) / 256 * size);
    return block;
}

/// Two bits of each of four groups.
RK_INLINE void RK_NAME(expand_four)(uint8_t *out, const uint8_t *four) {
    u8x64 q = load_bytes(four);
    RK_UNROLL for (int i = 0; i < 4; i++) store_bytes(out + 64 * i, q >> 2 * i & 3);
}

RK_INLINE void RK_NAME(expand_q2_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q2_k_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d), dmin = -load_f16(block->dmin);
        for (int s = 0; s < 16; s++) {
            u8x16 both;
            memcpy(&both, block->scales[s], sizeof both);
            store_f32(panel->scales[k / 16 + s], d * widen_bytes(both & 0x0f));
            store_f32(panel->mins[k / 16 + s], dmin * widen_bytes(both >> 4));
        }
        for (int q = 0; q < 16; q++) RK_NAME(expand_four)(panel->room[k / 4 + 4 * q], block->q[q]);
    }
}

RK_INLINE void RK_NAME(expand_q3_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q3_k_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d);
        for (int s = 0; s < 16; s++) {
            store_f32(panel->scales[k / 16 + s], d * load_i8(block->scales[s]));
        }
        for (int q = 0; q < 16; q++) RK_NAME(expand_four)(panel->room[k / 4 + 4 * q], block->q[q]);
        for (int s = 0; s < 8; s++) {
            RK_NAME(add_high_bits)(panel->room[k / 4 + 8 * s], load_bytes(block->thirds[s]), 2);
        }
    }
}

/// One block of Q4_K.
RK_INLINE void RK_NAME(expand_fours)(RK_PANEL *panel, const q4_k_tile *block, size_t k) {
    f32x16 d = load_f16(block->d), dmin = -load_f16(block->dmin);
    for (int s = 0; s < 8; s++) {
        store_f32(panel->scales[k / 32 + s], d * widen_u8(block->scales[s]));
        store_f32(panel->mins[k / 32 + s], dmin * widen_u8(block->mins[s]));
    }
    for (int p = 0; p < 32; p++) {
        RK_NAME(expand_pair)(panel->room[k / 4 + 2 * p], block->pairs[p], NULL);
    }
}

RK_INLINE void RK_NAME(expand_q4_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q4_k_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) RK_NAME(expand_fours)(panel, block, k);
}

RK_INLINE void RK_NAME(expand_q5_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q5_k_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        RK_NAME(expand_fours)(panel, &block->four, k);
        for (int s = 0; s < 8; s++) {
            RK_NAME(add_high_bits)(panel->room[k / 4 + 8 * s], load_bytes(block->fifths[s]), 4);
        }
    }
}

RK_INLINE void RK_NAME(expand_iq4_xs)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const iq4_xs_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d);
        for (int s = 0; s < 8; s++) {
            store_f32(panel->scales[k / 32 + s], d * load_i8(block->scales[s]));
        }
        for (int p = 0; p < 32; p++) {
            RK_NAME(expand_pair)(
                panel->room[k / 4 + 2 * p], block->pairs[p], RK_NAME(iq4_values));
        }
    }
}

RK_INLINE void RK_NAME(expand_coded)(
    RK_PANEL *panel, const void *tile, size_t from, size_t to, const int sub_block) {
    const coded_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f32(block->d);
        for (int s = 0; s < 256 / sub_block; s++) {
            store_f32(
                panel->scales[k / sub_block + s], d * load_i8(block->scales[s * sub_block / 16]));
        }
        for (int p = 0; p < 32; p++) {
            RK_NAME(expand_pair)(panel->room[k / 4 + 2 * p], block->pairs[p], block->values);
        }
    }
}

RK_INLINE void RK_NAME(expand_coded_16)(
    RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_coded)(panel, tile, from, to, 16);
}

RK_INLINE void RK_NAME(expand_coded_32)(
    RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    RK_NAME(expand_coded)(panel, tile, from, to, 32);
}

RK_INLINE void RK_NAME(expand_q6_k)(RK_PANEL *panel, const void *tile, size_t from, size_t to) {
    const q6_k_tile *block = RK_NAME(begin_blocks)(panel, tile, from, to, sizeof *block);
    for (size_t k = 0; k < to - from; k += 256, block++) {
        f32x16 d = load_f16(block->d);
        for (int s = 0; s < 16; s++) {
            store_f32(panel->scales[k / 16 + s], d * load_i8(block->scales[s]));
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
