#include <math.h>
#include <string.h>

#include "kernels.h"

/* The largest magnitude becomes 127. */
static float scale_of(const float *vector, size_t n)
{
    float largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(vector[i]));
    return largest / 127;
}

static int nearest(float x, float inverse)
{
    long value = lrintf(x * inverse);
    return value > 127 ? 127 : value < -127 ? -127 : (int)value;
}

void rv_encode(const float *vector, size_t dimensions, uint8_t *code, float *scale)
{
    *scale = scale_of(vector, dimensions);
    float inverse = *scale > 0 ? 1 / *scale : 0;
    memset(code, 128, rv_stride(dimensions));
    for (size_t i = 0; i < dimensions; i++) code[i] = (uint8_t)(nearest(vector[i], inverse) + 128);
}

rv_query rv_query_make(const float *vector, size_t dimensions, int8_t *code)
{
    rv_query query = {.code = code, .stride = rv_stride(dimensions)};
    query.scale = scale_of(vector, dimensions);
    float inverse = query.scale > 0 ? 1 / query.scale : 0;
    memset(code, 0, query.stride);
    int32_t sum = 0;
    for (size_t i = 0; i < dimensions; i++) {
        code[i] = (int8_t)nearest(vector[i], inverse);
        sum += code[i];
    }
    query.bias = 128 * sum;
    return query;
}
