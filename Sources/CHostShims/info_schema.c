#include "host_shims.h"

/* The compiler copies the file in as it stands, as it does with the page's. */
static const char info_schema[] = {
#embed "../PluginABI/info.schema.json"
    , 0
};

const char *roost_info_schema(void)
{
    return info_schema;
}
