/* A vocabulary and its tokenizer. */
#ifndef ROOST_ABI_TOKENS_H
#define ROOST_ABI_TOKENS_H

#include "base.h"

/* Bytes `start` ..< `end` of a text. */
typedef struct roost_range {
    uint64_t start, end;
} roost_range;

#define ROOST_EXT_TOKENS "roost.text.tokens/1"

/* Tokens of the first two kinds, and bos, eos, eot and pad, are the control tokens: no text of a request
 * becomes one, as far as the plugin's vocabulary says how they are spelled. */
enum {                                /* roost_vocab.attr */
    ROOST_TOKEN_CONTROL = 1u,         /* never shown: <s>, <|im_start|> */
    ROOST_TOKEN_END = 2u,             /* ends a generation: </s>, <|im_end|> */
    ROOST_TOKEN_BYTE = 4u,            /* a byte of the byte fallback */
    ROOST_TOKEN_UNUSED = 8u           /* never to be sampled */
};
enum {                                /* roost_vocab.flags */
    ROOST_VOCAB_SPACE_PREFIX = 1u     /* a text's first token begins with a space that is not its own */
};
enum {                                /* flags of tokenize */
    ROOST_TOKENIZE_ADD_SPECIAL = 1u,  /* add bos and eos as the model's own tokenizer does */
    ROOST_TOKENIZE_PARSE_SPECIAL = 2u /* "<|im_end|>" in the text is that token, not its characters */
};

enum { ROOST_NO_TOKEN = -1 /* the id of a token that does not exist */ };

/* The vocabulary. Token i writes bytes[offset[i] ..< offset[i + 1]]. Arrays are valid until close. */
typedef struct roost_vocab {
    uint32_t struct_size, n;
    const char *bytes;
    const uint32_t *offset; /* [n + 1] */
    const uint16_t *attr;   /* [n] ROOST_TOKEN_* */
    int32_t bos, eos, eot, pad; /* ROOST_NO_TOKEN: none */
    uint32_t flags, reserved;
} roost_vocab;

typedef struct roost_ext_tokens {
    uint32_t struct_size, reserved;
    /* Describes the vocabulary. [any] */
    roost_status (*vocab)(const roost_model *model, roost_vocab *out, const roost_call *call);
    /* Puts the text's token ids, int32, into the sink. Invalid UTF-8 is tokenized as bytes or is
     * ROOST_E_ARG. [any] */
    roost_status (*tokenize)(const roost_model *model, roost_str text, uint32_t flags,
                             roost_sink i32_out, const roost_call *call);
    /* As tokenize, for a text partly written by somebody else: `plain`, [n], ascending, disjoint and
     * not empty. ROOST_TOKENIZE_PARSE_SPECIAL finds only control tokens that are entirely outside of
     * these parts; a longer one that is not hides no shorter one that is. Otherwise the text is
     * whole: the ends of the parts are not word borders, so that a text which spells no control
     * token has the ids that tokenize gives. May be NULL: the host then tokenizes a part that spells
     * a control token separately. [any] */
    roost_status (*tokenize_mixed)(const roost_model *model, roost_str text, const roost_range *plain,
                                   uint32_t n, uint32_t flags, roost_sink i32_out,
                                   const roost_call *call);
} roost_ext_tokens;

#endif /* ROOST_ABI_TOKENS_H */
