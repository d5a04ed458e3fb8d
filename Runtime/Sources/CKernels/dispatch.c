#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels.h"

static const char *const tier_names[RK_TIER_COUNT] = {
    "baseline", "avx2", "avx512", "avx512bf16", "amx"};

#if defined(__x86_64__)

static const rk_kernels *const tables[RK_TIER_COUNT] = {
    &rk_kernels_baseline, &rk_kernels_avx2, &rk_kernels_avx512,
    &rk_kernels_avx512bf16, &rk_kernels_amx};

#if defined(__linux__)

/// Asks the system for the matrix registers, which the process then keeps; the system answers with
/// an error if they are switched off.
static bool may_use_amx(void) {
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

#else

static bool may_use_amx(void) { return false; }

#endif

static bool runs(rk_tier tier) {
    __builtin_cpu_init();
    switch (tier) {
    case RK_TIER_BASELINE: return true;
    case RK_TIER_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("f16c");
    case RK_TIER_AVX512:
        return runs(RK_TIER_AVX2) && __builtin_cpu_supports("avx512f")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    case RK_TIER_AVX512_BF16: return runs(RK_TIER_AVX512) && __builtin_cpu_supports("avx512bf16");
    case RK_TIER_AMX:
        return runs(RK_TIER_AVX512_BF16) && __builtin_cpu_supports("amx-tile")
            && __builtin_cpu_supports("amx-bf16") && may_use_amx();
    default: return false;
    }
}

/// Intel's processors take two cycles for a product of pairs, in which their multiply-adds do twice as
/// much; AMD's take one or a half.
static bool has_fast_pairs(void) { return __builtin_cpu_is("amd"); }

rk_tier rk_tier_best(void) {
    for (int tier = RK_TIER_COUNT - 1; tier > RK_TIER_BASELINE; tier--) {
        if (tier == RK_TIER_AVX512_BF16 && !has_fast_pairs()) continue;
        if (runs((rk_tier)tier)) return (rk_tier)tier;
    }
    return RK_TIER_BASELINE;
}

#else

static const rk_kernels *const tables[RK_TIER_COUNT] = {&rk_kernels_baseline};

static bool runs(rk_tier tier) { return tier == RK_TIER_BASELINE; }

rk_tier rk_tier_best(void) { return RK_TIER_BASELINE; }

#endif

static rk_tier asked_for(void) {
    const char *name = getenv("ROOST_KERNELS");
    for (int tier = 0; name && tier < RK_TIER_COUNT; tier++) {
        if (strcmp(name, tier_names[tier]) == 0) return (rk_tier)tier;
    }
    return RK_TIER_COUNT;
}

/// -1 until the first call.
static _Atomic int current = -1;

rk_tier rk_tier_current(void) {
    int tier = atomic_load_explicit(&current, memory_order_relaxed);
    if (tier >= 0) return (rk_tier)tier;
    rk_tier asked = asked_for();
    tier = runs(asked) ? asked : rk_tier_best();
    atomic_store_explicit(&current, tier, memory_order_relaxed);
    return (rk_tier)tier;
}

bool rk_has_fast_bf16(void) { return rk_tier_current() >= RK_TIER_AVX512_BF16; }

const rk_kernels *rk_kernels_of(rk_tier tier) {
    return runs(tier) ? tables[tier] : NULL;
}

const char *rk_tier_name(rk_tier tier) {
    return tier < RK_TIER_COUNT ? tier_names[tier] : "unknown";
}

#define RK_DISPATCH(name, parameters, arguments) \
    void rk_##name parameters { tables[rk_tier_current()]->name arguments; }
RK_KERNELS(RK_DISPATCH)
