/* A text model in one C file: an order-N Markov chain over bytes.
 *
 * It needs no weights. Opened on a text file it learns that text; opened on anything else it learns
 * the few sentences below. It shows everything that a text plugin needs, and works with everything
 * that the host offers: batches, streams, cancellation, reload, workers.
 *
 * Build:  cc -std=c11 -O2 -Wall -shared -fPIC -fvisibility=hidden -I Sources/PluginABI/include \
 *            -Wl,--version-script=Plugins/exports.map -o libMarkov.so Examples/markov.c -lm
 *
 * The model: Shannon 1948, "A Mathematical Theory of Communication", section 3. With c the bytes so
 * far, and n(s) how often s occurs in the text,
 *
 *     p(b | c) = n(c[-k:] b) / n(c[-k:])     for the largest k <= ORDER with n(c[-k:]) > 0
 */
#include <math.h>
#include <roost_plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDER = 6, END = 256, VOCABULARY = 257, MAX_TEXT = 1 << 20, MAX_CONTEXT = 1 << 16 };

/* One sentence per line; an answer starts at the start of a line. */
static const char built_in_text[] =
    "Hello! I am a tiny Markov chain, a model in one file of C.\n"
    "I have no weights; I only know which letters like to follow which.\n"
    "Ask me anything, and I will answer with words that I have seen before.\n"
    "Roost opened me as a plugin and gave me a worker process of my own.\n"
    "Roost reads my answers one token at a time, and a token of mine is one byte.\n"
    "If I crash, the host notices and starts me again, and nobody else loses a word.\n"
    "A better model is one line in plugins.toml away: point source at a GGUF file.\n"
    "The quick brown fox jumps over the lazy dog, and the lazy dog dreams of the fox.\n";

/* The host that attach was given. */
static const roost_host *host;

/* ---- errors ---- */

static roost_status fail(const roost_call *call, roost_status code, const char *message) {
    roost_err *err = call->err;
    err->code = code;
    err->flags = 0;
    if (err->cap > 0) snprintf(err->message, err->cap, "%s", message);
    return code;
}

/* ---- model: the text, and the ids as bytes ---- */

struct roost_model {
    roost_map file;   /* ptr is NULL if the source is not a file */
    const char *text; /* of the file, or the built-in one */
    size_t length;
    char pieces[VOCABULARY];
    uint32_t offsets[VOCABULARY + 1];
    uint16_t attributes[VOCABULARY];
};

static void describe_vocabulary(roost_model *model) {
    for (uint32_t id = 0; id < 256; id++) {
        model->pieces[id] = (char)id;
        model->offsets[id] = id;
        model->attributes[id] = ROOST_TOKEN_BYTE;
    }
    model->offsets[END] = model->offsets[END + 1] = 256;
    model->attributes[END] = ROOST_TOKEN_CONTROL | ROOST_TOKEN_END;
}

static int ends_with(roost_str path, const char *suffix) {
    size_t n = strlen(suffix);
    return path.len >= n && memcmp(path.ptr + path.len - n, suffix, n) == 0;
}

static roost_status model_probe(void *self, const roost_open *in, roost_probe *out,
                                const roost_call *call) {
    (void)self, (void)call;
    out->score = ends_with(in->path, ".txt") ? 50 : 0;
    out->bytes_host = MAX_TEXT;
    out->bytes_per_context = MAX_CONTEXT;
    out->family = (roost_str){"markov", 6};
    return ROOST_OK;
}

static roost_status model_open(void *self, const roost_open *in, roost_model **out,
                               const roost_call *call) {
    (void)self;
    roost_model *model = calloc(1, sizeof *model);
    if (!model) return fail(call, ROOST_E_NOMEM, "out of memory for the model");
    describe_vocabulary(model);
    model->text = built_in_text;
    model->length = sizeof built_in_text - 1;
    if (host->map_file(host->ctx, in->path, &model->file, call) == ROOST_OK && model->file.len > ORDER) {
        model->text = model->file.ptr;
        model->length = model->file.len < MAX_TEXT ? model->file.len : MAX_TEXT;
    }
    *out = model;
    return ROOST_OK;
}

static void model_close(roost_model *model) {
    if (model->file.ptr) host->unmap(host->ctx, model->file.id);
    free(model);
}

static roost_status model_info(const roost_model *model, roost_sink out, const roost_call *call) {
    (void)call;
    char json[512];
    int n = snprintf(json, sizeof json,
                     "{\"name\":\"Markov chain\",\"architecture\":\"markov\",\"parameters\":%zu,"
                     "\"context_length\":%d,\"license\":\"Apache-2.0\",\"chat_template\":"
                     "\"{%% for m in messages %%}{{ m['content'] }}\\n\\n{%% endfor %%}\"}",
                     model->length, MAX_CONTEXT);
    return out.put(out.ctx, json, (uint64_t)n) ? ROOST_E_CANCELLED : ROOST_OK;
}

/* ---- tokens: one byte each ---- */

static roost_status tokens_vocab(const roost_model *model, roost_vocab *out,
                                 const roost_call *call) {
    (void)call;
    out->n = VOCABULARY;
    out->bytes = model->pieces;
    out->offset = model->offsets;
    out->attr = model->attributes;
    out->bos = out->eot = out->pad = -1;
    out->eos = END;
    out->flags = 0;
    return ROOST_OK;
}

static roost_status tokens_tokenize(const roost_model *model, roost_str text, uint32_t flags,
                                    roost_sink out, const roost_call *call) {
    (void)model, (void)flags, (void)call;
    int32_t ids[256];
    for (uint64_t start = 0; start < text.len; start += 256) {
        uint64_t n = text.len - start < 256 ? text.len - start : 256;
        for (uint64_t i = 0; i < n; i++) ids[i] = (unsigned char)text.ptr[start + i];
        if (out.put(out.ctx, ids, n * sizeof *ids)) return ROOST_E_CANCELLED;
    }
    return ROOST_OK;
}

/* ---- context: what each sequence has said so far ---- */

typedef struct {
    int32_t *tokens;
    uint32_t length;
} sequence;

struct roost_context {
    const roost_model *model;
    uint32_t n_seq, n_ctx, n_batch;
    sequence *sequences;
    int32_t *tokens; /* [n_seq, n_ctx] */
};

static roost_status context_new(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call) {
    uint32_t n_ctx = params->n_ctx ? params->n_ctx : 4096;
    if (n_ctx > MAX_CONTEXT || params->n_seq == 0 || params->n_seq > 4096)
        return fail(call, ROOST_E_ARG, "at most 65536 positions and 4096 sequences");
    roost_context *context = calloc(1, sizeof *context);
    sequence *sequences = calloc(params->n_seq, sizeof *sequences);
    /* From the host, which counts it and refuses beyond the model's memory_budget. */
    int32_t *tokens = host->alloc(host->ctx, (uint64_t)params->n_seq * n_ctx * sizeof *tokens,
                                  sizeof *tokens, ROOST_MEMORY_SEQUENCES);
    if (!context || !sequences || !tokens) {
        free(context), free(sequences), host->free(host->ctx, tokens);
        return fail(call, ROOST_E_NOMEM, "out of memory for the sequences");
    }
    for (uint32_t i = 0; i < params->n_seq; i++) sequences[i].tokens = tokens + (size_t)i * n_ctx;
    *context = (roost_context){model, params->n_seq, n_ctx, params->n_batch ? params->n_batch : 512,
                               sequences, tokens};
    *out = context;
    return ROOST_OK;
}

static void context_free(roost_context *context) {
    host->free(host->ctx, context->tokens);
    free(context->sequences);
    free(context);
}

static roost_status decode_caps(const roost_context *context, roost_decode_caps *out,
                                const roost_call *call) {
    (void)call;
    out->flags = ROOST_SEQ_TRUNCATE_ANY | ROOST_SEQ_FORK | ROOST_LOGITS_BATCH_INVARIANT;
    out->n_vocab = VOCABULARY;
    out->n_ctx = context->n_ctx;
    out->n_seq = context->n_seq;
    out->n_batch = context->n_batch;
    return ROOST_OK;
}

/* ---- the forward pass ---- */

/* Adds one to counts[b] for every byte b that follows `suffix` in the text; returns how many do. */
static uint32_t count_followers(const roost_model *model, const char *suffix, size_t k,
                                float counts[VOCABULARY]) {
    uint32_t found = 0;
    for (size_t i = 0; i + k < model->length; i++) {
        if (memcmp(model->text + i, suffix, k) != 0) continue;
        counts[(unsigned char)model->text[i + k]] += 1;
        found++;
    }
    return found;
}

/* Writes log n(c[-k:] b) for every b: the logits of p(b | c). The end of a line may also end the
 * answer; an empty line ends the prompt. */
static void next_token_logits(const roost_model *model, const sequence *s, float *logits) {
    char suffix[ORDER];
    size_t k = 0;
    while (k < ORDER && k < s->length && s->tokens[s->length - 1 - k] < 256) k++;
    for (size_t i = 0; i < k; i++) suffix[i] = (char)s->tokens[s->length - k + i];
    float counts[VOCABULARY] = {0};
    uint32_t found = 0;
    for (size_t skip = 0; skip <= k && found == 0; skip++)
        found = count_followers(model, suffix + skip, k - skip, counts);
    if (k > 1 && suffix[k - 1] == '\n' && suffix[k - 2] != '\n') counts[END] = (float)found;
    for (int id = 0; id < VOCABULARY; id++) logits[id] = counts[id] > 0 ? logf(counts[id]) : -30.0f;
}

static roost_status check_row(const roost_context *context, const roost_batch *batch, uint32_t i,
                              const uint32_t *lengths, const roost_call *call) {
    uint32_t seq = batch->seq[i];
    if (seq >= context->n_seq) return fail(call, ROOST_E_ARG, "a sequence number is out of range");
    if (batch->token[i] < 0 || batch->token[i] >= VOCABULARY)
        return fail(call, ROOST_E_ARG, "a token id is out of range");
    if (batch->pos[i] != lengths[seq])
        return fail(call, ROOST_E_ARG, "a position is not the length of its sequence");
    if (lengths[seq] >= context->n_ctx) return fail(call, ROOST_E_BUSY, "the sequence is full");
    return ROOST_OK;
}

static roost_status check_batch(const roost_context *context, const roost_batch *batch,
                                const roost_rows *out, const roost_call *call) {
    uint32_t wanted = 0;
    uint32_t *lengths = malloc(context->n_seq * sizeof *lengths);
    if (!lengths) return fail(call, ROOST_E_NOMEM, "out of memory for a batch");
    for (uint32_t i = 0; i < context->n_seq; i++) lengths[i] = context->sequences[i].length;
    roost_status status = ROOST_OK;
    for (uint32_t i = 0; i < batch->n && status == ROOST_OK; i++) {
        status = check_row(context, batch, i, lengths, call);
        if (status == ROOST_OK) lengths[batch->seq[i]]++;
        wanted += batch->want[i] == ROOST_WANT_LOGITS;
    }
    free(lengths);
    if (status == ROOST_OK && (batch->n > context->n_batch || wanted > out->n_rows))
        return fail(call, ROOST_E_ARG, "more rows than the context or the output has room for");
    return status;
}

static roost_status decode_forward(roost_context *context, const roost_batch *batch,
                                   roost_rows *out, const roost_call *call) {
    roost_status status = check_batch(context, batch, out, call);
    if (status != ROOST_OK) return status;
    if (roost_cancelled(call)) return fail(call, ROOST_E_CANCELLED, "cancelled");
    char *row = (char *)out->data;
    for (uint32_t i = 0; i < batch->n; i++) {
        sequence *s = &context->sequences[batch->seq[i]];
        s->tokens[s->length++] = batch->token[i];
        if (batch->want[i] != ROOST_WANT_LOGITS) continue;
        next_token_logits(context->model, s, (float *)row);
        row += out->row_stride;
    }
    return ROOST_OK;
}

/* ---- sequences ---- */

static roost_status seq_len(const roost_context *context, uint32_t seq, uint32_t *out,
                            const roost_call *call) {
    if (seq >= context->n_seq) return fail(call, ROOST_E_ARG, "no such sequence");
    *out = context->sequences[seq].length;
    return ROOST_OK;
}

static roost_status seq_clear(roost_context *context, uint32_t seq, const roost_call *call) {
    if (seq >= context->n_seq) return fail(call, ROOST_E_ARG, "no such sequence");
    context->sequences[seq].length = 0;
    return ROOST_OK;
}

static roost_status seq_truncate(roost_context *context, uint32_t seq, uint32_t len,
                                 const roost_call *call) {
    if (seq >= context->n_seq || len > context->sequences[seq].length)
        return fail(call, ROOST_E_ARG, "no such sequence, or it is shorter than that");
    context->sequences[seq].length = len;
    return ROOST_OK;
}

static roost_status seq_fork(roost_context *context, uint32_t src, uint32_t dst, uint32_t len,
                             const roost_call *call) {
    if (src >= context->n_seq || dst >= context->n_seq || src == dst
        || len > context->sequences[src].length || context->sequences[dst].length != 0)
        return fail(call, ROOST_E_ARG, "no such sequences, the source is shorter, or the target is "
                                      "not empty");
    memcpy(context->sequences[dst].tokens, context->sequences[src].tokens, len * sizeof(int32_t));
    context->sequences[dst].length = len;
    return ROOST_OK;
}

/* ---- the tables ---- */

static const roost_ext_tokens tokens = {
    .struct_size = sizeof tokens, .vocab = tokens_vocab, .tokenize = tokens_tokenize};

static const roost_ext_decode decode = {
    .struct_size = sizeof decode, .caps = decode_caps, .forward = decode_forward,
    .seq_len = seq_len, .seq_clear = seq_clear, .seq_truncate = seq_truncate, .seq_fork = seq_fork};

static const void *model_extension(const roost_model *model, const char *id) {
    (void)model;
    if (strcmp(id, ROOST_EXT_TOKENS) == 0) return &tokens;
    if (strcmp(id, ROOST_EXT_DECODE) == 0) return &decode;
    return NULL;
}

static roost_status attach(const roost_host *given, void **self, const roost_call *call) {
    if (host) return fail(call, ROOST_E_BUSY, "attached already");
    host = given;
    *self = NULL;
    return ROOST_OK;
}

static void detach(void *self) {
    (void)self;
    host = NULL;
}

static const roost_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = ROOST_ABI_MINOR,
    .min_host_minor = 0,
    .flags = ROOST_PLUGIN_PARALLEL_OPEN,
    .id = ROOST_STR("dev.roost.example.markov"),
    .version = ROOST_STR("1.0.0"),
    .license = ROOST_STR("Apache-2.0"),
    .toolchain = ROOST_STR("c"),
    .families_csv = ROOST_STR("markov"),
    .attach = attach,
    .detach = detach,
    .probe = model_probe,
    .open = model_open,
    .close = model_close,
    .context_new = context_new,
    .context_free = context_free,
    .info_json = model_info,
    .extension = model_extension,
};

ROOST_EXPORT const roost_plugin *roost_plugin_query_v1(uint32_t host_minor) {
    (void)host_minor;
    return &plugin;
}
