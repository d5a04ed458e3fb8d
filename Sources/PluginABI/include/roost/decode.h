/* Sequences that grow by steps: chat and completion. */
#ifndef ROOST_ABI_DECODE_H
#define ROOST_ABI_DECODE_H

#include "base.h"

#define ROOST_EXT_DECODE "roost.text.decode/1"

enum {                                  /* roost_decode_caps.flags */
    ROOST_SEQ_TRUNCATE_ANY = 1u,        /* seq_truncate to any length */
    ROOST_SEQ_FORK = 2u,                /* seq_fork works */
    ROOST_LOGITS_BATCH_INVARIANT = 4u   /* logits are bit-equal however rows are batched */
};
enum { ROOST_WANT_NONE = 0, ROOST_WANT_LOGITS = 1 }; /* roost_batch.want */

/* What a context can hold. */
typedef struct roost_decode_caps {
    uint32_t struct_size, flags;
    uint32_t n_vocab; /* floats per row of logits */
    uint32_t n_ctx;   /* positions per sequence */
    uint32_t n_seq;   /* sequences 0 ..< n_seq */
    uint32_t n_batch; /* rows per forward */
} roost_decode_caps;

/* Rows of many sequences, prefill and decode mixed. Rows of one sequence are in order. */
typedef struct roost_batch {
    uint32_t struct_size, n;
    const int32_t *token; /* [n] */
    const uint32_t *seq;  /* [n] */
    const uint32_t *pos;  /* [n] the sequence's length at that row */
    const uint8_t *want;  /* [n] ROOST_WANT_* */
    const uint32_t *adapter; /* [n] a loaded adapter, or 0 for the model alone; NULL: 0 for all. Only
                                plugins with roost.text.adapters/1 get any; the positions before a row
                                stay what its sequence computed them with */
} roost_batch;

typedef struct roost_ext_decode {
    uint32_t struct_size, reserved;
    /* Describes the context. [any] */
    roost_status (*caps)(const roost_context *context, roost_decode_caps *out, const roost_call *call);
    /* Appends the rows to their sequences and writes one row of `out` for each row that requests
     * logits, in batch order; a row that is left unwritten fails the call. All or nothing: after a failure
     * every sequence is as before, or the error has ROOST_ERR_SEQ_LOST. [lane] */
    roost_status (*forward)(roost_context *context, const roost_batch *batch, roost_rows *out,
                            const roost_call *call);
    /* The number of positions in a sequence. May be NULL. [lane] */
    roost_status (*seq_len)(const roost_context *context, uint32_t seq, uint32_t *out,
                            const roost_call *call);
    /* Empties a sequence; fails only for a number out of range. [lane] */
    roost_status (*seq_clear)(roost_context *context, uint32_t seq, const roost_call *call);
    /* Keeps the first `len` positions. May be NULL, with ROOST_SEQ_TRUNCATE_ANY unset. [lane] */
    roost_status (*seq_truncate)(roost_context *context, uint32_t seq, uint32_t len,
                                 const roost_call *call);
    /* Makes `dst`, which is empty, hold the first `len` positions of `src`. May be NULL, with
     * ROOST_SEQ_FORK unset. [lane] */
    roost_status (*seq_fork)(roost_context *context, uint32_t src, uint32_t dst, uint32_t len,
                             const roost_call *call);
} roost_ext_decode;

#endif /* ROOST_ABI_DECODE_H */
