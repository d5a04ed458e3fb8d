#ifndef ROOST_VECTOR_KERNELS_H
#define ROOST_VECTOR_KERNELS_H

#include "CVectorIndex.h"

/* What a set of kernels computes. */
typedef struct {
    /* dot[i] = sum over j of query.code[j] * (code[i][j] - 128) */
    void (*dots)(const rv_query *query, const uint8_t *code, size_t n, int32_t *dot);
    /* sum over j of (a[j] - 128) * (b[j] - 128) */
    int32_t (*code_dot)(const uint8_t *a, const uint8_t *b, size_t stride);
    float (*dot_half)(const float *a, const void *b, size_t n);
    void (*half_from_float)(const float *from, size_t n, uint16_t *to);
} rv_kernels;

extern const rv_kernels rv_kernels_baseline;
#if defined(__x86_64__)
extern const rv_kernels rv_kernels_avx2, rv_kernels_avx512;
#endif

#ifdef __cplusplus
extern "C"
#endif
const rv_kernels *rv_kernels_current(void);

#endif
