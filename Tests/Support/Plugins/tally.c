/* A text model without weights that behaves, or misbehaves where and how it is told.
 *
 * Tokens 0 to 255 are bytes, 256 begins a text and 257 ends one. The most likely token after a
 * sequence is its tally: a sum over its tokens and their positions. A model's file begins with
 * "tally".
 *
 * The model's settings may tell it to misbehave, see deeds.h. Steps before the settings are known take
 * theirs from the macros EARLY_AT and EARLY_DO. {"pace": "MS"} makes a forward take that many
 * milliseconds, as a larger model's would.
 *
 * With the macro SPECIALS the tokens 256 and 257 are spelled "<b>" and "<e>", and found where they are to be
 * parsed; with MIXED as well, the plugin can be told where not. With END_ONLY neither has the attribute of
 * control tokens: one is named as bos, the other ends generations.
 *
 * With the macro ADAPTERS it takes adapters, files that say "shift N": a row's token counts for that much more.
 *
 * With the macro WITHOUT_LENGTH it has no seq_len.
 *
 * With the macro VARIANT it does not say that its logits are the same however rows are batched.
 *
 * With the macro NEEDS, a variable of the environment, it takes no model without that.
 *
 * With the macro ENCODER it is an encoder-decoder: a sequence begins with START, and its tally with that
 * of its source, without which it takes no token; with LENIENT it takes them all the same.
 */
#define _GNU_SOURCE
#include "deeds.h"

#include <math.h>
#include <stdatomic.h>

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

enum { VOCABULARY = 258, BOS = 256, EOS = 257, MOST_SEQUENCES = 64, START = EOS, MOST_ADAPTERS = 16 };

/* Free while its number is 0. */
struct adapter {
    _Atomic uint32_t number;
    int32_t shift;
};

struct roost_model {
    struct deeds deeds;
    char pieces[256 + 6];
    uint32_t offsets[VOCABULARY + 1];
    uint16_t attributes[VOCABULARY];
    struct adapter adapters[MOST_ADAPTERS];
};

struct sequence {
    uint32_t length;
    uint32_t cached; /* tokens that are there; more than `length` where a deed keeps what it should forget */
    int32_t *tokens;
    uint32_t has_source, source; /* the tally of what was encoded */
};

struct roost_context {
    struct roost_model *model;
    uint32_t n_seq, n_ctx, n_batch;
    struct sequence sequences[MOST_SEQUENCES];
};

/* Of the last model, for what happens when there is none any more. */
static struct deeds last_deeds;

#ifdef EXTRA_EXPORT
__attribute__((visibility("default"))) int tally_extra_export = 1;
#endif

/* ---- misbehaviour ------------------------------------------------------------------------ */

static void early(const char *at)
{
    if (strcmp(EARLY_AT, at) == 0)
        misbehave(EARLY_DO, NULL);
}

static void read_settings(struct roost_model *model, roost_str json)
{
    read_deeds(&model->deeds, json);
}

/* ---- tokens ------------------------------------------------------------------------------ */

static roost_status vocab(const roost_model *constant, roost_vocab *out, const roost_call *call)
{
    struct roost_model *model = (struct roost_model *)constant;
    roost_status status = arrive(&model->deeds, "vocab", call);
    if (status != ROOST_OK)
        return status;
    out->n = is(&model->deeds, "vocab", "none") ? 0 : is(&model->deeds, "vocab", "many") ? 300 : VOCABULARY;
    out->bytes = model->pieces;
    out->offset = is(&model->deeds, "vocab", "null") ? NULL : model->offsets;
    out->attr = model->attributes;
    out->bos = BOS;
    out->eos = is(&model->deeds, "vocab", "wild") ? 1 << 20 : EOS;
    out->eot = out->pad = -1;
    out->flags = 0;
    if (is(&model->deeds, "vocab", "far"))
        out->offset = (const uint32_t *)8;
    if (is(&model->deeds, "vocab", "falling"))
        model->offsets[100] = 7;
    return ROOST_OK;
}

static roost_status put_id(roost_sink out, int32_t id)
{
    return put(out, &id, sizeof id);
}

/* The control token that is spelled at byte i of the text, outside of `plain`; -1: none. */
static int32_t special_at(roost_str text, uint64_t i, const roost_range *plain, uint32_t n)
{
#ifdef SPECIALS
    if (text.len - i < 3 || text.ptr[i] != '<' || text.ptr[i + 2] != '>')
        return -1;
    for (uint32_t r = 0; r < n; r++)
        if (plain[r].start < i + 3 && i < plain[r].end)
            return -1;
    return text.ptr[i + 1] == 'b' ? BOS : text.ptr[i + 1] == 'e' ? EOS : -1;
#else
    (void)text, (void)i, (void)plain, (void)n;
    return -1;
#endif
}

static roost_status put_ids(roost_str text, const roost_range *plain, uint32_t n, uint32_t flags,
                            roost_sink out)
{
    uint64_t i = 0;
    while (i < text.len) {
        int32_t special = flags & ROOST_TOKENIZE_PARSE_SPECIAL ? special_at(text, i, plain, n) : -1;
        if (put_id(out, special < 0 ? (unsigned char)text.ptr[i] : special) != ROOST_OK)
            return ROOST_E_CANCELLED;
        i += special < 0 ? 1 : 3;
    }
    return ROOST_OK;
}

static roost_status tokenize(const roost_model *constant, roost_str text, uint32_t flags,
                             roost_sink out, const roost_call *call)
{
    struct roost_model *model = (struct roost_model *)constant;
    char letter = model->deeds.letter[0];
    if (!letter || memchr(text.ptr, letter, text.len)) {
        roost_status status = arrive(&model->deeds, "tokenize", call);
        if (status != ROOST_OK)
            return status;
    }
    while (is(&model->deeds, "tokenize", "unbounded"))
        if (put_id(out, 1) != ROOST_OK)
            return ROOST_OK;
    if (is(&model->deeds, "tokenize", "wild"))
        return put_id(out, 1000);
    if (is(&model->deeds, "tokenize", "ragged"))
        return put(out, "abc", 3);
    if (is(&model->deeds, "tokenize", "null"))
        return out.put(out.ctx, NULL, 8) ? ROOST_OK : ROOST_E_INTERNAL;
    if (flags & ROOST_TOKENIZE_ADD_SPECIAL && put_id(out, BOS) != ROOST_OK)
        return ROOST_E_CANCELLED;
    return put_ids(text, NULL, 0, flags, out);
}

#ifdef MIXED
static roost_status tokenize_mixed(const roost_model *model, roost_str text,
                                   const roost_range *plain, uint32_t n, uint32_t flags,
                                   roost_sink out, const roost_call *call)
{
    (void)model, (void)call;
    return put_ids(text, plain, n, flags, out);
}
#else
#define tokenize_mixed NULL
#endif

static const roost_ext_tokens tokens_table = {
    sizeof(roost_ext_tokens), 0, vocab, tokenize, tokenize_mixed
};

/* ---- adapters ---------------------------------------------------------------------------- */

static const struct adapter *adapter_of(const struct roost_model *model, uint32_t number)
{
    for (int i = 0; i < MOST_ADAPTERS; i++)
        if (model->adapters[i].number == number)
            return &model->adapters[i];
    return NULL;
}

/* How much more the row's token counts; a batch with unknown adapters gets no further than here. */
static int shift_of(const struct roost_model *model, const roost_batch *batch, uint32_t row,
                    int32_t *shift)
{
    uint32_t number = ROOST_HAS(batch, adapter) ? batch->adapter[row] : 0;
    const struct adapter *adapter = number ? adapter_of(model, number) : NULL;
    *shift = adapter ? adapter->shift : 0;
    return !number || adapter;
}

#ifdef ADAPTERS
static roost_status load(roost_model *model, const roost_adapter_source *source, roost_adapter *out,
                         const roost_call *call)
{
    char path[1024];
    int shift;
    roost_status status = arrive(&model->deeds, "load", call);
    if (status != ROOST_OK)
        return status;
    snprintf(path, sizeof path, "%.*s", (int)source->path.len, source->path.ptr);
    FILE *file = fopen(path, "r");
    if (!file)
        return fail(call, ROOST_E_IO, 0, "cannot read the adapter's file");
    int found = fscanf(file, "shift %d", &shift);
    fclose(file);
    if (found != 1)
        return fail(call, ROOST_E_MODEL, 0, "the file says no shift");
    struct adapter *room = (struct adapter *)adapter_of(model, 0);
    if (!room)
        return fail(call, ROOST_E_NOMEM, 0, "no room for another adapter");
    room->shift = shift;
    room->number = source->adapter;
    out->rank = 1;
    out->bytes = sizeof *room;
    return ROOST_OK;
}

static roost_status unload(roost_model *model, uint32_t number, const roost_call *call)
{
    struct adapter *adapter = (struct adapter *)adapter_of(model, number);
    if (!adapter)
        return fail(call, ROOST_E_ARG, 0, "there is no such adapter");
    adapter->number = 0;
    return ROOST_OK;
}

static const roost_ext_adapters adapters_table = { sizeof(roost_ext_adapters), 0, load, unload };
#endif

/* ---- decode ------------------------------------------------------------------------------ */

static roost_status caps(const roost_context *context, roost_decode_caps *out, const roost_call *call)
{
    struct roost_model *model = context->model;
    roost_status status = arrive(&model->deeds, "caps", call);
    if (status != ROOST_OK)
        return status;
    out->flags = ROOST_SEQ_TRUNCATE_ANY | ROOST_SEQ_FORK;
#ifndef VARIANT
    out->flags |= ROOST_LOGITS_BATCH_INVARIANT;
#endif
    out->n_vocab = VOCABULARY;
    if (is(&model->deeds, "caps", "none"))
        out->n_vocab = 0;
    if (is(&model->deeds, "caps", "huge"))
        out->n_vocab = 1u << 31;
    out->n_ctx = is(&model->deeds, "caps", "no-context") ? 0 : context->n_ctx;
    out->n_seq = is(&model->deeds, "caps", "no-sequence") ? 0 : context->n_seq;
    out->n_batch = is(&model->deeds, "caps", "no-batch") ? 0 : context->n_batch;
    return ROOST_OK;
}

static uint32_t tally(const struct sequence *sequence)
{
    uint32_t sum = 17 + sequence->source;
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
    take_time(model->deeds.pace, 1);
    int concerns = model->deeds.letter[0] == 0;
    for (uint32_t i = 0; i < batch->n; i++)
        concerns |= batch->token[i] == (unsigned char)model->deeds.letter[0];
    roost_status status = concerns ? arrive(&model->deeds, "forward", call) : ROOST_OK;
    if (status != ROOST_OK)
        return status;
    if (roost_cancelled(call))
        return fail(call, ROOST_E_CANCELLED, 0, "told to stop");
    if (is(&model->deeds, "forward", "trace")) {
        char id[64];
        snprintf(id, sizeof id, "this is %u-%u", (unsigned)(call->trace_id >> 32), (unsigned)call->trace_id);
        return fail(call, ROOST_E_MODEL, 0, id);
    }
#if defined ENCODER && !defined LENIENT
    for (uint32_t i = 0; i < batch->n; i++)
        if (!context->sequences[batch->seq[i]].has_source)
            return fail(call, ROOST_E_ARG, 0, "the sequence has no source");
#endif
    int32_t shift;
    for (uint32_t i = 0; i < batch->n; i++)
        if (!shift_of(model, batch, i, &shift))
            return fail(call, ROOST_E_ARG, 0, "a row with an adapter that is not loaded");
    uint32_t written = 0;
    for (uint32_t i = 0; i < batch->n; i++) {
        shift_of(model, batch, i, &shift);
        struct sequence *sequence = &context->sequences[batch->seq[i]];
        if (batch->pos[i] != sequence->length && !is(&model->deeds, "forward", "forget"))
            return fail(call, ROOST_E_ARG, ROOST_ERR_SEQ_LOST, "rows out of order");
        if (sequence->length >= sequence->cached) /* what is cached is not computed again */
            sequence->tokens[sequence->cached++] = batch->token[i] + shift;
        sequence->length++;
        if (batch->want[i] == ROOST_WANT_LOGITS) {
            int is_last = ++written == out->n_rows;
            if (!(is(&model->deeds, "forward", "lazy") && is_last))
                write_row(out->data, tally(sequence), is(&model->deeds, "forward", "nan"));
            out->data = (float *)((char *)out->data + out->row_stride);
        }
        if (is(&model->deeds, "forward", "forget"))
            sequence->cached = --sequence->length;
    }
    out->data = (float *)((char *)out->data - out->n_rows * out->row_stride);
    if (is(&model->deeds, "forward", "rows"))
        out->n_rows += 1;
    return ROOST_OK;
}

static roost_status seq_len(const roost_context *context, uint32_t seq, uint32_t *out,
                            const roost_call *call)
{
    roost_status status = arrive(&context->model->deeds, "seq_len", call);
    if (status != ROOST_OK)
        return status;
    *out = is(&context->model->deeds, "seq_len", "wild")  ? 1u << 30
           : is(&context->model->deeds, "seq_len", "lies") ? 777
                                                           : context->sequences[seq].length;
    return ROOST_OK;
}

static roost_status seq_clear(roost_context *context, uint32_t seq, const roost_call *call)
{
    roost_status status = arrive(&context->model->deeds, "seq_clear", call);
    if (status != ROOST_OK)
        return status;
    if (is(&context->model->deeds, "seq_clear", "nothing"))
        return ROOST_OK;
    context->sequences[seq].length = 0;
    if (!is(&context->model->deeds, "seq_clear", "keep"))
        context->sequences[seq].cached = 0;
    context->sequences[seq].has_source = context->sequences[seq].source = 0;
    return ROOST_OK;
}

static roost_status seq_truncate(roost_context *context, uint32_t seq, uint32_t len,
                                 const roost_call *call)
{
    if (len > context->sequences[seq].length)
        return fail(call, ROOST_E_ARG, 0, "the sequence is shorter than that");
    if (is(&context->model->deeds, "seq_truncate", "nothing"))
        return ROOST_OK;
    if (is(&context->model->deeds, "seq_truncate", "refuse"))
        return fail(call, ROOST_E_UNSUPPORTED, 0, "refused as told");
    context->sequences[seq].length = len;
    if (!is(&context->model->deeds, "seq_truncate", "keep"))
        context->sequences[seq].cached = len;
    return ROOST_OK;
}

static roost_status seq_fork(roost_context *context, uint32_t src, uint32_t dst, uint32_t len,
                             const roost_call *call)
{
    struct sequence *from = &context->sequences[src], *to = &context->sequences[dst];
    if (to->length != 0 || to->has_source || len > from->length)
        return fail(call, ROOST_E_ARG, 0, "nothing to fork, or no room for it");
    if (is(&context->model->deeds, "seq_fork", "nothing"))
        return ROOST_OK;
    to->length = len;
    to->cached = is(&context->model->deeds, "seq_fork", "keep") ? from->cached : len;
    if (is(&context->model->deeds, "seq_fork", "empty"))
        memset(to->tokens, 0, to->cached * sizeof *to->tokens);
    else
        memcpy(to->tokens, from->tokens, to->cached * sizeof *to->tokens);
    to->has_source = from->has_source;
    to->source = from->source;
    return ROOST_OK;
}

#ifdef WITHOUT_LENGTH
#define LENGTH NULL
#else
#define LENGTH seq_len
#endif

static const roost_ext_decode decode_table = {
    sizeof(roost_ext_decode), 0, caps, forward, LENGTH, seq_clear, seq_truncate, seq_fork,
};

/* ---- encoder ----------------------------------------------------------------------------- */

#ifdef ENCODER
static roost_status encode(roost_context *context, uint32_t seq, const int32_t *token, uint32_t n,
                           const roost_call *call)
{
    struct sequence *sequence = &context->sequences[seq];
    roost_status status = arrive(&context->model->deeds, "encode", call);
    if (status != ROOST_OK)
        return status;
    if (sequence->length != 0 || sequence->has_source)
        return fail(call, ROOST_E_ARG, 0, "the sequence is not empty");
    if (is(&context->model->deeds, "encode", "nothing"))
        return ROOST_OK;
    sequence->has_source = 1;
    for (uint32_t i = 0; i < n; i++)
        sequence->source = sequence->source * 31 + (uint32_t)token[i];
    return ROOST_OK;
}

static const roost_ext_encode encode_table = { sizeof(roost_ext_encode), START, encode };
static const roost_ext_encode wild_start = { sizeof(roost_ext_encode), 1 << 20, encode };
static const roost_ext_encode without_encode = { sizeof(roost_ext_encode), START, NULL };
#endif

/* ---- self-test --------------------------------------------------------------------------- */

static roost_status self_test(roost_context *context, uint32_t max_ms, roost_sink report,
                              const roost_call *call)
{
    static const char good[] = "{\"passed\": true, \"checks\": []}";
    static const char bad[] = "{\"passed\": false, \"checks\": [{\"name\": \"sums\", "
                              "\"passed\": false, \"detail\": \"2 + 2 gave 5\"}]}";
    (void)max_ms;
    roost_status status = arrive(&context->model->deeds, "self-test", call);
    if (status != ROOST_OK)
        return status;
    int fails = is(&context->model->deeds, "self-test", "fail");
    return put(report, fails ? bad : good, (fails ? sizeof bad : sizeof good) - 1);
}

static const roost_ext_selftest self_test_table = { sizeof(roost_ext_selftest), 0, self_test };

/* ---- plugin ------------------------------------------------------------------------------ */

static roost_status attach(const roost_host *given, void **self, const roost_call *call)
{
    if (host)
        return fail(call, ROOST_E_BUSY, 0, "attached already");
    early("attach");
    if (strcmp(EARLY_AT, "attach") == 0)
        return fail(call, ROOST_E_INTERNAL, 0, "refused to attach as told");
    host = given;
    *self = NULL;
    host->log(host->ctx, ROOST_LOG_INFO, (roost_str)ROOST_STR("tally"), (roost_str)ROOST_STR("attached"));
    return ROOST_OK;
}

static roost_status probe(void *self, const roost_open *in, roost_probe *out, const roost_call *call)
{
    char path[1024], magic[6] = "";
    struct roost_model settings = { .deeds.pace = "" };
    (void)self;
    early("probe");
    read_settings(&settings, in->config_json);
    roost_status status = arrive(&settings.deeds, "probe", call);
    if (status != ROOST_OK)
        return status;
    snprintf(path, sizeof path, "%.*s", (int)in->path.len, in->path.ptr);
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(call, ROOST_E_IO, 0, "cannot read the model's file");
    size_t read = fread(magic, 1, 5, file);
    fclose(file);
    out->score = read == 5 && strcmp(magic, "tally") == 0 ? 60 : 0;
#ifdef NEEDS
    if (!getenv(NEEDS))
        out->score = 0;
#endif
    if (is(&settings.deeds, "probe", "proud"))
        out->score = 1000;
    out->bytes_host = sizeof(struct roost_model);
    out->bytes_per_context = sizeof(struct roost_context);
    out->family = (roost_str)ROOST_STR("tally");
    return ROOST_OK;
}

static void fill_vocabulary(struct roost_model *model)
{
    for (uint32_t id = 0; id < 256; id++)
        model->pieces[id] = (char)id;
    for (uint32_t id = 0; id <= VOCABULARY; id++)
        model->offsets[id] = id < 256 ? id : 256;
#ifdef SPECIALS
    memcpy(model->pieces + 256, "<b><e>", 6);
    model->offsets[257] = 259;
    model->offsets[258] = 262;
#endif
#ifdef END_ONLY
    model->attributes[EOS] = ROOST_TOKEN_END;
#else
    model->attributes[BOS] = ROOST_TOKEN_CONTROL;
    model->attributes[EOS] = ROOST_TOKEN_CONTROL | ROOST_TOKEN_END;
#endif
}

static roost_status open_model(void *self, const roost_open *in, roost_model **out,
                               const roost_call *call)
{
    (void)self;
    struct roost_model *model = calloc(1, sizeof *model);
    if (!model)
        return fail(call, ROOST_E_NOMEM, 0, "no memory for the model");
    read_settings(model, in->config_json);
    last_deeds = model->deeds;
    fill_vocabulary(model);
    if (in->opening.tell)
        in->opening.tell(in->opening.ctx, 1, 4, (roost_str)ROOST_STR("counting to four"));
    roost_status status = arrive(&model->deeds, "open", call);
    if (status != ROOST_OK) {
        free(model);
        return status;
    }
    *out = is(&model->deeds, "open", "null") ? NULL : model;
    return ROOST_OK;
}

static void detach(void *self)
{
    (void)self;
    misbehave_at(&last_deeds, "detach");
}

static void close_model(roost_model *model)
{
    misbehave_at(&model->deeds, "close");
    free(model);
}

static void context_free(roost_context *context)
{
    misbehave_at(&context->model->deeds, "context_free");
    for (uint32_t i = 0; i < context->n_seq; i++)
        host->free(host->ctx, context->sequences[i].tokens);
    free(context);
}

static roost_status context_new(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call)
{
    roost_status status = arrive(&model->deeds, "context_new", call);
    if (status != ROOST_OK)
        return status;
    struct roost_context *context = calloc(1, sizeof *context);
    if (!context)
        return fail(call, ROOST_E_NOMEM, 0, "no memory for the context");
    context->model = model;
    context->n_seq = params->n_seq < MOST_SEQUENCES ? params->n_seq : MOST_SEQUENCES;
    context->n_ctx = params->n_ctx ? params->n_ctx : 1024;
    context->n_batch = params->n_batch ? params->n_batch : 64;
    for (uint32_t i = 0; i < context->n_seq; i++)
        if (!(context->sequences[i].tokens = host->alloc(host->ctx, context->n_ctx * sizeof(int32_t),
                                                         64, ROOST_MEMORY_SEQUENCES))) {
            context_free(context);
            return fail(call, ROOST_E_NOMEM, 0, "no memory for the sequences");
        }
    *out = context;
    return ROOST_OK;
}

static roost_status info_json(const roost_model *constant, roost_sink out, const roost_call *call)
{
    static const char text[] = "{\"name\": \"tally\", \"context_length\": 1024}";
    struct roost_model *model = (struct roost_model *)constant;
    roost_status status = arrive(&model->deeds, "info", call);
    if (status != ROOST_OK)
        return status;
    while (is(&model->deeds, "info", "unbounded"))
        if (out.put(out.ctx, text, sizeof text - 1))
            return ROOST_E_CANCELLED;
    const char *deed = strcmp(model->deeds.at, "info") == 0 ? model->deeds.deed : "";
    const char *said =
        strcmp(deed, "garbage") == 0    ? "{\"name\": tally}"
        : strcmp(deed, "list") == 0     ? "[\"tally\"]"
        : strcmp(deed, "types") == 0    ? "{\"name\": 7, \"context_length\": \"1024\", "
                                          "\"chat_templat\": \"{{ 1 }}\", \"max_tokens\": -9223372036854775808}"
        : strcmp(deed, "template") == 0 ? "{\"chat_template\": \"{% for m in %}\"}"
                                        : text;
    return put(out, said, strlen(said));
}

static const roost_ext_decode without_forward = { sizeof(roost_ext_decode), 0, caps, NULL, seq_len,
                                                  seq_clear, seq_truncate, seq_fork };
static const roost_ext_decode of_wrong_size = { 3, 0, caps, forward, seq_len, seq_clear,
                                                seq_truncate, seq_fork };
/* As an older plugin's: what follows seq_clear must not be read. */
static const roost_ext_decode shorter = {
    offsetof(roost_ext_decode, seq_truncate), 0, caps, forward, seq_len, seq_clear,
    (roost_status(*)(roost_context *, uint32_t, uint32_t, const roost_call *))1,
    (roost_status(*)(roost_context *, uint32_t, uint32_t, uint32_t, const roost_call *))1,
};

static const void *extension(const roost_model *model, const char *id)
{
    misbehave_at(&model->deeds, "extension");
    if (strcmp(id, ROOST_EXT_TOKENS) == 0)
        return &tokens_table;
    if (strcmp(id, ROOST_EXT_SELFTEST) == 0)
        return &self_test_table;
#ifdef ADAPTERS
    if (strcmp(id, ROOST_EXT_ADAPTERS) == 0)
        return &adapters_table;
#endif
#ifdef ENCODER
    if (strcmp(id, ROOST_EXT_ENCODE) == 0)
        return is(&model->deeds, "extension", "start")       ? &wild_start
               : is(&model->deeds, "extension", "no-encode") ? &without_encode
                                                             : &encode_table;
#endif
    if (strcmp(id, ROOST_EXT_DECODE) != 0 || is(&model->deeds, "extension", "no-decode"))
        return NULL;
    return is(&model->deeds, "extension", "null")    ? &without_forward
           : is(&model->deeds, "extension", "size")  ? &of_wrong_size
           : is(&model->deeds, "extension", "short") ? &shorter
                                             : &decode_table;
}

static const roost_plugin table = {
    .struct_size = (uint32_t)(STRUCT_SIZE),
    .abi_minor = ROOST_ABI_MINOR,
    .min_host_minor = MIN_HOST_MINOR,
    .flags = 0,
    .id = ROOST_STR(ID),
    .version = ROOST_STR(VERSION),
    .license = ROOST_STR("Apache-2.0"),
    .toolchain = ROOST_STR(TOOLCHAIN),
    .families_csv = ROOST_STR("tally"),
    .attach = attach,
    .detach = detach,
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

ROOST_EXPORT const roost_plugin *roost_plugin_query_v1(uint32_t minor)
{
    (void)minor;
    early("query");
    return strcmp(EARLY_AT, "query") == 0 ? NULL : &table;
}

__attribute__((constructor)) static void constructed(void)
{
    early("dlopen");
}
