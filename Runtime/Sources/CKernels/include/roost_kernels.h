#ifndef ROOST_KERNELS_H
#define ROOST_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Kernels of the tensor runtime. Each body is compiled once per instruction set and chosen at the
// first call. Nothing here allocates, locks or fails; every kernel may run on any thread; outputs
// must not overlap inputs unless a comment allows it.
//
// For one output element the order of accumulation depends on the shape of the weights alone,
// never on how many rows a call has: results are bit-equal however rows are batched.

// MARK: - Instruction sets

typedef enum rk_tier {
    RK_TIER_BASELINE = 0,     // x86-64-v2, or what the compiler targets elsewhere
    RK_TIER_AVX2 = 1,         // AVX2, FMA, F16C
    RK_TIER_AVX512 = 2,       // AVX-512 F, BW, DQ, VL, VNNI
    RK_TIER_AVX512_BF16 = 3,  // these and AVX512_BF16, for products of pairs
    RK_TIER_AMX = 4,          // these and the matrix registers of AMX, for BF16
    RK_TIER_COUNT = 5
} rk_tier;

/// The fastest tier that this machine runs.
rk_tier rk_tier_best(void);

/// The tier in use: the fastest one, unless `ROOST_KERNELS` (`baseline`, `avx2`, `avx512`, `avx512bf16`,
/// `amx`) asks for another that this machine runs.
rk_tier rk_tier_current(void);

/// Whether the tier in use multiplies numbers in BF16 faster than those in float32.
bool rk_has_fast_bf16(void);

const char *rk_tier_name(rk_tier tier);

// MARK: - Matrix products

/// Output rows that one tile of repacked weights interleaves.
#define RK_TILE 16

/// The formats of block weights that have a kernel, numbered as in GGUF files.
typedef enum rk_block_format {
    RK_Q4_0 = 2,
    RK_Q4_1 = 3,
    RK_Q5_0 = 6,
    RK_Q5_1 = 7,
    RK_Q8_0 = 8,
    RK_Q2_K = 10,
    RK_Q3_K = 11,
    RK_Q4_K = 12,
    RK_Q5_K = 13,
    RK_Q6_K = 14,
    RK_IQ2_XXS = 16,
    RK_IQ2_XS = 17,
    RK_IQ3_XXS = 18,
    RK_IQ1_S = 19,
    RK_IQ4_NL = 20,
    RK_IQ3_S = 21,
    RK_IQ2_S = 22,
    RK_IQ4_XS = 23,
    RK_IQ1_M = 29,
    RK_TQ1_0 = 34,
    RK_TQ2_0 = 35,
    RK_MXFP4 = 39
} rk_block_format;

/// How the activations for block weights are to be rounded by rk_quantize_i8.
typedef struct rk_rounding {
    size_t sub_block;  // 0: this is no rk_block_format
    int32_t factor;    // what the format's zero point multiplies a sub-block's sum with
} rk_rounding;

rk_rounding rk_rounding_for(rk_block_format format);

/// The arguments of out[t, r] = Σ_k x[t, k] · w[r, k], for some tiles of repacked weights.
typedef struct rk_product {
    float *out;         // [tokens, out_stride]; `rows` numbers of each token are written
    size_t out_stride;  // ≥ rows
    size_t tokens;
    size_t rows;        // output rows; the last tile may be partly used
    size_t depth;       // K
    const void *tiles;  // ⌈rows / 16⌉ of them, 64-byte aligned

    const float *x;  // [tokens, depth], for float weights

    const uint16_t *pairs;  // [tokens, rk_pair_depth(depth)], for weights in pairs

    // For block weights, by rk_quantize_i8 with the format's rk_rounding:
    rk_block_format format;
    const int8_t *quants;    // [tokens, depth]
    const float *scales;     // [tokens, depth / 32]
    const float *sums;       // [tokens, depth / 32]
    const int32_t *offsets;  // [tokens, depth / sub-block]
} rk_product;

/// Float weights, in tiles [depth][16]. Accumulates in float32 over k in order.
void rk_matmul_f32(const rk_product *product);
void rk_matmul_f16(const rk_product *product);
void rk_matmul_bf16(const rk_product *product);

/// The depth that BF16 rows in pairs are filled up to, with zeros.
static inline size_t rk_pair_depth(size_t depth) { return (depth + 31) / 32 * 32; }

/// BF16 weights times BF16 activations, in tiles [depth / 2][16][2]. Each product is exact, the sums
/// are in float32; where the processor has matrix registers for this, subnormal numbers count as
/// zeros.
void rk_matmul_pairs(const rk_product *product);

/// Block weights times 8-bit activations: exact integer sums over each sub-block of 32 or 16, scaled and
/// added up in float32 in order. `depth` is a multiple of the block.
void rk_matmul_blocks(const rk_product *product);

/// Rounds activations to 8 bits, in blocks of 32 that share a scale.
///
///     scales[b] = max |x| / 127;  quants[k] = round(x[k] / scales[b])
///     sums[b] = scales[b] · Σ quants;  offsets[s] = factor · Σ quants over sub-block s
///
/// - depth: a multiple of 32. sub_block: 16 or 32.
/// A number that is not finite makes its block's scale not a number.
void rk_quantize_i8(
    int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x, size_t depth,
    size_t sub_block, int32_t factor);

// MARK: - Repacking

/// The bytes of one tile of 16 rows.
size_t rk_tile_bytes_f32(size_t depth);
size_t rk_tile_bytes_f16(size_t depth);  // BF16 as well
size_t rk_tile_bytes_pairs(size_t depth);
size_t rk_tile_bytes_blocks(rk_block_format format, size_t depth);

/// Interleaves `rows` ≤ 16 consecutive rows of a tensor into one tile; missing rows become zeros.
void rk_pack_f32(void *tile, const void *source, size_t rows, size_t depth);
void rk_pack_f16(void *tile, const void *source, size_t rows, size_t depth);  // BF16 as well
void rk_pack_pairs(void *tile, const void *source, size_t rows, size_t depth);  // from BF16
void rk_pack_blocks(
    rk_block_format format, void *tile, const void *source, size_t rows, size_t depth);

/// The same for `columns` ≤ 16 columns of a row-major matrix whose rows lie `stride` floats apart.
void rk_pack_columns_f32(
    void *tile, const float *source, size_t columns, size_t depth, size_t stride);

// MARK: - Codebooks

/// What the codes of IQ1, IQ2 and IQ3 stand for.
typedef struct rk_coding {
    const int8_t *values;  // 16, below 64 in size; NULL: this is another format
    float step;
} rk_coding;

rk_coding rk_coding_of(rk_block_format format);

/// A block of IQ1, IQ2 or IQ3: w[k] = d · step · scales[k / 16] · values[codes[k]].
typedef struct rk_coded_block {
    uint16_t d;  // half precision
    int8_t scales[16];
    uint8_t codes[256];
} rk_coded_block;

void rk_unpack_coded(rk_block_format format, const void *block, rk_coded_block *out);

// MARK: - Rounding

/// Rounds weights to Q8_0 blocks: d = max |x| / 127 in half precision, q = x / d to the nearest.
///
/// - depth: a multiple of 32.
/// A number that is not finite makes its block's scale not a number.
void rk_round_q8_0(void *blocks, const float *x, size_t depth);

/// Rounds weights to blocks so that they come close in squares: scales are searched for, and chosen again as
/// the format rounds them.
///
/// - depth: a multiple of the block. Finite numbers.
/// Returns false for a format that is only read.
bool rk_round_blocks(rk_block_format format, void *blocks, const float *x, size_t depth);

// MARK: - Element by element

/// out[i] = a[i] + b[i]; out may be a or b.
void rk_add_f32(float *out, const float *a, const float *b, size_t count);

/// out[i] = a[i] · b[i]; out may be a or b.
void rk_multiply_f32(float *out, const float *a, const float *b, size_t count);

typedef enum rk_activation {
    RK_IDENTITY = 0,
    RK_GELU = 1,       // x · Φ(x), Φ = (1 + erf(x / √2)) / 2 to 1e-7
    RK_GELU_TANH = 2,  // x · sigmoid(2 √(2/π) (x + 0.044715 x³)), which is its form with tanh
    RK_SILU = 3,       // x · sigmoid(x)
    RK_SIGMOID = 4,    // 1 / (1 + exp(-x))
    RK_TANH = 5,
    RK_RELU = 6,
    RK_QUICK_GELU = 7  // x · sigmoid(1.702 x)
} rk_activation;

/// out[i] = activation(x[i]); out may be x.
void rk_activate_f32(float *out, const float *x, size_t count, rk_activation activation);

/// x[r, i] = activation(x[r, i] + bias[i]) in place, for rows that lie `stride` floats apart; a bias of
/// NULL means none.
void rk_finish_f32(
    float *x, size_t rows, size_t stride, const float *bias, size_t count,
    rk_activation activation);

/// out[i] = activation(gate[i]) · up[i]; out may be gate or up.
void rk_gate_f32(
    float *out, const float *gate, const float *up, size_t count, rk_activation activation);

// MARK: - Rows

/// out[i] = x[i] / sqrt(mean(x²) + epsilon) · weight[i]; out may be x.
void rk_rms_norm_f32(
    float *out, const float *x, const float *weight, size_t count, float epsilon);

/// out[i] = (y[i] - mean y) / sqrt(variance y + epsilon) · weight[i] + bias[i], y = x + residual;
/// a residual or bias of NULL means none; out may be x or residual.
void rk_layer_norm_f32(
    float *out, const float *x, const float *residual, const float *weight, const float *bias,
    size_t count, float epsilon);

/// out[i] = x[i] / max(sqrt(Σ x²), epsilon); out may be x.
void rk_normalize_f32(float *out, const float *x, size_t count, float epsilon);

/// out[i] = Σ_r x[r, i] / rows, in order of r; zeros for no rows.
void rk_mean_rows_f32(float *out, const float *x, size_t rows, size_t count);

/// out[i] = max_r x[r, i]; zeros for no rows.
void rk_max_rows_f32(float *out, const float *x, size_t rows, size_t count);

/// out[i] = Σ_r (x[r, i] - center[i])², in order of r.
void rk_column_squares_f32(
    float *out, const float *x, const float *center, size_t rows, size_t count);

/// out[r, i] = activation(x[r, i] · scale[i] + shift[i]); out may be x.
void rk_scale_columns_f32(
    float *out, const float *x, const float *scale, const float *shift, size_t rows, size_t count,
    rk_activation activation);

/// out[i] = exp(x[i] - max x) / Σ_j exp(x[j] - max x); out may be x.
void rk_softmax_f32(float *out, const float *x, size_t count);

/// Turns the pairs (x[i], x[i + half]) of each of `heads` vectors by the angles with these cosines
/// and sines, in place; the vectors lie `stride` apart.
void rk_rotary_f32(
    float *x, size_t heads, size_t stride, size_t half, const float *cosines, const float *sines);

// MARK: - Windows

/// The windows of a convolution over one image, in rows.
typedef struct rk_windows {
    const float *image;  // [height, width, channels]
    size_t width, channels;
    size_t window_height, window_width;
    size_t stride;
    size_t per_row;          // windows in a row
    const int32_t *rows;     // by row of the padded, enlarged image: that of the image; -1: zeros
    const int32_t *columns;  // the same, by column
} rk_windows;

/// Lays out windows `first` ..< `first` + `count`, each [window_height, window_width, channels].
void rk_lay_windows_f32(float *out, const rk_windows *windows, size_t first, size_t count);

// MARK: - Attention over a paged cache

/// Positions of one page of the cache.
#define RK_PAGE 32

/// Some rows of one sequence, at consecutive positions, against one head of its keys and values.
///
///     out[r, g] = Σ_j softmax_j(cap(scale · q[r, g] · k[j]) + bias[g, j - p]) v[j]
///
/// where the softmax has `sinks[g]` as a further logit, of no value, and
/// over p - window < j ≤ p = position of row r, where cap(x) = soft_cap · tanh(x / soft_cap).
/// With a `length` all rows see the positions below it, and `first_position` does not matter.
///
/// In a page, keys are [head_size][32] and values [32][padded], where `padded` is head_size rounded
/// up to 16. In eight bits, scales in half precision follow, one for 32 numbers of a position:
/// [head_size / 32, rounded up][32], `rk_scales_of_keys` bytes from the keys on, and so of the values. Pages are visited in order with a running maximum and sum in float32.
typedef struct rk_attention {
    float *out;            // head g of row r begins at r · row_stride + g · head_size
    const float *queries;  // the same layout
    size_t row_stride;
    size_t rows;
    size_t group;          // query heads that share this head of keys and values
    size_t head_size;
    size_t first_position;      // of row 0
    size_t length;              // positions that every row sees; 0: those up to its own
    size_t window;              // the last positions that a row sees; 0: all, as with a length
    const void *const *pages;   // of the sequence, in order
    size_t keys;                // bytes from the start of a page to this layer and head
    size_t values;
    const float *bias;      // of distance 0; those of keys before the query lie before it, and 31
                            // numbers after it may be read; NULL for none, as with a length
    ptrdiff_t bias_stride;  // from one head of the group to the next
    float scale;
    float soft_cap;  // 0: none
    const float *sinks;  // [group]; NULL: none
    float *scratch;  // rk_attention_scratch(rows · group, head_size) floats, 64-byte aligned
} rk_attention;

static inline size_t rk_padded(size_t head_size) {
    return (head_size + RK_TILE - 1) / RK_TILE * RK_TILE;
}

static inline size_t rk_attention_scratch(size_t queries, size_t head_size) {
    return queries * (rk_padded(head_size) + RK_PAGE + RK_TILE);
}

/// Where a page has the scales of keys or values in eight bits, in bytes from these on.
static inline size_t rk_scales_of_keys(size_t head_size) {
    return (head_size * RK_PAGE + 63) / 64 * 64;
}

static inline size_t rk_scales_of_values(size_t head_size) { return rk_padded(head_size) * RK_PAGE; }

/// The bytes of the scales of keys or of values.
static inline size_t rk_scale_bytes(size_t head_size) {
    return (head_size + 31) / 32 * RK_PAGE * sizeof(uint16_t);
}

void rk_attention_f32(const rk_attention *attention);
void rk_attention_f16(const rk_attention *attention);
void rk_attention_bf16(const rk_attention *attention);
void rk_attention_q8_0(const rk_attention *attention);

/// Writes one key and one value into place `slot` of a page's head. In eight bits, a number that is not
/// finite makes its block's scale not a number.
void rk_remember_f32(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size);
void rk_remember_f16(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size);
void rk_remember_bf16(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size);
void rk_remember_q8_0(
    void *keys, void *values, size_t slot, const float *key, const float *value,
    size_t head_size);

// MARK: - Attention within a sequence

/// Some queries of one head against all keys and values of their sequence, or of another one.
///
///     out[i] = Σ_j softmax_j(scale · q[i] · k[j] + bias[i, j]) v[j],  |i - j| ≤ reach
///
/// The softmax is over a whole row in float32; the order of every sum depends on the length of the
/// sequence alone.
typedef struct rk_encoder_attention {
    float *out;            // row i begins at i · out_stride, and has head_size numbers
    const float *queries;  // row i begins at i · stride; so do those of keys and values
    const float *keys;
    const float *values;
    size_t stride, out_stride;
    size_t length;        // rows of keys and values
    size_t first, count;  // the queries to answer; without a reach there may be more than keys
    size_t head_size;
    size_t reach;       // SIZE_MAX for no limit
    const float *bias;  // row i begins at i · bias_stride; NULL for none
    ptrdiff_t bias_stride;  // -1 where the bias depends on j - i alone
    float scale;
    float *scratch;  // as many floats as the kernel asks for, 64-byte aligned
} rk_encoder_attention;

/// Queries that an encoder's attention works on together.
#define RK_QUERY_BLOCK 24

static inline size_t rk_encoder_attention_scratch(size_t length, size_t head_size) {
    return rk_padded(length) * (head_size + rk_padded(head_size) + RK_QUERY_BLOCK);
}

/// - Parameter scratch: rk_encoder_attention_scratch(length, head_size) floats.
void rk_encoder_attention_f32(const rk_encoder_attention *attention);

/// Queries that an encoder's attention in pairs works on together.
#define RK_PAIR_QUERIES 32

static inline size_t rk_encoder_attention_pairs_scratch(size_t length, size_t head_size) {
    size_t width = rk_pair_depth(length), depth = rk_pair_depth(head_size);
    size_t floats = RK_PAIR_QUERIES * width;
    size_t halves = width * (depth + rk_padded(head_size)) + RK_PAIR_QUERIES * (depth + width);
    return floats + (halves + 1) / 2;
}

/// Queries, keys, values and the exponentials of the softmax are rounded to BF16 before they are
/// multiplied; sums and the softmax are in float32.
///
/// - Parameter scratch: rk_encoder_attention_pairs_scratch(length, head_size) floats.
void rk_encoder_attention_pairs(const rk_encoder_attention *attention);

// MARK: - Conversions

void rk_widen_f16(float *out, const uint16_t *x, size_t count);
void rk_widen_bf16(float *out, const uint16_t *x, size_t count);
void rk_narrow_f16(uint16_t *out, const float *x, size_t count);  // to nearest, ties to even
void rk_narrow_bf16(uint16_t *out, const float *x, size_t count);

// MARK: - Threads

/// The cores that this process may run on.
size_t rk_cores(void);

/// Tells the core that this is a loop that waits.
static inline void rk_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

// MARK: - One tier's kernels

/// Every kernel above that has several bodies: name, parameters, arguments.
#define RK_KERNELS(X)                                                                             \
    X(matmul_f32, (const rk_product *product), (product))                                         \
    X(matmul_f16, (const rk_product *product), (product))                                         \
    X(matmul_bf16, (const rk_product *product), (product))                                        \
    X(matmul_pairs, (const rk_product *product), (product))                                       \
    X(matmul_blocks, (const rk_product *product), (product))                                      \
    X(quantize_i8,                                                                                \
      (int8_t *quants, float *scales, float *sums, int32_t *offsets, const float *x,              \
       size_t depth, size_t sub_block, int32_t factor),                                           \
      (quants, scales, sums, offsets, x, depth, sub_block, factor))                               \
    X(add_f32, (float *out, const float *a, const float *b, size_t count), (out, a, b, count))    \
    X(multiply_f32, (float *out, const float *a, const float *b, size_t count),                   \
      (out, a, b, count))                                                                         \
    X(activate_f32, (float *out, const float *x, size_t count, rk_activation activation),         \
      (out, x, count, activation))                                                                \
    X(finish_f32,                                                                                 \
      (float *x, size_t rows, size_t stride, const float *bias, size_t count,                     \
       rk_activation activation),                                                                 \
      (x, rows, stride, bias, count, activation))                                                 \
    X(gate_f32,                                                                                   \
      (float *out, const float *gate, const float *up, size_t count, rk_activation activation),   \
      (out, gate, up, count, activation))                                                         \
    X(layer_norm_f32,                                                                             \
      (float *out, const float *x, const float *residual, const float *weight,                    \
       const float *bias, size_t count, float epsilon),                                           \
      (out, x, residual, weight, bias, count, epsilon))                                           \
    X(normalize_f32, (float *out, const float *x, size_t count, float epsilon),                   \
      (out, x, count, epsilon))                                                                   \
    X(mean_rows_f32, (float *out, const float *x, size_t rows, size_t count),                     \
      (out, x, rows, count))                                                                      \
    X(max_rows_f32, (float *out, const float *x, size_t rows, size_t count),                      \
      (out, x, rows, count))                                                                      \
    X(column_squares_f32,                                                                         \
      (float *out, const float *x, const float *center, size_t rows, size_t count),               \
      (out, x, center, rows, count))                                                              \
    X(scale_columns_f32,                                                                          \
      (float *out, const float *x, const float *scale, const float *shift, size_t rows,           \
       size_t count, rk_activation activation),                                                   \
      (out, x, scale, shift, rows, count, activation))                                            \
    X(rms_norm_f32,                                                                               \
      (float *out, const float *x, const float *weight, size_t count, float epsilon),             \
      (out, x, weight, count, epsilon))                                                           \
    X(lay_windows_f32, (float *out, const rk_windows *windows, size_t first, size_t count),       \
      (out, windows, first, count))                                                               \
    X(softmax_f32, (float *out, const float *x, size_t count), (out, x, count))                   \
    X(rotary_f32,                                                                                 \
      (float *x, size_t heads, size_t stride, size_t half, const float *cosines,                  \
       const float *sines),                                                                       \
      (x, heads, stride, half, cosines, sines))                                                   \
    X(attention_f32, (const rk_attention *attention), (attention))                                \
    X(attention_f16, (const rk_attention *attention), (attention))                                \
    X(attention_bf16, (const rk_attention *attention), (attention))                               \
    X(attention_q8_0, (const rk_attention *attention), (attention))                               \
    X(encoder_attention_f32, (const rk_encoder_attention *attention), (attention))                \
    X(encoder_attention_pairs, (const rk_encoder_attention *attention), (attention))              \
    X(remember_f32,                                                                               \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(remember_f16,                                                                               \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(remember_bf16,                                                                              \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(remember_q8_0,                                                                              \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(widen_f16, (float *out, const uint16_t *x, size_t count), (out, x, count))                  \
    X(widen_bf16, (float *out, const uint16_t *x, size_t count), (out, x, count))                 \
    X(narrow_f16, (uint16_t *out, const float *x, size_t count), (out, x, count))                 \
    X(narrow_bf16, (uint16_t *out, const float *x, size_t count), (out, x, count))

typedef struct rk_kernels {
#define RK_MEMBER(name, parameters, arguments) void(*name) parameters;
    RK_KERNELS(RK_MEMBER)
#undef RK_MEMBER
} rk_kernels;

/// The bodies of one tier, or NULL if this machine cannot run them.
const rk_kernels *rk_kernels_of(rk_tier tier);

#ifdef __cplusplus
}
#endif

#endif
