/* The contract between the Roost host and a model plugin, version 1.
 *
 * A plugin is a shared library that exports one function, roost_plugin_query_v1. It returns a table
 * of functions; from there the host opens a model, makes contexts, and asks for abilities
 * ("extensions") by string id. C99, C11, C17 and C++17 read this file; every structure has the same
 * layout on every 64-bit platform and no implicit padding (see abi_v1_layout.c and abi.json).
 *
 * PRINCIPLES
 *
 * 1. The host owns every loop; a plugin exposes steps. To cancel is not to call again.
 * 2. Every call is scalars, borrowed input buffers and host-owned output buffers or sinks, so that
 *    the same library serves inside the host or in a worker process.
 * 3. The host owns the tokens, the sampler and its random state. A stream can go on after a reload
 *    or a crash by feeding its tokens to a fresh context.
 * 4. Additive for ever. Tables carry their size in `struct_size` and only grow; a member is read
 *    only under ROOST_HAS. An incompatible change is a new symbol or a new extension id.
 * 5. No policy in plugins: no stdout, signal handlers, setlocale, exit, nor undeclared threads.
 *
 * MEMORY. What a pointer argument leads to is lent for the call, unless the member says "until".
 * Strings are UTF-8 with a length and need no terminating NUL.
 *
 * THREADS. Every function carries one tag at the end of its comment.
 *   [any]   from any thread, concurrently with every other call.
 *   [load]  on a loader thread; may block; one at a time per plugin, unless ROOST_PLUGIN_PARALLEL_OPEN.
 *   [lane]  one at a time per context; the thread may differ from call to call.
 * No exception, panic or longjmp may cross a function of this file.
 *
 * STATES
 *   object   states                           legal calls
 *   image    mapped                           roost_plugin_query_v1, any number of times, any thread
 *   plugin   detached > attached > detached   attach once per image (a second is ROOST_E_BUSY); then
 *                                             probe and open; detach only with no model open, never
 *                                             after an attach that failed
 *   model    open > closed                    info_json, extension, and [any] calls of extensions
 *                                             until close; close only with no context left
 *   context  idle > in call > idle; poisoned  one call at a time; after ROOST_ERR_*_POISONED only
 *                                             context_free, which is legal with sequences in it but
 *                                             not with jobs
 *   job      running > done > ended           step, preview, advance until done; then finish; end
 *                                             exactly once, from any state, also after an error
 *
 * Short paths that must work: query alone; attach, detach; open, close; a context never called;
 * begin, end; any failed call followed by the matching release.
 *
 * FAILURE. Every function that returns roost_status takes a roost_call last. It returns ROOST_OK or a
 * negative code, fills call->err with a sentence, and leaves everything as it was before the call,
 * unless its comment or the error's flags say otherwise. Outputs are undefined after a failure. A
 * function without a status cannot fail (close, context_free, detach, end), or has one answer that
 * says so (NULL of extension and alloc, a nonzero put, a negative get). The host's map_file is given
 * the call that the plugin is in, so that its sentence is the plugin's.
 */
#ifndef ROOST_PLUGIN_H
#define ROOST_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Minor version of the tables in this file. From the first release on it grows by one whenever a
 * member is appended. */
#define ROOST_ABI_MINOR 0u

/* ---- plain data -------------------------------------------------------------------------- */

/* UTF-8 text of `len` bytes; `ptr` may be NULL when `len` is 0. */
typedef struct roost_str {
    const char *ptr;
    uint64_t len;
} roost_str;

/* Bytes. */
typedef struct roost_span {
    const void *ptr;
    uint64_t len;
} roost_span;

/* Bytes `start` ..< `end` of a text. */
typedef struct roost_range {
    uint64_t start, end;
} roost_range;

/* Where a plugin puts output of unknown length, in as many pieces as it likes. */
typedef struct roost_sink {
    void *ctx;
    /* Takes `len` bytes. A nonzero return means: stop and return ROOST_E_CANCELLED. [any] */
    int32_t (*put)(void *ctx, const void *ptr, uint64_t len);
} roost_sink;

/* Where a plugin reads input of unknown length. */
typedef struct roost_source {
    void *ctx;
    /* Fills at most `cap` bytes and returns their number, 0 at the end, negative on failure. [any] */
    int64_t (*get)(void *ctx, void *ptr, uint64_t cap);
} roost_source;

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
    uint32_t number;        /* goes up by one from call to call of a lane, and wraps */
    const uint32_t *cancel; /* the number up to which calls are to stop: ask roost_cancelled. May be
                               NULL. [any] */
    uint64_t deadline_ns;   /* on the clock of roost_host.now_ns; 0 is none */
    uint64_t trace_id;      /* names the call in the host's log, as PROCESS-NUMBER: the id of the process
                               in the upper 32 bits, `number` in the lower */
    roost_err *err;         /* never NULL */
} roost_call;

/* Whether the call is to stop soon. The word names calls by number, so that a request that comes when its
 * call has ended leaves the next one alone; of two numbers the one up to 2^31 - 1 ahead is the later.
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

/* Whether table `p` has `field`: it is long enough, and the member is not null. */
#define ROOST_HAS(p, field)                                                                    \
    ((p) != NULL                                                                               \
     && (p)->struct_size                                                                       \
            >= (size_t)((const char *)&(p)->field - (const char *)(p)) + sizeof((p)->field)    \
     && (p)->field)

/* A roost_str of a string literal, for static tables. */
#define ROOST_STR(literal) {(literal), sizeof(literal) - 1}

/* Stands before the definition of roost_plugin_query_v1, whatever -fvisibility says. */
#if defined(__GNUC__)
#define ROOST_EXPORT __attribute__((visibility("default")))
#else
#define ROOST_EXPORT
#endif

/* ---- host services ----------------------------------------------------------------------- */

enum { ROOST_LOG_ERROR = 0, ROOST_LOG_WARN = 1, ROOST_LOG_INFO = 2, ROOST_LOG_DEBUG = 3 };

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
    /* `size` bytes aligned to `align` (a power of two), counted for this plugin under `tag`; NULL
     * when over the budget. Owned by the plugin until free. [any] */
    void *(*alloc)(void *ctx, uint64_t size, uint64_t align, uint32_t tag);
    /* Gives back what alloc returned; NULL is allowed. [any] */
    void (*free)(void *ctx, void *ptr);
    /* Maps a file read-only and shared; `out` is untouched after a failure. [load] */
    roost_status (*map_file)(void *ctx, roost_str path, roost_map *out, const roost_call *call);
    /* Undoes map_file. [load] */
    void (*unmap)(void *ctx, uint64_t id);
    /* Calls fn(arg, i) once for every i below n, on the host's threads and this one; returns when
     * all have returned. `fn` must not call parallel_for. [lane] */
    void (*parallel_for)(void *ctx, uint32_t n, void (*fn)(void *arg, uint32_t i), void *arg);
} roost_host;

/* ---- plugin ------------------------------------------------------------------------------ */

enum {
    ROOST_PLUGIN_UNMAPPABLE = 1u,    /* the library may be unmapped after detach */
    ROOST_PLUGIN_PARALLEL_OPEN = 2u, /* [load] calls may overlap */
    ROOST_PLUGIN_OWN_THREADS = 4u    /* starts threads; joins them in close or detach */
};

enum { ROOST_BEST_SCORE = 100 /* the highest of roost_probe.score */ };

/* What `probe` found. */
typedef struct roost_probe {
    uint32_t struct_size;
    int32_t score;              /* 0: not mine; 1 to ROOST_BEST_SCORE: how well this plugin serves it */
    uint64_t bytes_host;        /* memory of the open model, mapped weights included */
    uint64_t bytes_per_context; /* memory of one context at its largest */
    roost_str family;           /* "llama", "bert", ...; until detach */
} roost_probe;

/* Which model to open, and how. */
typedef struct roost_open {
    uint32_t struct_size, reserved;
    roost_str path;        /* a file or a directory; empty where the model has no source */
    roost_str config_json; /* the model's own settings of plugins.toml: an object, or empty */
    uint64_t budget_bytes; /* 0 is no limit */
} roost_open;

/* How large a context to make. */
typedef struct roost_context_params {
    uint32_t struct_size;
    uint32_t n_seq;   /* sequences that live side by side; at least 1 */
    uint32_t n_ctx;   /* positions per sequence; 0 is the model's own limit */
    uint32_t n_batch; /* rows per forward; 0 is the plugin's choice */
    roost_str config_json;
} roost_context_params;

/* The plugin's table. Static: valid as long as the library is mapped. */
typedef struct roost_plugin {
    uint32_t struct_size, abi_minor;
    uint32_t min_host_minor; /* a host below this is refused before attach */
    uint32_t flags;          /* ROOST_PLUGIN_* */
    roost_str id;            /* "org.example.markov" */
    roost_str version;       /* semantic version */
    roost_str license;       /* SPDX expression */
    roost_str toolchain;     /* "swift 6.3.1", "gcc 12.2" */
    roost_str families_csv;  /* "llama,mistral" */
    /* Once per image, before all else; `*self` is handed to the calls below. `host` stays valid
     * until detach returns. After a failure the plugin is detached. [load] */
    roost_status (*attach)(const roost_host *host, void **self, const roost_call *call);
    /* After the last close. May be NULL. [load] */
    void (*detach)(void *self);
    /* Reads headers only and says whether this plugin serves the files. A model of another family
     * is ROOST_OK with score 0. Of its own models it also checks config_json, about which `roost config
     * check` asks here. One process may be asked about many models. [load] */
    roost_status (*probe)(void *self, const roost_open *in, roost_probe *out, const roost_call *call);
    /* Opens a model; `*out` is the host's until close. [load] */
    roost_status (*open)(void *self, const roost_open *in, roost_model **out, const roost_call *call);
    /* No contexts are left. [load] */
    void (*close)(roost_model *model);
    /* Makes a context; `*out` is the host's until context_free. [load] */
    roost_status (*context_new)(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call);
    /* Frees a context with all its sequences. [lane] */
    void (*context_free)(roost_context *context);
    /* One JSON object: "name", "architecture", "parameters", "context_length", "chat_template" (Jinja),
     * "quantization", "license"; of a model with roost.vectors/1 also "dimensions", "max_tokens",
     * "pooling" ("mean", "cls", "last", "max"), "query_prefix", "passage_prefix", "matryoshka" (the
     * first k numbers of a vector are a vector), "problem_type" ("single_label_classification",
     * "multi_label_classification", "regression"), "score_activation" ("sigmoid", "identity"); of one
     * with roost.text.encode/1 also "max_tokens" (of a source, special tokens included; where
     * positions are relative it is the length of the training, and longer ones are taken),
     * "source_prefix" (what stands before every source) and "generation", an object of how it writes
     * where nobody says, by transformers' names: "max_length", "min_length" (both count the start
     * token), "max_new_tokens", "min_new_tokens", "num_beams", "length_penalty", "early_stopping"
     * (true, false or "never"), "no_repeat_ngram_size", "repetition_penalty", "forced_bos_token_id",
     * "forced_eos_token_id"; of one with roost.task/1 "tasks", an array of their names; of one with
     * roost.image/1 "image", an object with what a request gets that leaves the choice to the model,
     * "width", "height", "steps", "guidance" and "scheduler", with "multiple_of", which width and height
     * are multiples of, and "schedulers", the names that extra_json may give; with roost.text.tokens/1
     * also "max_tokens" of it, how many tokens of a prompt are read, special ones included. "notes", an
     * array of sentences, is what a person should know of how the model was opened (a key of its file
     * that was left out, an assumption): the host logs each as a warning and shows them. Every key is
     * optional.
     * [any] */
    roost_status (*info_json)(const roost_model *model, roost_sink out, const roost_call *call);
    /* The table of an ability, valid until close, or NULL. Compare ids exactly. [any] */
    const void *(*extension)(const roost_model *model, const char *id);
} roost_plugin;

/* The exported symbol. Pure: no I/O, no threads, the same answer every time. [any] */
const roost_plugin *roost_plugin_query_v1(uint32_t host_minor);

/* ---- text: tokens ------------------------------------------------------------------------ */

#define ROOST_EXT_TOKENS "roost.text.tokens/1"

/* Those of the first two kinds, and bos, eos, eot and pad, are the control tokens: no text that came with
 * a request becomes one, as far as the plugin's vocabulary says how they are spelled. */
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

enum { ROOST_NO_TOKEN = -1 /* in place of the id of a token that there is not */ };

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
    /* As tokenize, of a text that somebody else wrote parts of: `plain`, [n], which ascend, do not
     * overlap and are not empty. ROOST_TOKENIZE_PARSE_SPECIAL finds only control tokens that lie
     * outside of them with all their bytes; a longer one that does not hides no shorter one that
     * does. In everything else the text is one: the ends of the parts are no borders of words, so
     * that a text which spells no control token has the ids that tokenize gives. May be NULL: the
     * host then has a part that spells a control token tokenized apart. [any] */
    roost_status (*tokenize_mixed)(const roost_model *model, roost_str text, const roost_range *plain,
                                   uint32_t n, uint32_t flags, roost_sink i32_out,
                                   const roost_call *call);
} roost_ext_tokens;

/* ---- text: decode ------------------------------------------------------------------------ */

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

/* Rows of many sequences, prefill and decode mixed. Rows of one sequence stand in order. */
typedef struct roost_batch {
    uint32_t struct_size, n;
    const int32_t *token; /* [n] */
    const uint32_t *seq;  /* [n] */
    const uint32_t *pos;  /* [n] the sequence's length at that row */
    const uint8_t *want;  /* [n] ROOST_WANT_* */
} roost_batch;

/* A buffer of the host: `n_rows` rows of floats, `row_stride` bytes apart. */
typedef struct roost_rows {
    uint32_t struct_size, n_rows;
    float *data;
    uint64_t row_stride;
} roost_rows;

typedef struct roost_ext_decode {
    uint32_t struct_size, reserved;
    /* Describes the context. [any] */
    roost_status (*caps)(const roost_context *context, roost_decode_caps *out, const roost_call *call);
    /* Appends the rows to their sequences and writes one row of `out` for each row that wants one,
     * in batch order; a row that is left unwritten fails the call. All or nothing: after a failure
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

/* ---- text: sequence input and output ----------------------------------------------------- */

#define ROOST_EXT_SEQIO "roost.text.seqio/1"

/* Hosts of 1.0 know the extension and make no call of it yet: sequences that outlive a reload or a restart
 * will be their first. */

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

/* ---- text: encoder of an encoder-decoder ------------------------------------------------- */

#define ROOST_EXT_ENCODE "roost.text.encode/1"

/* Beside tokens and decode. A sequence is cleared, given a source by `encode`, and then fed
 * `decoder_start` at position 0 and further tokens by `forward`, which is ROOST_E_ARG for a sequence
 * without a source. seq_clear forgets the source too; seq_truncate keeps it, to length 0 as well; and
 * seq_fork makes `dst`, which has neither positions nor a source, share that of `src`, also with
 * length 0, without computing anything again. */
typedef struct roost_ext_encode {
    uint32_t struct_size;
    int32_t decoder_start; /* the token a decoder sequence begins with */
    /* Encodes `n` tokens, at least one, as `tokenize` gives them with ROOST_TOKENIZE_ADD_SPECIAL, as
     * what the cross-attention of a sequence looks at. The sequence has neither positions nor a
     * source, else ROOST_E_ARG; it has 0 positions afterwards. All or nothing. [lane] */
    roost_status (*encode)(roost_context *context, uint32_t seq, const int32_t *token, uint32_t n,
                           const roost_call *call);
} roost_ext_encode;

/* ---- vectors ----------------------------------------------------------------------------- */

#define ROOST_EXT_VECTORS "roost.vectors/1"

enum {                               /* flags of embed */
    ROOST_EMBED_QUERY = 1u,          /* the texts are queries: the model's query prefix applies */
    ROOST_EMBED_PASSAGE = 2u,        /* the texts are passages */
    ROOST_EMBED_NO_NORMALIZE = 4u    /* leave the vectors' length as the model gives it */
};

/* Any function may be NULL. Texts longer than the model takes are cut by the model's own rule; an empty
 * text is one of special tokens only. */
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
    /* Puts the token ids, int32, that `embed` would embed for this text: prefix, special tokens and
     * cut included. Of a model that does not embed, those of the text alone. [any] */
    roost_status (*embed_tokenize)(const roost_model *model, roost_str text, uint32_t flags,
                                   roost_sink i32_out, const roost_call *call);
    /* Like `embed`, of token ids as embed_tokenize gives them: text i is token[offset[i] ..<
     * offset[i + 1]]. Ids outside the vocabulary, no ids, or more than max_tokens are ROOST_E_ARG.
     * [lane] */
    roost_status (*embed_tokens)(roost_context *context, const int32_t *token, const uint32_t *offset,
                                 uint32_t n, uint32_t flags, roost_rows *out, const roost_call *call);
    /* Like `classify`, of pairs: row i is of text[i] and pair[i], read together, as a premise and its
     * hypothesis. [lane] */
    roost_status (*classify_pairs)(roost_context *context, const roost_str *text, const roost_str *pair,
                                   uint32_t n, roost_rows *out, const roost_call *call);
    /* Counts the tokens of a text as `embed`, with its flags, or `classify` reads it; with `pair`, which
     * may be NULL, those of the two as score_pairs, whose query is `text`, or classify_pairs reads them.
     * `*whole` are those that there are, `*read` those that are left by the cut; special tokens and a
     * prefix are among both. [any] */
    roost_status (*count_tokens)(const roost_model *model, roost_str text, const roost_str *pair,
                                 uint32_t flags, uint32_t *read, uint32_t *whole,
                                 const roost_call *call);
} roost_ext_vectors;

/* ---- jobs: images and tasks -------------------------------------------------------------- */

/* How far a job is. */
typedef struct roost_progress {
    uint32_t struct_size;
    uint32_t done;     /* nonzero: no further step */
    uint32_t step, of; /* `of` 0: unknown */
} roost_progress;

#define ROOST_EXT_IMAGE "roost.image/1"

/* What to draw. A size that the model cannot draw is ROOST_E_ARG with the nearest ones that it can; so
 * is a number of steps or a length of init_rgb8 that cannot be. The same request, seed included,
 * gives the same picture bit for bit on one machine. */
typedef struct roost_image_req {
    uint32_t struct_size, width, height, steps; /* 0: the model's default */
    uint64_t seed;
    float guidance; /* negative: the model's default */
    float strength; /* 0..1 of image to image: 0 leaves init_rgb8 nearly as it is */
    roost_str prompt, negative;
    roost_span init_rgb8; /* width * height * 3, or empty: the picture to begin with */
    roost_span mask_u8;   /* width * height, or empty; ROOST_E_UNSUPPORTED where a model has no use
                             for one. Hosts of 1.0 send none yet. */
    roost_str extra_json; /* an object of what else the model knows, such as {"scheduler": name,
                             "clip_skip": layers, "eta": 0..1}, or empty; an unknown key or a wrong
                             value is ROOST_E_ARG with what is known */
} roost_image_req;

enum { ROOST_IMAGE_CHANNELS = 3 /* bytes of a pixel: red, green, blue */ };

/* A picture in a buffer of the host, rows `row_stride` bytes apart: on entry width and height are the
 * buffer's, in pixels, on return those of the picture at its top left. A buffer
 * that is too small is ROOST_E_ARG. */
typedef struct roost_image {
    uint32_t struct_size, width, height, channels;
    uint8_t *rgb8;
    uint64_t row_stride;
} roost_image;

/* Several jobs may be open in one context, their steps in any order; none changes another's picture. */
typedef struct roost_ext_image {
    uint32_t struct_size, reserved;
    /* Starts a job; `*out` is the host's until end. [lane] */
    roost_status (*begin)(roost_context *context, const roost_image_req *request, roost_job **out,
                          const roost_call *call);
    /* One denoising step, that is one evaluation of the network or guidance's two; the last steps may
     * decode the picture. `progress->of` counts them all. After a failure, cancelling included, the
     * job is as before and may be stepped again. [lane] */
    roost_status (*step)(roost_job *job, roost_progress *progress, const roost_call *call);
    /* A cheap approximation of the picture so far, at most as large as the picture; never changes the
     * result. May be NULL. [lane] */
    roost_status (*preview)(roost_job *job, roost_image *out, const roost_call *call);
    /* The picture, once progress->done was nonzero; any number of times. It is as large as was asked
     * for, or else as "image" of info_json says, and every row of it is written. [lane] */
    roost_status (*finish)(roost_job *job, roost_image *out, const roost_call *call);
    /* Any time after begin, exactly once; before done it cancels. [lane] */
    void (*end)(roost_job *job);
} roost_ext_image;

#define ROOST_EXT_TASK "roost.task/1"

typedef struct roost_ext_task {
    uint32_t struct_size, reserved;
    /* A JSON array of {"name", "input_schema", "event_schema"}. [any] */
    roost_status (*list_json)(const roost_model *model, roost_sink out, const roost_call *call);
    /* Starts a job; `*out` is the host's until end. [lane] */
    roost_status (*begin)(roost_context *context, roost_str task, roost_str json_in, roost_job **out,
                          const roost_call *call);
    /* Works for about `max_ms` and puts events, one JSON object a line, whole lines only. After a
     * failure only end is legal. [lane] */
    roost_status (*advance)(roost_job *job, uint32_t max_ms, roost_sink ndjson_out,
                            roost_progress *progress, const roost_call *call);
    /* Any time after begin, exactly once; before done it cancels. [lane] */
    void (*end)(roost_job *job);
} roost_ext_task;

/* ---- self-test --------------------------------------------------------------------------- */

#define ROOST_EXT_SELFTEST "roost.selftest/1"

typedef struct roost_ext_selftest {
    uint32_t struct_size, reserved;
    /* Checks the model against golden data that the author ships, within about `max_ms`; puts a JSON
     * object {"passed": bool, "checks": [{"name", "passed", "detail"}]}. [lane] */
    roost_status (*run)(roost_context *context, uint32_t max_ms, roost_sink report_json,
                        const roost_call *call);
} roost_ext_selftest;

#ifdef __cplusplus
}
#endif

#endif /* ROOST_PLUGIN_H */
