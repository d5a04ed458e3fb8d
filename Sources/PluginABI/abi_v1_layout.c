#include "roost_plugin.h"
