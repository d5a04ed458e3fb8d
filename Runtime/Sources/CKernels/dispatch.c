#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels.h"

static const char *const tier_names[RK_TIER_COUNT] = {"baseline", "avx2", "avx512", "amx"};

#if defined(__x86_64__)

static const rk_kernels *const tables[RK_TIER_COUNT] = {
    &rk_kernels_baseline, &rk_kernels_avx2, &rk_kernels_avx512, &rk_kernels_amx};

#if defined(__linux__)

/// Asks the system for the matrix registers, which a process has from then on; it answers with an
/// error where they are switched off.
static bool may_use_amx(void) {
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

#else

static bool may_use_amx(void) { return false; }

#endif

rk_tier rk_tier_best(void) {
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
    bool amx = avx512 && __builtin_cpu_supports("avx512bf16")
        && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16")
        && may_use_amx();
    return amx ? RK_TIER_AMX : avx512 ? RK_TIER_AVX512 : avx2 ? RK_TIER_AVX2 : RK_TIER_BASELINE;
}

#else

static const rk_kernels *const tables[RK_TIER_COUNT] = {&rk_kernels_baseline};

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
    rk_tier best = rk_tier_best(), asked = asked_for();
    tier = asked < best ? asked : best;
    atomic_store_explicit(&current, tier, memory_order_relaxed);
    return (rk_tier)tier;
}

const rk_kernels *rk_kernels_of(rk_tier tier) {
    return tier <= rk_tier_best() ? tables[tier] : NULL;
}

const char *rk_tier_name(rk_tier tier) {
    return tier < RK_TIER_COUNT ? tier_names[tier] : "unknown";
}

#define RK_DISPATCH(name, parameters, arguments) \
    void rk_##name parameters { tables[rk_tier_current()]->name arguments; }
RK_KERNELS(RK_DISPATCH)
