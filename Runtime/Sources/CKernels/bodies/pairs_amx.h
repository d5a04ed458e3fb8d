// Products in pairs in the matrix registers of AMX.
//
// A register has 16 rows of 64 bytes: of activations 32 k of 16 tokens, of weights 16 pairs of k of
// 16 output rows, of sums 16 outputs of 16 tokens. One instruction adds the product of the first two
// to the third; what it does for a token does not depend on the others, so that results are bit-equal
// however tokens are batched.

/// Tokens and output rows of one block: two by two registers of sums.
#define RK_AMX_BLOCK (2 * RK_TILE)

/// The shapes of the registers, as the processor reads them.
typedef struct amx_shapes {
    uint8_t palette, start, unused[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} amx_shapes;

_Static_assert(sizeof(amx_shapes) == 64, "the operand of ldtilecfg");

/// A part of a block: the first 16 of `count` or the rest; at least 1, since no register is empty.
RK_INLINE size_t amx_part(size_t count, int part) {
    if (part == 0) return count < RK_TILE ? count : RK_TILE;
    return count > RK_TILE ? count - RK_TILE : 1;
}

/// Shapes for `tokens` by `rows`, both from 1 to 32: sums in 2t + j, activations in 4 + t, weights in
/// 6 + j.
static void RK_NAME(amx_configure)(size_t tokens, size_t rows) {
    amx_shapes shapes = {.palette = 1};
    for (int i = 0; i < 2; i++) {
        shapes.rows[4 + i] = (uint8_t)amx_part(tokens, i);
        shapes.row_bytes[4 + i] = 64;
        shapes.rows[6 + i] = RK_TILE;
        shapes.row_bytes[6 + i] = (uint16_t)(4 * amx_part(rows, i));
        for (int j = 0; j < 2; j++) {
            shapes.rows[2 * i + j] = (uint8_t)amx_part(tokens, i);
            shapes.row_bytes[2 * i + j] = (uint16_t)(4 * amx_part(rows, j));
        }
    }
    _tile_loadconfig(&shapes);
}

/// T times 16 tokens by J times 16 output rows, the last of them perhaps in part.
RK_INLINE void RK_NAME(amx_block)(
    const RK_PAIRS *p, size_t token, size_t row, const int T, const int J) {
    const uint16_t *x = p->x + token * p->x_stride, *x_next = x + RK_TILE * p->x_stride;
    const uint16_t *w = p->tiles + row / RK_TILE * p->tile_stride, *w_next = w + p->tile_stride;
    size_t x_bytes = p->x_stride * sizeof *x;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t k = 0; k < p->depth; k += 32) {
        _tile_loadd(4, x + k, x_bytes);
        _tile_loadd(6, w + k * RK_TILE, 64);
        _tile_dpbf16ps(0, 4, 6);
        if (J > 1) {
            _tile_loadd(7, w_next + k * RK_TILE, 64);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (T > 1) {
            _tile_loadd(5, x_next + k, x_bytes);
            _tile_dpbf16ps(2, 5, 6);
        }
        if (T > 1 && J > 1) _tile_dpbf16ps(3, 5, 7);
    }
    float *out = p->out + token * p->out_stride + row, *out_next = out + RK_TILE * p->out_stride;
    size_t out_bytes = p->out_stride * sizeof *out;
    _tile_stored(0, out, out_bytes);
    if (J > 1) _tile_stored(1, out + RK_TILE, out_bytes);
    if (T > 1) _tile_stored(2, out_next, out_bytes);
    if (T > 1 && J > 1) _tile_stored(3, out_next + RK_TILE, out_bytes);
}

static void RK_NAME(amx_blocks)(
    const RK_PAIRS *p, size_t token, size_t tokens, size_t row, size_t rows) {
    if (tokens > RK_TILE && rows > RK_TILE) RK_NAME(amx_block)(p, token, row, 2, 2);
    else if (tokens > RK_TILE) RK_NAME(amx_block)(p, token, row, 2, 1);
    else if (rows > RK_TILE) RK_NAME(amx_block)(p, token, row, 1, 2);
    else RK_NAME(amx_block)(p, token, row, 1, 1);
}

RK_INLINE size_t amx_extent(size_t from, size_t end) {
    return end - from < RK_AMX_BLOCK ? end - from : RK_AMX_BLOCK;
}

/// Releases the registers in the end: a thread that holds none is cheaper to switch.
static void RK_NAME(multiply_pairs)(const RK_PAIRS *p) {
    size_t set_tokens = 0, set_rows = 0;
    for (size_t row = 0; row < p->rows; row += RK_AMX_BLOCK) {
        size_t rows = amx_extent(row, p->rows);
        for (size_t token = 0; token < p->tokens; token += RK_AMX_BLOCK) {
            size_t tokens = amx_extent(token, p->tokens);
            if (tokens != set_tokens || rows != set_rows) RK_NAME(amx_configure)(tokens, rows);
            set_tokens = tokens;
            set_rows = rows;
            RK_NAME(amx_blocks)(p, token, tokens, row, rows);
        }
    }
    _tile_release();
}
