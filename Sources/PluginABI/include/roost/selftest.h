/* The author's own check of a model. */
#ifndef ROOST_ABI_SELFTEST_H
#define ROOST_ABI_SELFTEST_H

#include "base.h"

#define ROOST_EXT_SELFTEST "roost.selftest/1"

typedef struct roost_ext_selftest {
    uint32_t struct_size, reserved;
    /* Checks the model against golden data that the author ships, within about `max_ms`; puts a JSON
     * object {"passed": bool, "checks": [{"name", "passed", "detail"}]}. [lane] */
    roost_status (*run)(roost_context *context, uint32_t max_ms, roost_sink report_json,
                        const roost_call *call);
} roost_ext_selftest;

#endif /* ROOST_ABI_SELFTEST_H */
