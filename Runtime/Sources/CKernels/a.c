#include "roost_kernels.h"
