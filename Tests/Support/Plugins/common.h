/* What every test plugin begins with. */
#include "roost_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What attach was given. */
static const roost_host *host;

static roost_status fail(const roost_call *call, roost_status code, uint32_t flags,
                         const char *message)
{
    call->err->code = code;
    call->err->flags = flags;
    snprintf(call->err->message, call->err->cap, "%s", message);
    return code;
}

static roost_status put(roost_sink out, const void *bytes, uint64_t size)
{
    return out.put(out.ctx, bytes, size) ? ROOST_E_CANCELLED : ROOST_OK;
}

/* A string of the settings; `out` is left alone where it is not there. */
static void read_setting(roost_str json, const char *key, char *out, size_t size)
{
    char text[2048], quoted[64];
    snprintf(text, sizeof text, "%.*s", (int)json.len, json.ptr ? json.ptr : "");
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    char *found = strstr(text, quoted);
    if (!found || !(found = strchr(found + strlen(quoted), '"')))
        return;
    snprintf(out, size, "%.*s", (int)strcspn(found + 1, "\""), found + 1);
}

/* Milliseconds, as the settings say them, so many times over. */
static void take_time(const char *milliseconds, uint32_t times)
{
    long total = atol(milliseconds) * times;
    struct timespec pace = { total / 1000, total % 1000 * 1000000 };
    nanosleep(&pace, NULL);
}
