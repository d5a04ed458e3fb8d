/* Search among many vectors: a scan of 8-bit codes, products with half-precision vectors, and a graph.
 *
 * A code is a vector in 8 bits: component i is about scale * (code[i] - 128). Codes are padded with
 * 128, which is zero, to the stride. All functions may be called on any thread unless they say
 * otherwise. */
#ifndef ROOST_VECTOR_INDEX_H
#define ROOST_VECTOR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Codes ---- */

/* Codes start at multiples of this many bytes. */
#define RV_ALIGNMENT 64

static inline size_t rv_stride(size_t dimensions)
{
    return (dimensions + RV_ALIGNMENT - 1) / RV_ALIGNMENT * RV_ALIGNMENT;
}

/* Writes the nearest code of `vector` and its scale; a vector of zeros has scale 0. `code` has
 * rv_stride(dimensions) bytes. */
void rv_encode(const float *vector, size_t dimensions, uint8_t *code, float *scale);

/* A query for the scan: the signed code, its scale, and 128 times the sum of the code. */
typedef struct {
    const int8_t *code; /* [stride] */
    size_t stride;
    float scale;
    int32_t bias;
} rv_query;

/* Fills `code` (rv_stride(dimensions) bytes, which must outlive the result) from `vector`. */
rv_query rv_query_make(const float *vector, size_t dimensions, int8_t *code);

/* ---- The best of a scan ---- */

typedef struct {
    float score;
    uint32_t slot;
} rv_hit;

/* The `capacity` best hits so far: a heap whose first element is the worst of them. Of equal scores
 * the lower slot is better. */
typedef struct {
    rv_hit *hit; /* [capacity] */
    size_t capacity;
    size_t count;
} rv_best;

/* Scores `n` codes that lie one after the other, and keeps the best. A slot whose scale is NaN is
 * never kept. Slots must come in ascending order over all calls.
 *
 *     score[i] = query.scale * scale[i] * sum over j of query.code[j] * (code[i][j] - 128)
 *
 * allowed  NULL, or a bit per slot of the whole collection: bit s & 63 of word s >> 6
 * first    the slot of the first code */
void rv_scan(const rv_query *query, const uint8_t *code, const float *scale, size_t n,
             const uint64_t *allowed, uint32_t first, rv_best *best);

/* Puts the hits in order, the best first. The heap cannot be added to afterwards. */
void rv_best_sort(rv_best *best);

/* ---- Half precision ---- */

void rv_half_from_float(const float *from, size_t n, uint16_t *to);
void rv_half_to_float(const uint16_t *from, size_t n, float *to);

/* sum over i of a[i] * b[i]; `b` need not be aligned. */
float rv_dot_half(const float *a, const void *b, size_t n);

/* ---- Kernels ---- */

typedef enum { RV_BASELINE, RV_AVX2, RV_AVX512 } rv_tier;

/* The best set of kernels of this machine, which the functions above use. */
rv_tier rv_tier_best(void);

/* dot[i] = sum over j of query.code[j] * (code[i][j] - 128), with the kernels of `tier`, for tests.
 * Returns false if this machine does not have them. */
bool rv_dots(rv_tier tier, const rv_query *query, const uint8_t *code, size_t n, int32_t *dot);

/* ---- Graph ---- */

/* A hierarchical navigable small-world graph (Malkov and Yashunin, arXiv:1603.09320) over codes,
 * by hnswlib. Searches run side by side; an insertion waits for them and they for it. */
typedef struct rv_graph rv_graph;

typedef struct {
    float score;
    uint64_t key;
} rv_neighbor;

/* Functions that can fail return false, or NULL, and put a sentence into `error`. */
typedef struct {
    char text[256];
} rv_error;

/* links  neighbours of a node (M), 16 is usual;  effort  candidates kept while inserting */
rv_graph *rv_graph_new(size_t dimensions, size_t capacity, size_t links, size_t effort,
                       rv_error *error);

/* Reads what rv_graph_save wrote. `capacity` may be larger than it was. */
rv_graph *rv_graph_load(const char *path, size_t dimensions, size_t capacity, rv_error *error);

/* Writes the graph to a file. No insertion may run at the same time. */
bool rv_graph_save(rv_graph *graph, const char *path, rv_error *error);
void rv_graph_free(rv_graph *graph);

size_t rv_graph_count(const rv_graph *graph);

/* Makes room for more nodes; does nothing if there is room already. */
bool rv_graph_reserve(rv_graph *graph, size_t capacity, rv_error *error);

/* Adds a node. On failure, such as a full graph, the graph is as before. */
bool rv_graph_add(rv_graph *graph, uint64_t key, const uint8_t *code, float scale, rv_error *error);

/* Leaves a node out of all results; unknown keys are ignored. */
void rv_graph_remove(rv_graph *graph, uint64_t key);

/* Puts up to `n` neighbours, the best first, and returns how many; `effort` candidates are kept. */
size_t rv_graph_search(rv_graph *graph, const uint8_t *code, float scale, size_t n, size_t effort,
                       rv_neighbor *out);

/* FNV-1a over the 8-byte words of a file, to tell a damaged one. False if it cannot be read. */
bool rv_file_checksum(const char *path, uint64_t *size, uint64_t *checksum);

#ifdef __cplusplus
}
#endif
#endif
