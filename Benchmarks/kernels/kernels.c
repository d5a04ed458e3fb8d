// Speed of the matrix products. README.md has the build line.
//
//     kernels [threads]
//
// memory   one token through 512 MB of weights, as in decoding
// cache    one token through 1 MB of weights on one thread: what the kernel could do
// prefill  256 tokens through 8192 rows

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "roost_kernels.h"

typedef struct format {
    const char *name;
    rk_block_format blocks;  // 0 of float weights
    size_t (*float_tile_bytes)(size_t depth);
    void (*multiply)(const rk_product *product);
} format;

static const format formats[] = {
    {"f32", 0, rk_tile_bytes_f32, rk_matmul_f32},
    {"f16", 0, rk_tile_bytes_f16, rk_matmul_f16},
    {"bf16", 0, rk_tile_bytes_f16, rk_matmul_bf16},
    {"pairs", 0, rk_tile_bytes_pairs, rk_matmul_pairs},
    {"q4_0", RK_Q4_0, NULL, rk_matmul_blocks},
    {"q4_1", RK_Q4_1, NULL, rk_matmul_blocks},
    {"q5_0", RK_Q5_0, NULL, rk_matmul_blocks},
    {"q5_1", RK_Q5_1, NULL, rk_matmul_blocks},
    {"q8_0", RK_Q8_0, NULL, rk_matmul_blocks},
    {"iq4_nl", RK_IQ4_NL, NULL, rk_matmul_blocks},
    {"mxfp4", RK_MXFP4, NULL, rk_matmul_blocks},
    {"q2_k", RK_Q2_K, NULL, rk_matmul_blocks},
    {"q3_k", RK_Q3_K, NULL, rk_matmul_blocks},
    {"q4_k", RK_Q4_K, NULL, rk_matmul_blocks},
    {"q5_k", RK_Q5_K, NULL, rk_matmul_blocks},
    {"q6_k", RK_Q6_K, NULL, rk_matmul_blocks},
    {"iq4_xs", RK_IQ4_XS, NULL, rk_matmul_blocks},
};

static size_t tile_bytes(const format *f, size_t depth) {
    return f->blocks ? rk_tile_bytes_blocks(f->blocks, depth) : f->float_tile_bytes(depth);
}

enum { depth = 2048, most_tokens = 256, most_threads = 64, strip = 4 };

static float *x;
static uint16_t *pairs;
static int8_t *quants;
static float *scales, *sums;
static int32_t *offsets;
static void *tiles;
static size_t tile_count;

typedef struct job {
    const format *format;
    size_t tokens, first, count;  // tiles
    float *out;
} job;

static void *run(void *argument) {
    job *j = argument;
    for (size_t tile = j->first; tile < j->first + j->count; tile += strip) {
        size_t left = j->first + j->count - tile;
        rk_product product = {
            .out = j->out + tile * RK_TILE,
            .out_stride = tile_count * RK_TILE,
            .tokens = j->tokens,
            .rows = (left < strip ? left : strip) * RK_TILE,
            .depth = depth,
            .tiles = (char *)tiles + tile * tile_bytes(j->format, depth),
            .x = x, .pairs = pairs, .quants = quants, .scales = scales, .sums = sums, .offsets = offsets,
            .format = j->format->blocks,
        };
        j->format->multiply(&product);
    }
    return NULL;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The best of several runs over all tiles.
static double measure(const format *f, size_t tokens, size_t threads, int runs) {
    float *out = aligned_alloc(64, tokens * tile_count * RK_TILE * sizeof *out);
    double best = 1e9;
    for (int r = 0; r < runs; r++) {
        pthread_t helpers[most_threads];
        job jobs[most_threads];
        double start = seconds();
        for (size_t t = 0; t < threads; t++) {
            size_t from = tile_count * t / threads, to = tile_count * (t + 1) / threads;
            jobs[t] = (job){f, tokens, from, to - from, out};
            pthread_create(&helpers[t], NULL, run, &jobs[t]);
        }
        for (size_t t = 0; t < threads; t++) pthread_join(helpers[t], NULL);
        double time = seconds() - start;
        if (time < best) best = time;
    }
    free(out);
    return best;
}

/// The best of many runs over a matrix that stays in the second-level cache.
static double measure_in_cache(const format *f, float *out) {
    job j = {f, 1, 0, tile_count, out};
    double best = 1e9;
    for (int r = 0; r < 300; r++) {
        double start = seconds();
        run(&j);
        double time = seconds() - start;
        if (time < best) best = time;
    }
    return best;
}

static void make_activations(void) {
    size_t count = (size_t)most_tokens * depth;
    x = aligned_alloc(64, count * sizeof *x);
    quants = aligned_alloc(64, count);
    pairs = aligned_alloc(64, count * sizeof *pairs);
    scales = malloc(count / 32 * sizeof *scales);
    sums = malloc(count / 32 * sizeof *sums);
    offsets = malloc(count / 16 * sizeof *offsets);
    for (size_t i = 0; i < count; i++) x[i] = (float)(i * 2654435761u % 1000) / 500 - 1;
    rk_narrow_bf16(pairs, x, count);
}

static void report(const format *f, size_t threads, size_t bytes) {
    if (f->blocks) {
        size_t count = (size_t)most_tokens * depth;
        rk_rounding r = rk_rounding_for(f->blocks);
        rk_quantize_i8(quants, scales, sums, offsets, x, count, r.sub_block, r.factor);
    }
    size_t tile = tile_bytes(f, depth);
    tile_count = bytes / tile;
    double memory = (double)(tile_count * tile) / measure(f, 1, threads, 5);
    tile_count = ((size_t)1 << 20) / tile;
    float *out = aligned_alloc(64, tile_count * RK_TILE * sizeof *out);
    double cache = (double)(tile_count * tile) / measure_in_cache(f, out);
    free(out);
    tile_count = 8192 / RK_TILE;
    double prefill = 2.0 * most_tokens * 8192 * depth / measure(f, most_tokens, threads, 5);
    printf("%-6s %12.1f %12.1f %12.0f\n", f->name, memory / 1e9, cache / 1e9, prefill / 1e9);
}

int main(int count, char **arguments) {
    size_t threads = count > 1 ? strtoul(arguments[1], NULL, 10) : 1;
    if (threads < 1 || threads > most_threads) return 2;
    make_activations();
    size_t bytes = (size_t)512 << 20;
    tiles = aligned_alloc(64, bytes);
    memset(tiles, 0x22, bytes);
    printf("%s, threads: %zu\n       %12s %12s %12s\n", rk_tier_name(rk_tier_current()), threads,
           "memory GB/s", "cache GB/s", "prefill GOP/s");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        report(&formats[i], threads, bytes);
    }
    return 0;
}
