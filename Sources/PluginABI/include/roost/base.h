/* The types that all headers of version 1 share: texts, errors, calls, handles, and the buffers that calls
 * fill. The common rules are in roost_plugin.h. */
#ifndef ROOST_ABI_BASE_H
#define ROOST_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Minor version of the tables. From the first release on it grows by one whenever a
 * member is appended. */
#define ROOST_ABI_MINOR 0u

/* UTF-8 text of `len` bytes; `ptr` may be NULL when `len` is 0. */
typedef struct roost_str {
    const char *ptr;
    uint64_t len;
} roost_str;

/* Where a plugin puts output of unknown length, in as many pieces as it likes. */
typedef struct roost_sink {
    void *ctx;
    /* Takes `len` bytes. A nonzero return means: stop and return ROOST_E_CANCELLED. [any] */
    int32_t (*put)(void *ctx, const void *ptr, uint64_t len);
} roost_sink;

typedef int32_t roost_status;
enum {
    ROOST_OK = 0,
    ROOST_E_ARG = -1,         /* an argument is out of range or malformed */
    ROOST_E_UNSUPPORTED = -2, /* this model or plugin cannot do that */
    ROOST_E_NOMEM = -3,       /* over the budget, or the system has no more */
    ROOST_E_IO = -4,          /* a file could not be read */
    ROOST_E_CANCELLED = -5,   /* roost_cancelled, a deadline that passed, or a sink that said stop */
    ROOST_E_BUSY = -6,        /* not now: attached twice, context full */
    ROOST_E_MODEL = -7,       /* the model's files are damaged or contradict each other */
    ROOST_E_VERSION = -8,     /* host and plugin are too far apart */
    ROOST_E_INTERNAL = -9     /* a bug in the plugin */
};

/* What the host does about an error, in roost_err.flags. */
enum {
    ROOST_ERR_RETRYABLE = 1u,      /* the same call may succeed later */
    ROOST_ERR_SEQ_LOST = 2u,       /* the call's sequences are now empty: clear and feed again */
    ROOST_ERR_MODEL_POISONED = 4u, /* free the contexts and reopen the model */
    ROOST_ERR_PLUGIN_POISONED = 8u /* restart the worker or roll back */
};

/* A buffer of the host for one error. The plugin sets flags and code, and writes at most `cap` bytes
 * of text with a terminating NUL to `message`: found, expected, remedy. */
typedef struct roost_err {
    uint32_t struct_size, flags;
    roost_status code;
    uint32_t cap;
    char *message;
} roost_err;

/* What accompanies a call. All threads that work for the call may read it, the cancel word and the
 * clock included, as long as it lasts; `err` is written by one of them. */
typedef struct roost_call {
    uint32_t struct_size;
    uint32_t number;        /* incremented with every call of a lane; wraps */
    const uint32_t *cancel; /* the number up to which calls are to stop: ask roost_cancelled. May be
                               NULL. [any] */
    uint64_t deadline_ns;   /* on the clock of roost_host.now_ns; 0 is none */
    uint64_t trace_id;      /* names the call in the host's log, as PROCESS-NUMBER: the id of the process
                               in the upper 32 bits, `number` in the lower */
    roost_err *err;         /* never NULL */
} roost_call;

/* Whether the call is to stop soon. The word names calls by number, so that a cancellation that comes after
 * its call has ended does not affect the next one; of two numbers, the one up to 2^31 - 1 ahead is the later.
 * [any] */
static inline int roost_cancelled(const roost_call *call)
{
    if (call->cancel == NULL)
        return 0;
#if defined(__GNUC__)
    return __atomic_load_n(call->cancel, __ATOMIC_ACQUIRE) - call->number < 0x80000000u;
#else
    return *(const volatile uint32_t *)call->cancel - call->number < 0x80000000u;
#endif
}

typedef struct roost_model roost_model;     /* immutable weights, shared by contexts */
typedef struct roost_context roost_context; /* mutable state of one lane */
typedef struct roost_job roost_job;         /* stepwise work within a context */

/* A buffer of the host: `n_rows` rows of floats, `row_stride` bytes apart. */
typedef struct roost_rows {
    uint32_t struct_size, n_rows;
    float *data;
    uint64_t row_stride;
} roost_rows;

/* The progress of a job. */
typedef struct roost_progress {
    uint32_t struct_size;
    uint32_t done;     /* nonzero: no further step */
    uint32_t step, of; /* `of` 0: unknown */
} roost_progress;

/* Whether table `p` has `field`: it is long enough, and the member is not null. */
#define ROOST_HAS(p, field)                                                                    \
    ((p) != NULL                                                                               \
     && (p)->struct_size                                                                       \
            >= (size_t)((const char *)&(p)->field - (const char *)(p)) + sizeof((p)->field)    \
     && (p)->field)

/* A roost_str of a string literal, for static tables. */
#define ROOST_STR(literal) {(literal), sizeof(literal) - 1}

#endif /* ROOST_ABI_BASE_H */
