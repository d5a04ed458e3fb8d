#ifndef RK_KERNELS_INTERNAL_H
#define RK_KERNELS_INTERNAL_H

#include "include/roost_kernels.h"

extern const rk_kernels rk_kernels_baseline;
#if defined(__x86_64__)
extern const rk_kernels rk_kernels_avx2;
extern const rk_kernels rk_kernels_avx512;
extern const rk_kernels rk_kernels_avx512bf16;
extern const rk_kernels rk_kernels_amx;
#endif

#endif
