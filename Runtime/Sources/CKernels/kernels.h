#ifndef RK_KERNELS_INTERNAL_H
#define RK_KERNELS_INTERNAL_H

#include "include/roost_kernels.h"

// Every dispatched kernel: name, parameters, arguments. The one list that the tables of the tiers,
// their declarations and the public functions are made from.
#define RK_KERNELS(X)                                                                             \
    X(matmul_f32, (const rk_product *product), (product))                                         \
    X(matmul_f16, (const rk_product *product), (product))                                         \
    X(matmul_bf16, (const rk_product *product), (product))                                        \
    X(add_f32, (float *out, const float *a, const float *b, size_t count), (out, a, b, count))    \
    X(multiply_f32, (float *out, const float *a, const float *b, size_t count),                   \
      (out, a, b, count))                                                                         \
    X(silu_f32, (float *out, const float *x, size_t count), (out, x, count))                      \
    X(swiglu_f32, (float *out, const float *gate, const float *up, size_t count),                 \
      (out, gate, up, count))                                                                     \
    X(rms_norm_f32,                                                                               \
      (float *out, const float *x, const float *weight, size_t count, float epsilon),             \
      (out, x, weight, count, epsilon))                                                           \
    X(softmax_f32, (float *out, const float *x, size_t count), (out, x, count))                   \
    X(rotary_f32,                                                                                 \
      (float *x, size_t heads, size_t stride, size_t half, const float *cosines,                  \
       const float *sines),                                                                       \
      (x, heads, stride, half, cosines, sines))                                                   \
    X(attention_f32, (const rk_attention *attention), (attention))                                \
    X(attention_f16, (const rk_attention *attention), (attention))                                \
    X(remember_f32,                                                                               \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(remember_f16,                                                                               \
      (void *keys, void *values, size_t slot, const float *key, const float *value,               \
       size_t head_size),                                                                         \
      (keys, values, slot, key, value, head_size))                                                \
    X(widen_f16, (float *out, const uint16_t *x, size_t count), (out, x, count))                  \
    X(widen_bf16, (float *out, const uint16_t *x, size_t count), (out, x, count))                 \
    X(narrow_f16, (uint16_t *out, const float *x, size_t count), (out, x, count))                 \
    X(narrow_bf16, (uint16_t *out, const float *x, size_t count), (out, x, count))

typedef struct rk_table {
#define RK_MEMBER(name, parameters, arguments) void(*name) parameters;
    RK_KERNELS(RK_MEMBER)
#undef RK_MEMBER
} rk_table;

extern const rk_table rk_table_baseline;
#if defined(__x86_64__)
extern const rk_table rk_table_avx2;
extern const rk_table rk_table_avx512;
#endif

#endif
