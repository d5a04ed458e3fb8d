/* The encoder of an encoder-decoder: T5, BART. */
#ifndef ROOST_ABI_ENCODE_H
#define ROOST_ABI_ENCODE_H

#include "base.h"

#define ROOST_EXT_ENCODE "roost.text.encode/1"

/* In addition to tokens and decode. A sequence is cleared, given a source by `encode`, and then fed
 * `decoder_start` at position 0 and further tokens by `forward`, which is ROOST_E_ARG for a sequence
 * without a source. seq_clear removes the source too; seq_truncate keeps it, even to length 0; and
 * seq_fork makes `dst`, which has neither positions nor a source, share that of `src`, even with
 * length 0, without computing anything again. */
typedef struct roost_ext_encode {
    uint32_t struct_size;
    int32_t decoder_start; /* the token a decoder sequence begins with */
    /* Encodes `n` tokens, at least one, as `tokenize` gives them with ROOST_TOKENIZE_ADD_SPECIAL, to
     * be the source of a sequence's cross-attention. The sequence has neither positions nor a
     * source, else ROOST_E_ARG; it has 0 positions afterwards. All or nothing. [lane] */
    roost_status (*encode)(roost_context *context, uint32_t seq, const int32_t *token, uint32_t n,
                           const roost_call *call);
} roost_ext_encode;

#endif /* ROOST_ABI_ENCODE_H */
