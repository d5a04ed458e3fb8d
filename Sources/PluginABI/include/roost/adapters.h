/* Low-rank adapters of a model that decodes: several beside each other in one batch, a row with each. */
#ifndef ROOST_ABI_ADAPTERS_H
#define ROOST_ABI_ADAPTERS_H

#include "base.h"

#define ROOST_EXT_ADAPTERS "roost.text.adapters/1"

/* Which adapter to read, and the number that batches call it by. */
typedef struct roost_adapter_source {
    uint32_t struct_size;
    uint32_t adapter;      /* above 0; the host gives a number only once */
    roost_str path;        /* a file or a directory */
    roost_str config_json; /* an object whose keys are the plugin's own, which refuses others with
                              ROOST_E_ARG, or empty */
} roost_adapter_source;

/* What was read. */
typedef struct roost_adapter {
    uint32_t struct_size;
    uint32_t rank;  /* the largest of its maps */
    uint64_t bytes; /* what it takes of the memory of the model, until unload; counts against budget_bytes */
} roost_adapter;

/* States: an adapter is loaded from a successful load to its unload, or to close. Rows of batches name
 * loaded adapters only (roost_batch.adapter), whichever context they are for. The host loads the same ones
 * again, under the same numbers, into a model that takes this one's place. */
typedef struct roost_ext_adapters {
    uint32_t struct_size, reserved;
    /* Reads an adapter, while the model's contexts go on computing: it must not keep them from that.
     * ROOST_E_MODEL with a sentence for one that does not fit the model, ROOST_E_NOMEM over the budget; the
     * adapters are then as before. [load] */
    roost_status (*load)(roost_model *model, const roost_adapter_source *source, roost_adapter *out,
                         const roost_call *call);
    /* Releases an adapter; fails only for a number that is not loaded. No sequence that has a row of it
     * gets further rows; a call that is in progress may still have some. [load] */
    roost_status (*unload)(roost_model *model, uint32_t adapter, const roost_call *call);
} roost_ext_adapters;

#endif /* ROOST_ABI_ADAPTERS_H */
