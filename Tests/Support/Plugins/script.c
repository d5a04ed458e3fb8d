/* A text model that writes what its script says.
 *
 * Its setting `script` names a file of parts between lines of "====": the control tokens, one a line; the
 * chat template; then the answers. Tokens 0 to 255 are bytes, 256 begins a text, 257 ends one, 258 is
 * "<|answer|>", and the control tokens of the file follow. After the n-th "<|answer|>" of a sequence comes the
 * n-th answer, whatever was written of it so far, and then the end; the last answer serves for all later ones.
 * A control token that an answer spells is one token, and all else a token a byte. {"pace": "MS"} makes a
 * forward take that many milliseconds.
 */
#include "common.h"

enum { BOS = 256, EOS = 257, ANSWER = 258, OWN = 259, MOST_MARKS = 32, MOST_ANSWERS = 16, SEQUENCES = 8,
       CONTEXT = 16384, BATCH = 256 };

struct roost_model {
    uint32_t contexts, jobs, n_tokens, n_answers;
    char text[1 << 17]; /* of the file; the parts are cut out of it */
    char *template;
    char pace[16];
    int32_t script[1 << 17]; /* the tokens of all answers */
    int32_t *answers[MOST_ANSWERS];
    uint32_t lengths[MOST_ANSWERS];
    const char *marks[MOST_MARKS];
    char pieces[1 << 14];
    uint32_t offsets[OWN + MOST_MARKS + 1];
    uint16_t attributes[OWN + MOST_MARKS];
};

struct roost_context {
    roost_model *model;
    uint32_t length[SEQUENCES];
    int32_t token[SEQUENCES][CONTEXT];
};

/* ---- the script -------------------------------------------------------------------------- */

/* The control token that is spelled at `text`; -1: none. */
static int32_t mark_at(const roost_model *model, const char *text, uint64_t left)
{
    for (uint32_t id = ANSWER; id < model->n_tokens; id++) {
        uint64_t length = model->offsets[id + 1] - model->offsets[id];
        if (length <= left && memcmp(text, model->pieces + model->offsets[id], length) == 0)
            return (int32_t)id;
    }
    return -1;
}

static void add_token(roost_model *model, const char *spelled, uint16_t attributes)
{
    uint32_t id = model->n_tokens++, at = model->offsets[id];
    model->offsets[id + 1] = at + (uint32_t)strlen(spelled);
    memcpy(model->pieces + at, spelled, strlen(spelled));
    model->attributes[id] = attributes;
}

static void add_answer(roost_model *model, const char *text)
{
    uint64_t left = strlen(text);
    uint32_t before = model->n_answers;
    int32_t *tokens = before ? model->answers[before - 1] + model->lengths[before - 1] : model->script;
    uint32_t n = 0;
    while (left) {
        int32_t mark = mark_at(model, text, left);
        uint64_t width = mark < 0 ? 1 : model->offsets[mark + 1] - model->offsets[mark];
        tokens[n++] = mark < 0 ? (unsigned char)*text : mark;
        text += width, left -= width;
    }
    model->lengths[model->n_answers] = n;
    model->answers[model->n_answers++] = tokens;
}

/* The next part, without the line break before its end; NULL behind the last. */
static char *next_part(char **rest)
{
    char *part = *rest, *end = part ? strstr(part, "\n====\n") : NULL;
    *rest = end ? end + 6 : NULL;
    if (end)
        *end = 0;
    return part;
}

static void read_settings(roost_model *model, roost_str json)
{
    char path[1024] = "", *rest, *part;
    for (uint32_t id = 0; id < 256; id++) {
        model->pieces[id] = (char)id;
        model->offsets[id + 1] = id + 1;
    }
    model->n_tokens = 256;
    add_token(model, "<s>", ROOST_TOKEN_CONTROL);
    add_token(model, "</s>", ROOST_TOKEN_CONTROL | ROOST_TOKEN_END);
    add_token(model, "<|answer|>", ROOST_TOKEN_CONTROL);
    read_setting(json, "pace", model->pace, sizeof model->pace);
    read_setting(json, "script", path, sizeof path);
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    (void)!fread(model->text, 1, sizeof model->text - 1, file);
    fclose(file);
    rest = model->text;
    char *marks = next_part(&rest);
    model->template = next_part(&rest);
    for (char *mark = strtok(marks, "\n"); mark; mark = strtok(NULL, "\n"))
        if (model->n_tokens < OWN + MOST_MARKS)
            add_token(model, mark, ROOST_TOKEN_CONTROL);
    while ((part = next_part(&rest)) && model->n_answers < MOST_ANSWERS)
        add_answer(model, part);
}

/* ---- tokens ------------------------------------------------------------------------------ */

static roost_status vocab(const roost_model *model, roost_vocab *out, const roost_call *call)
{
    (void)call;
    out->n = model->n_tokens;
    out->bytes = model->pieces;
    out->offset = model->offsets;
    out->attr = model->attributes;
    out->bos = BOS;
    out->eos = EOS;
    out->eot = out->pad = -1;
    out->flags = 0;
    return ROOST_OK;
}

static roost_status tokenize_mixed(const roost_model *model, roost_str text, const roost_range *plain,
                                   uint32_t n, uint32_t flags, roost_sink out, const roost_call *call)
{
    uint64_t i = 0;
    (void)call;
    if (flags & ROOST_TOKENIZE_ADD_SPECIAL && put(out, &(int32_t){ BOS }, 4) != ROOST_OK)
        return ROOST_E_CANCELLED;
    while (i < text.len) {
        int32_t id = flags & ROOST_TOKENIZE_PARSE_SPECIAL ? mark_at(model, text.ptr + i, text.len - i) : -1;
        uint64_t width = id < 0 ? 1 : model->offsets[id + 1] - model->offsets[id];
        for (uint32_t r = 0; r < n; r++)
            if (id >= 0 && plain[r].start < i + width && i < plain[r].end)
                id = -1, width = 1;
        if (id < 0)
            id = (unsigned char)text.ptr[i];
        if (put(out, &id, sizeof id) != ROOST_OK)
            return ROOST_E_CANCELLED;
        i += width;
    }
    return ROOST_OK;
}

static roost_status tokenize(const roost_model *model, roost_str text, uint32_t flags, roost_sink out,
                             const roost_call *call)
{
    return tokenize_mixed(model, text, NULL, 0, flags, out, call);
}

static const roost_ext_tokens tokens_table = { sizeof(roost_ext_tokens), 0, vocab, tokenize, tokenize_mixed };

/* ---- decode ------------------------------------------------------------------------------ */

static roost_status caps(const roost_context *context, roost_decode_caps *out, const roost_call *call)
{
    (void)call;
    out->flags = ROOST_SEQ_TRUNCATE_ANY | ROOST_SEQ_FORK | ROOST_LOGITS_BATCH_INVARIANT;
    out->n_vocab = context->model->n_tokens;
    out->n_ctx = CONTEXT;
    out->n_seq = SEQUENCES;
    out->n_batch = BATCH;
    return ROOST_OK;
}

static int32_t next_token(const roost_model *model, const int32_t *token, uint32_t length)
{
    uint32_t answers = 0, begin = 0;
    for (uint32_t i = 0; i < length; i++)
        if (token[i] == ANSWER)
            answers++, begin = i + 1;
    if (answers == 0 || model->n_answers == 0)
        return EOS;
    uint32_t answer = answers <= model->n_answers ? answers - 1 : model->n_answers - 1;
    uint32_t place = length - begin;
    return place < model->lengths[answer] ? model->answers[answer][place] : EOS;
}

static roost_status forward(roost_context *context, const roost_batch *batch, roost_rows *out,
                            const roost_call *call)
{
    const roost_model *model = context->model;
    char *row = (char *)out->data;
    take_time(model->pace, 1);
    for (uint32_t i = 0; i < batch->n; i++) {
        uint32_t seq = batch->seq[i];
        if (batch->pos[i] != context->length[seq] || context->length[seq] == CONTEXT)
            return fail(call, ROOST_E_ARG, ROOST_ERR_SEQ_LOST, "rows out of order");
        context->token[seq][context->length[seq]++] = batch->token[i];
        if (batch->want[i] != ROOST_WANT_LOGITS)
            continue;
        int32_t next = next_token(model, context->token[seq], context->length[seq]);
        /* Whatever the temperature, the script's token is drawn where it may be. */
        for (uint32_t id = 0; id < model->n_tokens; id++)
            ((float *)row)[id] = id == (uint32_t)next ? 0 : -200 - (float)id / 16;
        row += out->row_stride;
    }
    return ROOST_OK;
}

static roost_status seq_len(const roost_context *context, uint32_t seq, uint32_t *out, const roost_call *call)
{
    (void)call;
    *out = context->length[seq];
    return ROOST_OK;
}

static roost_status seq_truncate(roost_context *context, uint32_t seq, uint32_t len, const roost_call *call)
{
    if (len > context->length[seq])
        return fail(call, ROOST_E_ARG, 0, "the sequence is shorter than that");
    context->length[seq] = len;
    return ROOST_OK;
}

static roost_status seq_clear(roost_context *context, uint32_t seq, const roost_call *call)
{
    return seq_truncate(context, seq, 0, call);
}

static roost_status seq_fork(roost_context *context, uint32_t src, uint32_t dst, uint32_t len,
                             const roost_call *call)
{
    if (len > context->length[src] || context->length[dst] != 0)
        return fail(call, ROOST_E_ARG, 0, "nothing to fork, or no room for it");
    memcpy(context->token[dst], context->token[src], len * sizeof(int32_t));
    context->length[dst] = len;
    return ROOST_OK;
}

static const roost_ext_decode decode_table = { sizeof(roost_ext_decode), 0,         caps,         forward, seq_len,
                                               seq_clear,                seq_truncate, seq_fork };

/* ---- what the table needs ---------------------------------------------------------------- */

static roost_status info_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    (void)call;
    roost_status status = put(out, "{\"name\": \"script\", \"chat_template\": \"", 37);
    for (const char *c = model->template ? model->template : ""; *c && status == ROOST_OK; c++)
        status = *c == '\n'                 ? put(out, "\\n", 2)
                 : *c == '"' || *c == '\\' ? put(out, (char[]){ '\\', *c }, 2)
                                            : put(out, c, 1);
    return status == ROOST_OK ? put(out, "\"}", 2) : status;
}

static const void *extension(const roost_model *model, const char *id)
{
    (void)model;
    return strcmp(id, ROOST_EXT_TOKENS) == 0 ? (const void *)&tokens_table
           : strcmp(id, ROOST_EXT_DECODE) == 0 ? &decode_table
                                               : NULL;
}

#define NAME "script"
#define SCORE 1
#include "table.h"
