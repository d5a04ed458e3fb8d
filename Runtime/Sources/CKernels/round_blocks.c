#include <math.h>

#include "blocks.h"
#include "kernels.h"

static float widen(uint16_t half) {
    float wide;
    rk_widen_f16(&wide, &half, 1);
    return wide;
}

void rk_round_q8_0(void *blocks, const float *x, size_t depth) {
    q8_0_block *block = blocks;
    for (const float *end = x + depth; x < end; x += 32, block++) {
        float most = 0, poison = 0;
        for (int k = 0; k < 32; k++) {
            most = fmaxf(most, fabsf(x[k]));
            poison += x[k] - x[k];
        }
        float d = most / 127 + poison;
        rk_narrow_f16(&block->d, &d, 1);
        d = widen(block->d);
        for (int k = 0; k < 32; k++) {
            float q = d > 0 && isfinite(d) ? nearbyintf(x[k] / d) : 0;
            block->q[k] = (int8_t)fminf(fmaxf(q, -127), 127);
        }
    }
}
