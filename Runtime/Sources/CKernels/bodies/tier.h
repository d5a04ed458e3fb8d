// All kernels of one tier. A tier's file defines RK_TIER (its name), how much of each kernel
// fits its registers (RK_TOKENS by RK_TILES of a float product, RK_BLOCK_TOKENS by RK_BLOCK_TILES of
// a block product, RK_QUERIES by RK_CHUNKS of attention, RK_ENCODER_QUERIES of an encoder's
// attention), and the instruction sets to compile for.

#include <math.h>
#include <string.h>

#include "../blocks.h"

#define RK_JOIN2(a, b, c) a##_##b##_##c
#define RK_JOIN(a, b, c) RK_JOIN2(a, b, c)
#define RK_NAME(name) RK_JOIN(rk, name, RK_TIER)

#define RK_PASTE2(a, b) a##b
#define RK_PASTE(a, b) RK_PASTE2(a, b)

// Vectors wider than the tier's registers pass between functions; all of these are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define RK_INLINE static inline __attribute__((always_inline))
#define RK_UNROLL _Pragma("clang loop unroll(full)")

#include "vectors.h"

#include "activations.h"
#include "elementwise.h"
#include "rows.h"
#include "columns.h"
#include "windows.h"
#include "conversions.h"
#include "encoder_attention.h"

#define RK_ELEMENT f32
#define RK_WEIGHT float
#include "matmul_float.h"
#include "attention.h"
#undef RK_ELEMENT
#undef RK_WEIGHT

#define RK_ELEMENT f16
#define RK_WEIGHT uint16_t
#include "matmul_float.h"
#include "attention.h"
#undef RK_ELEMENT
#undef RK_WEIGHT

#define RK_ELEMENT bf16
#define RK_WEIGHT uint16_t
#include "matmul_float.h"
#include "attention.h"
#undef RK_ELEMENT
#undef RK_WEIGHT

#define RK_ELEMENT q8_0
#define RK_WEIGHT int8_t
#define RK_SCALED
#include "attention.h"
#undef RK_ELEMENT
#undef RK_WEIGHT
#undef RK_SCALED

#include "matmul_pairs.h"
#include "encoder_attention_pairs.h"

#include "dot.h"
#include "expand.h"
#include "matmul_blocks.h"
#include "quantize.h"

#define RK_ENTRY(name, parameters, arguments) .name = RK_NAME(name),
const rk_kernels RK_JOIN(rk, kernels, RK_TIER) = {RK_KERNELS(RK_ENTRY)};
