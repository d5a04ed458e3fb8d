/* Plain C: the reference for the other kernels, and what machines without them run. */
#include <string.h>

#include "kernels.h"

static void dots(const rv_query *query, const uint8_t *code, size_t n, int32_t *dot)
{
    for (size_t i = 0; i < n; i++, code += query->stride) {
        int32_t sum = 0;
        for (size_t j = 0; j < query->stride; j++) sum += (int32_t)code[j] * query->code[j];
        dot[i] = sum - query->bias;
    }
}

static int32_t code_dot(const uint8_t *a, const uint8_t *b, size_t stride)
{
    int32_t sum = 0;
    for (size_t j = 0; j < stride; j++) sum += ((int32_t)a[j] - 128) * ((int32_t)b[j] - 128);
    return sum;
}

static float to_float(uint16_t half)
{
    _Float16 value;
    memcpy(&value, &half, sizeof value);
    return (float)value;
}

/* Eight sums, so that the order of addition is close to that of the vector kernels. */
static float dot_half(const float *a, const void *b, size_t n)
{
    float sum[8] = {0};
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, (const char *)b + i * sizeof half, sizeof half);
        sum[i % 8] += a[i] * to_float(half);
    }
    return (sum[0] + sum[4]) + (sum[1] + sum[5]) + (sum[2] + sum[6]) + (sum[3] + sum[7]);
}

static void half_from_float(const float *from, size_t n, uint16_t *to)
{
    for (size_t i = 0; i < n; i++) {
        _Float16 value = (_Float16)from[i];
        memcpy(&to[i], &value, sizeof value);
    }
}

void rv_half_to_float(const uint16_t *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++) to[i] = to_float(from[i]);
}

const rv_kernels rv_kernels_baseline = {dots, code_dot, dot_half, half_from_float};
