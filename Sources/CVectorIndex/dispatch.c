#include <stdatomic.h>

#include "kernels.h"

#if defined(__x86_64__)

static const rv_kernels *const tables[] = {
    &rv_kernels_baseline, &rv_kernels_avx2, &rv_kernels_avx512};

rv_tier rv_tier_best(void)
{
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    return avx512 ? RV_AVX512 : avx2 ? RV_AVX2 : RV_BASELINE;
}

#else

static const rv_kernels *const tables[] = {&rv_kernels_baseline};

rv_tier rv_tier_best(void) { return RV_BASELINE; }

#endif

const rv_kernels *rv_kernels_current(void)
{
    static _Atomic(const rv_kernels *) chosen;
    const rv_kernels *kernels = atomic_load_explicit(&chosen, memory_order_acquire);
    if (!kernels) {
        kernels = tables[rv_tier_best()];
        atomic_store_explicit(&chosen, kernels, memory_order_release);
    }
    return kernels;
}

bool rv_dots(rv_tier tier, const rv_query *query, const uint8_t *code, size_t n, int32_t *dot)
{
    if (tier > rv_tier_best()) return false;
    tables[tier]->dots(query, code, n, dot);
    return true;
}

float rv_dot_half(const float *a, const void *b, size_t n)
{
    return rv_kernels_current()->dot_half(a, b, n);
}

void rv_half_from_float(const float *from, size_t n, uint16_t *to)
{
    rv_kernels_current()->half_from_float(from, n, to);
}
