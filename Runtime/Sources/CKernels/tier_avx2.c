#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)

#define RK_TIER avx2
#define RK_TOKENS 4
#define RK_TILES 1
#define RK_BLOCK_TOKENS 2
#define RK_BLOCK_TILES 1
#define RK_QUERIES 2
#define RK_CHUNKS 2
#define RK_ENCODER_QUERIES 4
#define RK_HAS_F16
#define RK_HAS_FMA
#define RK_HAS_AVX2
#include "bodies/tier.h"

#pragma clang attribute pop

#endif
