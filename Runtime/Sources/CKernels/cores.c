#define _GNU_SOURCE
#include <sched.h>

#include "roost_kernels.h"

size_t rk_cores(void) {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
    return (size_t)CPU_COUNT(&cores);
}
