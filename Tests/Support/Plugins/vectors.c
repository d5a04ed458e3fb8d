/* A model of vectors and tasks without weights that behaves, or misbehaves as its settings say; see
 * deeds.h. With {"when": TEXT} deeds of the lane are done only to texts that hold this one.
 *
 * The tokens of a text are 1, 3 before a query's, a token for each byte (its value + 4), and 2; at
 * most MOST_TOKENS of them. An embedding has DIMENSIONS numbers that depend on all tokens and their
 * order. A document's score is minus the difference of its length to the query's. Labels are "empty",
 * "short" and "long"; of a pair their logits are the two lengths and 0. A pair has the tokens of both
 * texts but one. The task "count" puts {"i": 0}, {"i": 1}, … up to the number that stands in its
 * input, PER_ADVANCE of them in each advance.
 */
#define _GNU_SOURCE
#include "deeds.h"

#include <math.h>

enum { MOST_TOKENS = 64, DIMENSIONS = 8, LABELS = 3, PER_ADVANCE = 4 };
enum { BEGIN = 1, END = 2, QUERY = 3, FIRST_BYTE = 4 };

struct roost_model {
    struct deeds deeds;
    int contexts, jobs;
};

struct roost_context {
    struct roost_model *model;
};

struct roost_job {
    struct roost_model *model;
    long next, count;
};

/* ---- tokens ------------------------------------------------------------------------------ */

static uint32_t tokens_of(roost_str text, uint32_t flags, int32_t out[MOST_TOKENS])
{
    uint32_t n = 0;
    out[n++] = BEGIN;
    if (flags & ROOST_EMBED_QUERY)
        out[n++] = QUERY;
    for (uint64_t i = 0; i < text.len && n < MOST_TOKENS - 1; i++)
        out[n++] = (unsigned char)text.ptr[i] + FIRST_BYTE;
    out[n++] = END;
    return n;
}

static roost_status embed_tokenize(const roost_model *model, roost_str text, uint32_t flags,
                                   roost_sink out, const roost_call *call)
{
    int32_t ids[MOST_TOKENS + 1] = { 0 };
    const char *step = "embed_tokenize";
    roost_status status = arrive(&model->deeds, step, call);
    if (status != ROOST_OK)
        return status;
    while (is(&model->deeds, step, "unbounded"))
        if (put(out, ids, sizeof ids) != ROOST_OK)
            return ROOST_OK;
    if (is(&model->deeds, step, "many"))
        return put(out, ids, sizeof ids);
    if (is(&model->deeds, step, "ragged"))
        return put(out, ids, 7);
    uint32_t n = tokens_of(text, flags, ids);
    if (is(&model->deeds, step, "wild"))
        ids[0] = -5;
    return put(out, ids, n * sizeof *ids);
}

/* ---- vectors ----------------------------------------------------------------------------- */

static void embed_one(const int32_t *ids, uint32_t n, uint32_t flags, float *row)
{
    uint64_t hash = 14695981039346656037u;
    double length = 0;
    for (uint32_t i = 0; i < n; i++)
        hash = (hash ^ (uint32_t)ids[i]) * 1099511628211u;
    for (int i = 0; i < DIMENSIONS; i++) {
        uint64_t bits = (hash + (uint64_t)i) * 0x9E3779B97F4A7C15u;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
        row[i] = (float)(bits >> 40) / (1 << 23) - 1;
        length += row[i] * row[i];
    }
    for (int i = 0; i < DIMENSIONS && !(flags & ROOST_EMBED_NO_NORMALIZE); i++)
        row[i] = (float)(row[i] / sqrt(length));
}

/* Whether a text holds what the settings wait for. */
static int is_meant(const struct roost_model *model, const char *ptr, uint64_t len)
{
    return memmem(ptr, len, model->deeds.when, strlen(model->deeds.when)) != NULL;
}

static int are_meant(const struct roost_model *model, const roost_str *text, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (is_meant(model, text[i].ptr ? text[i].ptr : "", text[i].len))
            return 1;
    return 0;
}

static int tokens_are_meant(const struct roost_model *model, const int32_t *token, uint32_t n)
{
    char *bytes = malloc(n + 1);
    for (uint32_t i = 0; i < n; i++)
        bytes[i] = (char)(token[i] - FIRST_BYTE);
    int found = is_meant(model, bytes, n);
    free(bytes);
    return found;
}

static float *row_of(const roost_rows *rows, uint32_t i)
{
    return (float *)((char *)rows->data + i * rows->row_stride);
}

/* What may be wrong with rows. */
static void spoil(const struct roost_model *model, const char *step, roost_rows *rows)
{
    if (is(&model->deeds, step, "nan"))
        row_of(rows, rows->n_rows - 1)[1] = NAN;
    if (is(&model->deeds, step, "rows"))
        rows->n_rows += 1;
    if (is(&model->deeds, step, "moved"))
        rows->data += 1;
}

static void pause_for(const struct roost_model *model)
{
    take_time(model->deeds.pace, 1);
}

static roost_status embed(roost_context *context, const roost_str *text, uint32_t n, uint32_t flags,
                          roost_rows *out, const roost_call *call)
{
    struct roost_model *model = context->model;
    int32_t ids[MOST_TOKENS];
    pause_for(model);
    roost_status status =
        are_meant(model, text, n) ? arrive(&model->deeds, "embed", call) : ROOST_OK;
    if (status != ROOST_OK || is(&model->deeds, "embed", "lazy"))
        return status;
    for (uint32_t i = 0; i < n; i++)
        embed_one(ids, tokens_of(text[i], flags, ids), flags, row_of(out, i));
    spoil(model, "embed", out);
    return ROOST_OK;
}

static roost_status embed_tokens(roost_context *context, const int32_t *token, const uint32_t *offset,
                                 uint32_t n, uint32_t flags, roost_rows *out, const roost_call *call)
{
    struct roost_model *model = context->model;
    pause_for(model);
    roost_status status = tokens_are_meant(model, token, offset[n])
                              ? arrive(&model->deeds, "embed_tokens", call)
                              : ROOST_OK;
    if (status != ROOST_OK || is(&model->deeds, "embed_tokens", "lazy"))
        return status;
    for (uint32_t i = 0; i < n; i++)
        embed_one(token + offset[i], offset[i + 1] - offset[i], flags, row_of(out, i));
    spoil(model, "embed_tokens", out);
    return ROOST_OK;
}

static roost_status score_pairs(roost_context *context, roost_str query, const roost_str *docs,
                                uint32_t n, float *out, const roost_call *call)
{
    struct roost_model *model = context->model;
    roost_status status = are_meant(model, docs, n)
                              ? arrive(&model->deeds, "score_pairs", call)
                              : ROOST_OK;
    if (status != ROOST_OK || is(&model->deeds, "score_pairs", "lazy"))
        return status;
    for (uint32_t i = 0; i < n; i++)
        out[i] = -fabsf((float)docs[i].len - (float)query.len);
    return ROOST_OK;
}

static roost_status classify(roost_context *context, const roost_str *text, uint32_t n,
                             roost_rows *out, const roost_call *call)
{
    struct roost_model *model = context->model;
    roost_status status = are_meant(model, text, n)
                              ? arrive(&model->deeds, "classify", call)
                              : ROOST_OK;
    if (status != ROOST_OK || is(&model->deeds, "classify", "lazy"))
        return status;
    for (uint32_t i = 0; i < n; i++) {
        float *row = row_of(out, i);
        row[0] = text[i].len == 0 ? 5 : -5;
        row[1] = text[i].len > 0 && text[i].len < 8 ? 5 : -5;
        row[2] = text[i].len >= 8 ? 5 : -5;
    }
    spoil(model, "classify", out);
    return ROOST_OK;
}

static roost_status classify_pairs(roost_context *context, const roost_str *text,
                                   const roost_str *pair, uint32_t n, roost_rows *out,
                                   const roost_call *call)
{
    struct roost_model *model = context->model;
    roost_status status = are_meant(model, text, n)
                              ? arrive(&model->deeds, "classify_pairs", call)
                              : ROOST_OK;
    if (status != ROOST_OK || is(&model->deeds, "classify_pairs", "lazy"))
        return status;
    for (uint32_t i = 0; i < n; i++) {
        float *row = row_of(out, i);
        row[0] = (float)text[i].len;
        row[1] = (float)pair[i].len;
        row[2] = 0;
    }
    spoil(model, "classify_pairs", out);
    return ROOST_OK;
}

static roost_status count_tokens(const roost_model *model, roost_str text, const roost_str *pair,
                                 uint32_t flags, uint32_t *read, uint32_t *whole,
                                 const roost_call *call)
{
    roost_status status = arrive(&model->deeds, "count_tokens", call);
    if (status != ROOST_OK)
        return status;
    *whole = 2 + (flags & ROOST_EMBED_QUERY ? 1 : 0) + (uint32_t)text.len;
    if (pair)
        *whole += 1 + (uint32_t)pair->len;
    *read = *whole < MOST_TOKENS ? *whole : MOST_TOKENS;
    if (is(&model->deeds, "count_tokens", "more"))
        *read = *whole + 1;
    if (is(&model->deeds, "count_tokens", "long"))
        *read = *whole = MOST_TOKENS + 1;
    return ROOST_OK;
}

static roost_status label(const roost_model *model, uint32_t i, roost_sink out, const roost_call *call)
{
    static const char *names[] = { "empty", "short", "long" };
    roost_status status = arrive(&model->deeds, "label", call);
    if (status != ROOST_OK)
        return status;
    while (is(&model->deeds, "label", "unbounded"))
        if (put(out, names[2], 4) != ROOST_OK)
            return ROOST_OK;
    return put(out, names[i], strlen(names[i]));
}

/* ---- tasks ------------------------------------------------------------------------------- */

static roost_status list_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    static const char list[] =
        "[{\"name\": \"count\", \"input_schema\": {\"type\": \"object\", \"required\": [\"n\"],"
        " \"properties\": {\"n\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 1000000}},"
        " \"additionalProperties\": false},"
        " \"event_schema\": {\"type\": \"object\", \"required\": [\"i\"],"
        " \"properties\": {\"i\": {\"type\": \"integer\"}}}}]";
    static const char pattern[] =
        "[{\"name\": \"count\", \"input_schema\": {}, \"event_schema\": {}},"
        " {\"name\": \"spell\", \"input_schema\": {\"properties\": {\"word\": {\"pattern\": \"a+\"}}}}]";
    roost_status status = arrive(&model->deeds, "list_json", call);
    if (status != ROOST_OK)
        return status;
    while (is(&model->deeds, "list_json", "unbounded"))
        if (put(out, list, 8) != ROOST_OK)
            return ROOST_OK;
    if (is(&model->deeds, "list_json", "garbage"))
        return put(out, "[{\"title\": 3}", 13);
    if (is(&model->deeds, "list_json", "pattern"))
        return put(out, pattern, sizeof pattern - 1);
    return put(out, list, sizeof list - 1);
}

static roost_status begin(roost_context *context, roost_str task, roost_str input, roost_job **out,
                          const roost_call *call)
{
    struct roost_model *model = context->model;
    roost_status status = arrive(&model->deeds, "begin", call);
    if (status != ROOST_OK)
        return status;
    if (task.len != 5 || memcmp(task.ptr, "count", 5) != 0)
        return fail(call, ROOST_E_ARG, 0, "no such task");
    // The input ends with its length: no zero follows it.
    const char *digit = input.ptr, *end = input.ptr + input.len;
    while (digit < end && (*digit < '0' || *digit > '9'))
        digit++;
    if (digit == end)
        return fail(call, ROOST_E_ARG, 0, "no number in the input");
    if (is(&model->deeds, "begin", "null"))
        return ROOST_OK;
    struct roost_job *job = calloc(1, sizeof *job);
    job->model = model;
    for (; digit < end && *digit >= '0' && *digit <= '9' && job->count < 1000000; digit++)
        job->count = 10 * job->count + (*digit - '0');
    model->jobs++;
    *out = job;
    return ROOST_OK;
}

static roost_status advance(struct roost_job *job, uint32_t max_ms, roost_sink out,
                            roost_progress *progress, const roost_call *call)
{
    struct roost_model *model = job->model;
    char line[64];
    (void)max_ms;
    /* With "later", the deed comes after the first events. */
    if (strcmp(model->deeds.when, "later") != 0 || job->next > 0) {
        roost_status status = arrive(&model->deeds, "advance", call);
        if (status != ROOST_OK)
            return status;
    }
    while (is(&model->deeds, "advance", "unbounded"))
        if (put(out, "{\"i\": 0}\n", 9) != ROOST_OK)
            return ROOST_OK;
    if (is(&model->deeds, "advance", "idle"))
        return ROOST_OK;
    for (int i = 0; is(&model->deeds, "advance", "burst") && i < 70000; i++)
        if (put(out, "{}\n", 3) != ROOST_OK)
            return ROOST_E_CANCELLED;
    if (is(&model->deeds, "advance", "garbage"))
        return put(out, "{\"i\": }\n", 8);
    if (is(&model->deeds, "advance", "list"))
        return put(out, "[1]\n", 4);
    if (is(&model->deeds, "advance", "shape"))
        return put(out, "{\"i\": \"one\"}\n", 13);
    if (is(&model->deeds, "advance", "ragged"))
        return put(out, "{\"i\": 0}", 8);
    for (int i = 0; i < PER_ADVANCE && job->next < job->count; i++) {
        int length = snprintf(line, sizeof line, "{\"i\": %ld}\n", job->next++);
        if (put(out, line, (uint64_t)length) != ROOST_OK)
            return ROOST_E_CANCELLED;
    }
    progress->done = job->next == job->count;
    progress->step = (uint32_t)job->next;
    progress->of = (uint32_t)job->count;
    return ROOST_OK;
}

static void end(struct roost_job *job)
{
    misbehave_at(&job->model->deeds, "end");
    job->model->jobs--;
    if (host)
        host->log(host->ctx, ROOST_LOG_INFO, (roost_str)ROOST_STR("vectors"), (roost_str)ROOST_STR("task ended"));
    free(job);
}

/* ---- plugin ------------------------------------------------------------------------------ */

static const roost_ext_task task_table = { sizeof(roost_ext_task), 0, list_json, begin, advance, end };
static const roost_ext_task without_begin = { sizeof(roost_ext_task), 0, list_json, NULL, advance,
                                              end };

#define VECTORS(size, dim, labels, most, label, embed)                                         \
    { size, dim, labels, most, label, embed, score_pairs, classify, embed_tokenize,            \
      embed_tokens, classify_pairs, count_tokens }

static const roost_ext_vectors vectors_table =
    VECTORS(sizeof(roost_ext_vectors), DIMENSIONS, LABELS, MOST_TOKENS, label, embed);
static const roost_ext_vectors of_wrong_size =
    VECTORS(3, DIMENSIONS, LABELS, MOST_TOKENS, label, embed);
static const roost_ext_vectors without_embed =
    VECTORS(sizeof(roost_ext_vectors), DIMENSIONS, LABELS, MOST_TOKENS, label, NULL);
static const roost_ext_vectors without_label =
    VECTORS(sizeof(roost_ext_vectors), DIMENSIONS, LABELS, MOST_TOKENS, NULL, embed);
static const roost_ext_vectors too_wide =
    VECTORS(sizeof(roost_ext_vectors), 1u << 30, LABELS, MOST_TOKENS, label, embed);
static const roost_ext_vectors of_many_labels =
    VECTORS(sizeof(roost_ext_vectors), DIMENSIONS, 1u << 31, MOST_TOKENS, label, embed);
/* As an older plugin has it: what follows classify must not be read. */
static const roost_ext_vectors of_version_0 = {
    offsetof(roost_ext_vectors, embed_tokenize), DIMENSIONS, LABELS, MOST_TOKENS, label, embed,
    score_pairs, classify,
    (roost_status(*)(const roost_model *, roost_str, uint32_t, roost_sink, const roost_call *))1,
    (roost_status(*)(roost_context *, const int32_t *, const uint32_t *, uint32_t, uint32_t,
                     roost_rows *, const roost_call *))1,
    (roost_status(*)(roost_context *, const roost_str *, const roost_str *, uint32_t, roost_rows *,
                     const roost_call *))1,
    (roost_status(*)(const roost_model *, roost_str, const roost_str *, uint32_t, uint32_t *,
                     uint32_t *, const roost_call *))1,
};
/* As a plugin of some later ABI has it. */
static const struct {
    roost_ext_vectors known;
    void (*later)(void);
} of_later_version = {
    VECTORS(sizeof of_later_version, DIMENSIONS, LABELS, MOST_TOKENS, label, embed), NULL
};

static const void *extension(const roost_model *model, const char *id)
{
    const struct deeds *deeds = &model->deeds;
    if (strcmp(id, ROOST_EXT_TASK) == 0)
        return is(deeds, "extension", "no-begin") ? &without_begin : &task_table;
    if (strcmp(id, ROOST_EXT_VECTORS) != 0)
        return NULL;
    return is(deeds, "extension", "size")       ? (const void *)&of_wrong_size
           : is(deeds, "extension", "no-embed") ? (const void *)&without_embed
           : is(deeds, "extension", "no-label") ? (const void *)&without_label
           : is(deeds, "extension", "wide")     ? (const void *)&too_wide
           : is(deeds, "extension", "labels")   ? (const void *)&of_many_labels
           : is(deeds, "extension", "older")    ? (const void *)&of_version_0
           : is(deeds, "extension", "later")    ? (const void *)&of_later_version
                                                : (const void *)&vectors_table;
}

static void read_settings(struct roost_model *model, roost_str json)
{
    read_deeds(&model->deeds, json);
}

static roost_status info_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    static const char text[] = "{\"name\": \"vectors\", \"dimensions\": 8, \"matryoshka\": true}";
    (void)model, (void)call;
    return put(out, text, sizeof text - 1);
}

#define NAME "vectors"
#include "table.h"
