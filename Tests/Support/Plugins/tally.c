/* A text model without weights that behaves, or misbehaves where and how it is told.
 *
 * Tokens 0 to 255 are bytes, 256 begins a text and 257 ends one. The most likely token after a
 * sequence is its tally: a sum over its tokens and their positions. A model's file begins with
 * "tally".
 *
 * The model's settings may say {"at": STEP, "do": DEED, "marker": PATH}: on arriving at a step of
 * the interface the deed is done, with a marker only the first time (the file is then made). Steps
 * before the settings are known take theirs from the macros EARLY_AT and EARLY_DO. {"pace": "MS"}
 * makes a forward take that many milliseconds, as a larger model's would.
 */
#define _GNU_SOURCE
#include "roost_plugin.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef EARLY_AT
#define EARLY_AT ""
#define EARLY_DO ""
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef MIN_HOST_MINOR
#define MIN_HOST_MINOR 0
#endif
#ifndef STRUCT_SIZE
#define STRUCT_SIZE sizeof(roost_plugin)
#endif
#ifndef TOOLCHAIN
#define TOOLCHAIN "c"
#endif
#ifndef ID
#define ID "org.example.tally"
#endif

enum { VOCABULARY = 258, BOS = 256, EOS = 257, MOST_SEQUENCES = 64 };

#define STR(literal) { literal, sizeof(literal) - 1 }

struct roost_model {
    char at[32], deed[32], marker[512], pace[16];
    char pieces[256];
    uint32_t offsets[VOCABULARY + 1];
    uint16_t attributes[VOCABULARY];
};

struct sequence {
    uint32_t length;
    int32_t *tokens;
};

struct roost_context {
    struct roost_model *model;
    uint32_t n_seq, n_ctx, n_batch;
    struct sequence sequences[MOST_SEQUENCES];
};

static const roost_host *host;
static int32_t no_cancel;

/* ---- misbehaviour ------------------------------------------------------------------------ */

static volatile int bottomless = 1;

static int deepen(volatile char *above)
{
    volatile char frame[4096];
    frame[0] = above[0];
    return (bottomless ? deepen(frame) : 0) + frame[0];
}

static void fill_stderr(void)
{
    for (int i = 0; i < 20000; i++)
        fprintf(stderr, "line %d of a plugin that says far too much about nothing at all\n", i);
    fprintf(stderr, "the end of it\n");
}

static void hang(const int32_t *cancel)
{
    struct timespec pause = { 0, 1000000 };
    while (!__atomic_load_n(cancel, __ATOMIC_ACQUIRE))
        nanosleep(&pause, NULL);
}

/* Returns only after deeds that leave the process alive. */
static void misbehave(const char *deed, const roost_call *call)
{
    if (strcmp(deed, "segv") == 0) {
        fprintf(stderr, "about to touch null\n");
        *(volatile int *)8 = 1;
    } else if (strcmp(deed, "abort") == 0)
        abort();
    else if (strcmp(deed, "trap") == 0)
        __builtin_trap(); /* what a Swift precondition does */
    else if (strcmp(deed, "exit0") == 0)
        exit(0);
    else if (strcmp(deed, "exit7") == 0)
        exit(7);
    else if (strcmp(deed, "overflow") == 0)
        deepen("");
    else if (strcmp(deed, "spam") == 0) {
        fill_stderr();
        abort();
    } else if (strcmp(deed, "hang") == 0)
        hang(&no_cancel);
    else if (strcmp(deed, "slow") == 0)
        hang(call && call->cancel ? call->cancel : &no_cancel);
    else if (strcmp(deed, "close") == 0) {
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        hang(&no_cancel);
    } else if (strcmp(deed, "shrink") == 0) {
        if (ftruncate(5, 0) == 0)
            fprintf(stderr, "shared memory was taken away\n");
    } else if (strcmp(deed, "child") == 0) {
        if (fork() == 0)
            hang(&no_cancel);
        abort();
    }
}

static int is(const struct roost_model *model, const char *at, const char *deed)
{
    return strcmp(model->at, at) == 0 && strcmp(model->deed, deed) == 0;
}

/* True when this is the step and, with a marker, the first time. */
static int arrives(struct roost_model *model, const char *at)
{
    if (strcmp(model->at, at) != 0)
        return 0;
    if (model->marker[0] == 0)
        return 1;
    int fd = open(model->marker, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd < 0)
        return 0;
    close(fd);
    return 1;
}

static roost_status fail(roost_err *err, roost_status code, uint32_t flags, const char *message)
{
    err->code = code;
    err->flags = flags;
    snprintf(err->message, err->cap, "%s", message);
    return code;
}

/* The common beginning of a step: misbehaves, or refuses, when told to. */
static roost_status arrive(struct roost_model *model, const char *at, const roost_call *call,
                           roost_err *err)
{
    if (!arrives(model, at))
        return ROOST_OK;
    misbehave(model->deed, call);
    if (call && call->cancel && __atomic_load_n(call->cancel, __ATOMIC_ACQUIRE))
        return fail(err, ROOST_E_CANCELLED, 0, "told to stop");
    if (strcmp(model->deed, "refuse") == 0)
        return fail(err, ROOST_E_MODEL, 0, "refused as told");
    if (strcmp(model->deed, "poison") == 0)
        return fail(err, ROOST_E_INTERNAL, ROOST_ERR_MODEL_POISONED, "poisoned as told");
    if (strcmp(model->deed, "positive") == 0)
        return 5;
    return ROOST_OK;
}

static void early(const char *at)
{
    if (strcmp(EARLY_AT, at) == 0)
        misbehave(EARLY_DO, NULL);
}

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

static void read_settings(struct roost_model *model, roost_str json)
{
    read_setting(json, "at", model->at, sizeof model->at);
    read_setting(json, "do", model->deed, sizeof model->deed);
    read_setting(json, "marker", model->marker, sizeof model->marker);
    read_setting(json, "pace", model->pace, sizeof model->pace);
}

/* ---- tokens ------------------------------------------------------------------------------ */

static roost_status vocab(const roost_model *constant, roost_vocab *out)
{
    struct roost_model *model = (struct roost_model *)constant;
    if (arrives(model, "vocab"))
        misbehave(model->deed, NULL);
    out->n = is(model, "vocab", "none") ? 0 : is(model, "vocab", "many") ? 300 : VOCABULARY;
    out->bytes = model->pieces;
    out->offset = is(model, "vocab", "null") ? NULL : model->offsets;
    out->attr = model->attributes;
    out->bos = BOS;
    out->eos = is(model, "vocab", "wild") ? 1 << 20 : EOS;
    out->eot = out->pad = -1;
    out->flags = 0;
    if (is(model, "vocab", "falling"))
        model->offsets[100] = 7;
    return ROOST_OK;
}

static roost_status put_id(roost_sink out, int32_t id)
{
    return out.put(out.ctx, &id, sizeof id) ? ROOST_E_CANCELLED : ROOST_OK;
}

static roost_status tokenize(const roost_model *constant, roost_str text, uint32_t flags,
                             roost_sink out, const roost_call *call)
{
    struct roost_model *model = (struct roost_model *)constant;
    roost_status status = arrive(model, "tokenize", call, call->err);
    if (status != ROOST_OK)
        return status;
    while (is(model, "tokenize", "unbounded"))
        if (put_id(out, 1) != ROOST_OK)
            return ROOST_OK;
    if (is(model, "tokenize", "wild"))
        return put_id(out, 1000);
    if (is(model, "tokenize", "ragged"))
        return out.put(out.ctx, "abc", 3) ? ROOST_E_CANCELLED : ROOST_OK;
    if (is(model, "tokenize", "null"))
        return out.put(out.ctx, NULL, 8) ? ROOST_OK : ROOST_E_INTERNAL;
    if (flags & ROOST_TOKENIZE_ADD_SPECIAL && put_id(out, BOS) != ROOST_OK)
        return ROOST_E_CANCELLED;
    for (uint64_t i = 0; i < text.len; i++)
        if (put_id(out, (unsigned char)text.ptr[i]) != ROOST_OK)
            return ROOST_E_CANCELLED;
    return ROOST_OK;
}

static const roost_ext_tokens tokens_table = { sizeof(roost_ext_tokens), 0, vocab, tokenize };

/* ---- decode ------------------------------------------------------------------------------ */

static roost_status caps(const roost_context *context, roost_decode_caps *out)
{
    struct roost_model *model = context->model;
    if (arrives(model, "caps"))
        misbehave(model->deed, NULL);
    out->flags = ROOST_SEQ_TRUNCATE_ANY | ROOST_SEQ_FORK | ROOST_LOGITS_BATCH_INVARIANT;
    out->n_vocab = VOCABULARY;
    if (is(model, "caps", "none"))
        out->n_vocab = 0;
    if (is(model, "caps", "huge"))
        out->n_vocab = 1u << 31;
    out->n_hidden = 0;
    out->n_ctx = is(model, "caps", "no-context") ? 0 : context->n_ctx;
    out->n_seq = is(model, "caps", "no-sequence") ? 0 : context->n_seq;
    out->n_batch = is(model, "caps", "no-batch") ? 0 : context->n_batch;
    return ROOST_OK;
}

static uint32_t tally(const struct sequence *sequence)
{
    uint32_t sum = 17;
    for (uint32_t i = 0; i < sequence->length; i++)
        sum = sum * 31 + (uint32_t)sequence->tokens[i] + i;
    return 'a' + sum % 26;
}

static void write_row(float *row, uint32_t target, int not_a_number)
{
    for (uint32_t id = 0; id < VOCABULARY; id++)
        row[id] = not_a_number ? NAN : -(float)((id + VOCABULARY - target) % VOCABULARY);
}

static roost_status forward(roost_context *context, const roost_batch *batch, roost_rows *out,
                            const roost_call *call)
{
    struct roost_model *model = context->model;
    struct timespec pace = { 0, 1000000 * atol(model->pace) };
    nanosleep(&pace, NULL);
    roost_status status = arrive(model, "forward", call, call->err);
    if (status != ROOST_OK)
        return status;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct sequence *sequence = &context->sequences[batch->seq[i]];
        if (batch->pos[i] != sequence->length)
            return fail(call->err, ROOST_E_ARG, ROOST_ERR_SEQ_LOST, "rows out of order");
        sequence->tokens[sequence->length++] = batch->token[i];
        if (batch->want[i] == ROOST_WANT_LOGITS) {
            write_row(out->data, tally(sequence), is(model, "forward", "nan"));
            out->data = (float *)((char *)out->data + out->row_stride);
        }
    }
    out->data = (float *)((char *)out->data - out->n_rows * out->row_stride);
    if (is(model, "forward", "rows"))
        out->n_rows += 1;
    return ROOST_OK;
}

static roost_status seq_len(const roost_context *context, uint32_t seq, uint32_t *out)
{
    roost_err none = { sizeof none, 0, 0, 0, NULL };
    if (arrive(context->model, "seq_len", NULL, &none) != ROOST_OK)
        return ROOST_E_INTERNAL;
    *out = is(context->model, "seq_len", "wild") ? 1u << 30 : context->sequences[seq].length;
    return ROOST_OK;
}

static roost_status seq_clear(roost_context *context, uint32_t seq)
{
    if (arrives(context->model, "seq_clear"))
        misbehave(context->model->deed, NULL);
    context->sequences[seq].length = 0;
    return ROOST_OK;
}

static roost_status seq_truncate(roost_context *context, uint32_t seq, uint32_t len, roost_err *err)
{
    if (len > context->sequences[seq].length)
        return fail(err, ROOST_E_ARG, 0, "the sequence is shorter than that");
    context->sequences[seq].length = len;
    return ROOST_OK;
}

static roost_status seq_fork(roost_context *context, uint32_t src, uint32_t dst, uint32_t len,
                             roost_err *err)
{
    struct sequence *from = &context->sequences[src], *to = &context->sequences[dst];
    if (to->length != 0 || len > from->length)
        return fail(err, ROOST_E_ARG, 0, "nothing to fork, or no room for it");
    memcpy(to->tokens, from->tokens, len * sizeof *to->tokens);
    to->length = len;
    return ROOST_OK;
}

static const roost_ext_decode decode_table = {
    sizeof(roost_ext_decode), 0, caps, forward, seq_len, seq_clear, seq_truncate, seq_fork,
};

/* ---- self-test --------------------------------------------------------------------------- */

static roost_status self_test(roost_context *context, uint32_t max_ms, roost_sink report,
                              const roost_call *call)
{
    static const char good[] = "{\"passed\": true, \"checks\": []}";
    static const char bad[] = "{\"passed\": false, \"checks\": [{\"name\": \"sums\", "
                              "\"passed\": false, \"detail\": \"2 + 2 gave 5\"}]}";
    (void)max_ms;
    roost_status status = arrive(context->model, "self-test", call, call->err);
    if (status != ROOST_OK)
        return status;
    int fails = is(context->model, "self-test", "fail");
    return report.put(report.ctx, fails ? bad : good, (fails ? sizeof bad : sizeof good) - 1)
               ? ROOST_E_CANCELLED
               : ROOST_OK;
}

static const roost_ext_selftest self_test_table = { sizeof(roost_ext_selftest), 0, self_test };

/* ---- plugin ------------------------------------------------------------------------------ */

static roost_status attach(const roost_host *given, void **self, roost_err *err)
{
    if (host)
        return fail(err, ROOST_E_BUSY, 0, "attached already");
    early("attach");
    if (strcmp(EARLY_AT, "attach") == 0)
        return fail(err, ROOST_E_INTERNAL, 0, "refused to attach as told");
    host = given;
    *self = NULL;
    host->log(host->ctx, ROOST_LOG_INFO, (roost_str)STR("tally"), (roost_str)STR("attached"));
    return ROOST_OK;
}

static roost_status probe(void *self, const roost_open *in, roost_probe *out, const roost_call *call)
{
    char path[1024], magic[6] = "";
    struct roost_model settings = { .at = "" };
    (void)self;
    read_settings(&settings, in->config_json);
    roost_status status = arrive(&settings, "probe", call, call->err);
    if (status != ROOST_OK)
        return status;
    snprintf(path, sizeof path, "%.*s", (int)in->path.len, in->path.ptr);
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(call->err, ROOST_E_IO, 0, "cannot read the model's file");
    size_t read = fread(magic, 1, 5, file);
    fclose(file);
    out->score = read == 5 && strcmp(magic, "tally") == 0 ? 60 : 0;
    if (is(&settings, "probe", "proud"))
        out->score = 1000;
    out->bytes_host = sizeof(struct roost_model);
    out->bytes_per_context = sizeof(struct roost_context);
    out->family = (roost_str)STR("tally");
    return ROOST_OK;
}

static void fill_vocabulary(struct roost_model *model)
{
    for (uint32_t id = 0; id < 256; id++)
        model->pieces[id] = (char)id;
    for (uint32_t id = 0; id <= VOCABULARY; id++)
        model->offsets[id] = id < 256 ? id : 256;
    model->attributes[BOS] = ROOST_TOKEN_CONTROL;
    model->attributes[EOS] = ROOST_TOKEN_CONTROL | ROOST_TOKEN_END;
}

static roost_status open_model(void *self, const roost_open *in, roost_model **out,
                               const roost_call *call)
{
    (void)self;
    struct roost_model *model = calloc(1, sizeof *model);
    if (!model)
        return fail(call->err, ROOST_E_NOMEM, 0, "no memory for the model");
    read_settings(model, in->config_json);
    fill_vocabulary(model);
    roost_status status = arrive(model, "open", call, call->err);
    if (status != ROOST_OK) {
        free(model);
        return status;
    }
    *out = is(model, "open", "null") ? NULL : model;
    return ROOST_OK;
}

static void close_model(roost_model *model)
{
    if (arrives(model, "close"))
        misbehave(model->deed, NULL);
    free(model);
}

static void context_free(roost_context *context)
{
    for (uint32_t i = 0; i < context->n_seq; i++)
        free(context->sequences[i].tokens);
    free(context);
}

static roost_status context_new(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call)
{
    roost_status status = arrive(model, "context_new", call, call->err);
    if (status != ROOST_OK)
        return status;
    struct roost_context *context = calloc(1, sizeof *context);
    if (!context)
        return fail(call->err, ROOST_E_NOMEM, 0, "no memory for the context");
    context->model = model;
    context->n_seq = params->n_seq < MOST_SEQUENCES ? params->n_seq : MOST_SEQUENCES;
    context->n_ctx = params->n_ctx ? params->n_ctx : 1024;
    context->n_batch = params->n_batch ? params->n_batch : 64;
    for (uint32_t i = 0; i < context->n_seq; i++)
        context->sequences[i].tokens = calloc(context->n_ctx, sizeof(int32_t));
    *out = context;
    return ROOST_OK;
}

static roost_status info_json(const roost_model *constant, roost_sink out)
{
    static const char text[] = "{\"name\": \"tally\", \"context_length\": 1024}";
    struct roost_model *model = (struct roost_model *)constant;
    if (arrives(model, "info"))
        misbehave(model->deed, NULL);
    while (is(model, "info", "unbounded"))
        if (out.put(out.ctx, text, sizeof text - 1))
            return ROOST_E_CANCELLED;
    return out.put(out.ctx, text, sizeof text - 1) ? ROOST_E_CANCELLED : ROOST_OK;
}

static const roost_ext_decode without_forward = { sizeof(roost_ext_decode), 0, caps, NULL, seq_len,
                                                  seq_clear, seq_truncate, seq_fork };
static const roost_ext_decode of_wrong_size = { 3, 0, caps, forward, seq_len, seq_clear,
                                                seq_truncate, seq_fork };
/* As an older plugin's: what follows seq_clear must not be read. */
static const roost_ext_decode shorter = {
    offsetof(roost_ext_decode, seq_truncate), 0, caps, forward, seq_len, seq_clear,
    (roost_status(*)(roost_context *, uint32_t, uint32_t, roost_err *))1,
    (roost_status(*)(roost_context *, uint32_t, uint32_t, uint32_t, roost_err *))1,
};

static const void *extension(const roost_model *model, const char *id)
{
    if (strcmp(id, ROOST_EXT_TOKENS) == 0)
        return &tokens_table;
    if (strcmp(id, ROOST_EXT_SELFTEST) == 0)
        return &self_test_table;
    if (strcmp(id, ROOST_EXT_DECODE) != 0)
        return NULL;
    return is(model, "extension", "null")    ? &without_forward
           : is(model, "extension", "size")  ? &of_wrong_size
           : is(model, "extension", "short") ? &shorter
                                             : &decode_table;
}

static const roost_plugin table = {
    .struct_size = (uint32_t)(STRUCT_SIZE),
    .abi_minor = ROOST_ABI_MINOR,
    .min_host_minor = MIN_HOST_MINOR,
    .flags = 0,
    .id = STR(ID),
    .version = STR(VERSION),
    .license = STR("Apache-2.0"),
    .toolchain = STR(TOOLCHAIN),
    .families_csv = STR("tally"),
    .attach = attach,
    .probe = probe,
#ifndef WITHOUT_OPEN
    .open = open_model,
#endif
    .close = close_model,
    .context_new = context_new,
    .context_free = context_free,
    .info_json = info_json,
    .extension = extension,
};

__attribute__((visibility("default"))) const roost_plugin *roost_plugin_query_v1(uint32_t minor)
{
    (void)minor;
    early("query");
    return strcmp(EARLY_AT, "query") == 0 ? NULL : &table;
}

__attribute__((constructor)) static void constructed(void)
{
    early("dlopen");
}
