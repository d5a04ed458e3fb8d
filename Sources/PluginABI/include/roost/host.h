/* What the host offers a plugin. All of it is optional to use. */
#ifndef ROOST_ABI_HOST_H
#define ROOST_ABI_HOST_H

#include "base.h"

enum { ROOST_LOG_ERROR = 0, ROOST_LOG_WARN = 1, ROOST_LOG_INFO = 2, ROOST_LOG_DEBUG = 3 };

enum {                            /* tag of alloc: what the memory is for */
    ROOST_MEMORY_OTHER = 0u,
    ROOST_MEMORY_WEIGHTS = 1u,    /* what an open model keeps */
    ROOST_MEMORY_SEQUENCES = 2u,  /* what a context keeps of its sequences */
    ROOST_MEMORY_WORK = 3u        /* what calls need while they run */
};

/* A file mapped read-only; the bytes stay until unmap(id). */
typedef struct roost_map {
    const void *ptr;
    uint64_t len, id;
} roost_map;

/* What the host offers; valid from attach until detach returns. */
typedef struct roost_host {
    uint32_t struct_size, abi_minor;
    void *ctx;
    /* Writes one line to the host's log; never a prompt or an output. [any] */
    void (*log)(void *ctx, int32_t level, roost_str where, roost_str text);
    /* Monotonic time in nanoseconds. [any] */
    uint64_t (*now_ns)(void *ctx);
    /* `size` bytes aligned to `align` (a power of two), counted under `tag`, which the host shows with
     * the model; NULL when the plugin would hold more than the budget_bytes of its open models. Owned
     * by the plugin until free. [any] */
    void *(*alloc)(void *ctx, uint64_t size, uint64_t align, uint32_t tag);
    /* Frees what alloc returned; NULL is allowed. [any] */
    void (*free)(void *ctx, void *ptr);
    /* Maps a file read-only and shared; `out` is untouched after a failure. [load] */
    roost_status (*map_file)(void *ctx, roost_str path, roost_map *out, const roost_call *call);
    /* Undoes map_file. [load] */
    void (*unmap)(void *ctx, uint64_t id);
    /* Calls fn(arg, i) once for every i below n, on the host's threads and this one; returns when
     * all have returned. `fn` must not call parallel_for. [lane] */
    void (*parallel_for)(void *ctx, uint32_t n, void (*fn)(void *arg, uint32_t i), void *arg);
} roost_host;

#endif /* ROOST_ABI_HOST_H */
