/* Any other work that takes JSON and emits events. */
#ifndef ROOST_ABI_TASK_H
#define ROOST_ABI_TASK_H

#include "base.h"

#define ROOST_EXT_TASK "roost.task/1"

typedef struct roost_ext_task {
    uint32_t struct_size, reserved;
    /* A JSON array of {"name", "input_schema", "event_schema"}. [any] */
    roost_status (*list_json)(const roost_model *model, roost_sink out, const roost_call *call);
    /* Starts a job; `*out` is the host's until end. [lane] */
    roost_status (*begin)(roost_context *context, roost_str task, roost_str json_in, roost_job **out,
                          const roost_call *call);
    /* Works for about `max_ms` and puts events, one JSON object per line, whole lines only. After a
     * failure only end is legal. [lane] */
    roost_status (*advance)(roost_job *job, uint32_t max_ms, roost_sink ndjson_out,
                            roost_progress *progress, const roost_call *call);
    /* Any time after begin, exactly once; before done it cancels. [lane] */
    void (*end)(roost_job *job);
} roost_ext_task;

#endif /* ROOST_ABI_TASK_H */
