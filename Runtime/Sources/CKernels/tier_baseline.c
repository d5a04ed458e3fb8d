#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("sse4.2,ssse3,popcnt"))), apply_to = function)
#elif defined(__aarch64__)
#define RK_HAS_F16
#endif

#define RK_TIER baseline
#define RK_TOKENS 2
#define RK_TILES 1
#define RK_BLOCK_TOKENS 1
#define RK_BLOCK_TILES 1
#define RK_QUERIES 1
#define RK_CHUNKS 2
#define RK_ENCODER_QUERIES 2
#include "bodies/tier.h"

#if defined(__x86_64__)
#pragma clang attribute pop
#endif
