#ifndef RK_FIT_H
#define RK_FIT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

// Scales for a few numbers that are to be rounded to integers. Every fit tries scales around the obvious
// one, improves each by least squares over the integers that it leads to, and keeps the one whose numbers
// come closest, in squares.

// Sums may be added up in any order: the compiler makes vectors of them.
#pragma clang fp reassociate(on) contract(fast)

/// Steps to either side of the obvious scale.
enum { RK_FIT_STEPS = 9 };

static inline float rk_rounded(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

static inline float rk_clamped(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

/// Σ (x - scale · q)², where q are the nearest integers from `low` to `high`.
static inline float rk_scaled_error(
    const float *x, size_t count, float scale, float low, float high) {
    float inverse = scale != 0 ? 1 / scale : 0, sum = 0;
    for (size_t k = 0; k < count; k++) {
        float q = rk_clamped(rk_rounded(x[k] * inverse), low, high);
        float error = x[k] - scale * q;
        sum += error * error;
    }
    return sum;
}

/// The scale that least squares give for the integers that `scale` leads to.
static inline float rk_refined_scale(
    const float *x, size_t count, float scale, float low, float high) {
    float inverse = 1 / scale, xq = 0, qq = 0;
    for (size_t k = 0; k < count; k++) {
        float q = rk_clamped(rk_rounded(x[k] * inverse), low, high);
        xq += x[k] * q;
        qq += q * q;
    }
    return qq > 0 ? xq / qq : 0;
}

/// A scale of either sign for x ≈ scale · q with integers from `low` < 0 to `high`, |low| ≥ high.
static inline float rk_fit_scale(const float *x, size_t count, float low, float high) {
    float most = 0;
    for (size_t k = 0; k < count; k++) {
        if (fabsf(x[k]) > fabsf(most)) most = x[k];
    }
    if (fabsf(most) < 0x1p-100f) return 0;
    float best = most / low, least = rk_scaled_error(x, count, best, low, high);
    for (int step = -RK_FIT_STEPS; step <= RK_FIT_STEPS; step++) {
        float first = most / (low + 0.1f * (float)step);
        float scale = rk_refined_scale(x, count, first, low, high);
        if (scale == 0) continue;
        float error = rk_scaled_error(x, count, scale, low, high);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

/// x ≈ scale · q + low, scale ≥ 0.
typedef struct rk_line {
    float scale, low;
} rk_line;

static inline float rk_line_error(const float *x, size_t count, rk_line line, float high) {
    float inverse = line.scale > 0 ? 1 / line.scale : 0, sum = 0;
    for (size_t k = 0; k < count; k++) {
        float q = rk_clamped(rk_rounded((x[k] - line.low) * inverse), 0, high);
        float error = x[k] - (line.scale * q + line.low);
        sum += error * error;
    }
    return sum;
}

/// - most_low: what `low` may be at most: 0, or INFINITY.
static inline rk_line rk_refined_line(
    const float *x, size_t count, rk_line line, float high, float most_low) {
    float inverse = 1 / line.scale, n = (float)count, x_ = 0, q_ = 0, xq = 0, qq = 0;
    for (size_t k = 0; k < count; k++) {
        float q = rk_clamped(rk_rounded((x[k] - line.low) * inverse), 0, high);
        x_ += x[k];
        q_ += q;
        xq += x[k] * q;
        qq += q * q;
    }
    float determinant = n * qq - q_ * q_;
    if (determinant <= 0) return line;
    rk_line found = {(n * xq - x_ * q_) / determinant, (qq * x_ - q_ * xq) / determinant};
    if (found.low > most_low) found = (rk_line){xq / qq, most_low};
    return found.scale > 0 ? found : line;
}

/// Integers from 0 to `high`.
static inline rk_line rk_fit_line(const float *x, size_t count, float high, float most_low) {
    float least_x = x[0], most_x = x[0];
    for (size_t k = 1; k < count; k++) {
        least_x = fminf(least_x, x[k]);
        most_x = fmaxf(most_x, x[k]);
    }
    if (least_x > most_low) least_x = most_low;
    if (most_x <= least_x) return (rk_line){0, least_x};
    rk_line best = {(most_x - least_x) / high, least_x};
    float least = rk_line_error(x, count, best, high);
    for (int step = -2 * RK_FIT_STEPS; step <= RK_FIT_STEPS; step++) {
        float steps = high + 0.1f * (float)step;
        if (steps < 0.5f) continue;
        rk_line line = {(most_x - least_x) / steps, least_x};
        for (int turn = 0; turn < 2; turn++) {
            line = rk_refined_line(x, count, line, high, most_low);
            float error = rk_line_error(x, count, line, high);
            if (error < least) {
                least = error;
                best = line;
            }
        }
    }
    return best;
}

#endif
