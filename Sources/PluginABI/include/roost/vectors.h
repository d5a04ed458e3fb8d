/* Embeddings, relevance and labels of texts. */
#ifndef ROOST_ABI_VECTORS_H
#define ROOST_ABI_VECTORS_H

#include "base.h"

#define ROOST_EXT_VECTORS "roost.vectors/1"

enum {                               /* flags of embed */
    ROOST_EMBED_QUERY = 1u,          /* the texts are queries: the model's query prefix applies */
    ROOST_EMBED_PASSAGE = 2u,        /* the texts are passages */
    ROOST_EMBED_NO_NORMALIZE = 4u    /* leave the vectors' length as the model gives it */
};

/* Any function may be NULL. Texts longer than the model reads are cut by the model's own rule; an empty
 * text consists of special tokens only. */
typedef struct roost_ext_vectors {
    uint32_t struct_size;
    uint32_t dim;        /* floats per embedding; 0: no embed */
    uint32_t n_labels;   /* labels of classify; 0: no classify */
    uint32_t max_tokens; /* longer texts are cut; 0: unknown */
    /* Writes the UTF-8 name of label i. [any] */
    roost_status (*label)(const roost_model *model, uint32_t i, roost_sink out, const roost_call *call);
    /* One row of `dim` floats per text. [lane] */
    roost_status (*embed)(roost_context *context, const roost_str *text, uint32_t n, uint32_t flags,
                          roost_rows *out, const roost_call *call);
    /* out[i] is the relevance of docs[i] to the query, a logit; larger is better. [lane] */
    roost_status (*score_pairs)(roost_context *context, roost_str query, const roost_str *docs,
                                uint32_t n, float *out, const roost_call *call);
    /* One row of `n_labels` logits per text. [lane] */
    roost_status (*classify)(roost_context *context, const roost_str *text, uint32_t n,
                             roost_rows *out, const roost_call *call);
    /* Puts the token ids, int32, that `embed` would embed for this text, after prefix, special tokens
     * and cut. For a model that does not embed, those of the text alone. [any] */
    roost_status (*embed_tokenize)(const roost_model *model, roost_str text, uint32_t flags,
                                   roost_sink i32_out, const roost_call *call);
    /* Like `embed`, for token ids as embed_tokenize gives them: text i is token[offset[i] ..<
     * offset[i + 1]]. Ids outside the vocabulary, no ids, or more than max_tokens are ROOST_E_ARG.
     * [lane] */
    roost_status (*embed_tokens)(roost_context *context, const int32_t *token, const uint32_t *offset,
                                 uint32_t n, uint32_t flags, roost_rows *out, const roost_call *call);
    /* Like `classify`, for pairs: row i belongs to text[i] and pair[i], read together, as a premise and
     * its hypothesis. [lane] */
    roost_status (*classify_pairs)(roost_context *context, const roost_str *text, const roost_str *pair,
                                   uint32_t n, roost_rows *out, const roost_call *call);
    /* Counts the tokens of a text as `embed`, with its flags, or `classify` reads it; with `pair`, which
     * may be NULL, those of the two as score_pairs, whose query is `text`, or classify_pairs reads them.
     * `*whole` counts all of them, `*read` those left after the cut; both include special tokens and a
     * prefix. [any] */
    roost_status (*count_tokens)(const roost_model *model, roost_str text, const roost_str *pair,
                                 uint32_t flags, uint32_t *read, uint32_t *whole,
                                 const roost_call *call);
} roost_ext_vectors;

#endif /* ROOST_ABI_VECTORS_H */
