/* Saved states of sequences, which outlive their context. */
#ifndef ROOST_ABI_SEQIO_H
#define ROOST_ABI_SEQIO_H

#include "base.h"

/* Where a plugin reads input of unknown length. */
typedef struct roost_source {
    void *ctx;
    /* Fills at most `cap` bytes and returns their number, 0 at the end, negative on failure. [any] */
    int64_t (*get)(void *ctx, void *ptr, uint64_t cap);
} roost_source;

#define ROOST_EXT_SEQIO "roost.text.seqio/1"

/* Hosts of 1.0 know the extension but do not call it yet; its first use will be sequences that survive a
 * reload or a restart. */
typedef struct roost_ext_seqio {
    uint32_t struct_size, reserved;
    /* Two models with equal fingerprints exchange sequence states. [any] */
    roost_status (*fingerprint)(const roost_model *model, uint8_t out[32], const roost_call *call);
    /* Writes the state of a sequence. [lane] */
    roost_status (*save)(roost_context *context, uint32_t seq, roost_sink out, const roost_call *call);
    /* Fills an empty sequence. Must refuse bytes that save did not write; the sequence is then
     * empty. [lane] */
    roost_status (*load)(roost_context *context, uint32_t seq, roost_source in, const roost_call *call);
} roost_ext_seqio;

#endif /* ROOST_ABI_SEQIO_H */
