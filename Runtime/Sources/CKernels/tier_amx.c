#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,amx-tile,amx-bf16"))), apply_to = function)

#define RK_TIER amx
#define RK_TOKENS 6
#define RK_TILES 4
#define RK_BLOCK_TOKENS 6
#define RK_BLOCK_TILES 2
#define RK_QUERIES 4
#define RK_CHUNKS 4
#define RK_ENCODER_QUERIES 6
#define RK_HAS_F16
#define RK_HAS_FMA
#define RK_HAS_VNNI
#define RK_HAS_BF16
#define RK_HAS_AMX
#include "bodies/tier.h"

#pragma clang attribute pop

#endif
