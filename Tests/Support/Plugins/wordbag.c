/* A model of vectors without weights: a text is the bag of its words.
 *
 * Words are runs of ASCII letters and digits, whatever their case; each is one of 1000 tokens by its
 * hash, behind token 0 and before token 1. An embedding is the sum of a direction for each token. A
 * document is as relevant as it has words of the query; a text is a "question" or a "statement".
 *
 * The model's settings may say {"can": "embed,score,classify,answer,entities"}, and {"pace": "MS"},
 * which makes a call take that many milliseconds per text. With "infer" among the abilities labels are
 * those of natural language inference, of pairs: a text entails another as far as it has its words.
 */
#define _GNU_SOURCE
#include "common.h"

#include <ctype.h>
#include <math.h>

enum { DIMENSIONS = 48, WORDS = 1000, FIRST_WORD = 2, VOCABULARY = WORDS + FIRST_WORD };
enum { MOST_TOKENS = 64, BEGIN = 0, END = 1, MOST_TEXTS = 64, LONGEST_WORD = 80 };

struct roost_model {
    char can[128], pace[16];
    int contexts, jobs;
    roost_ext_vectors vectors;
};

struct roost_context {
    struct roost_model *model;
};

static int can(const struct roost_model *model, const char *ability)
{
    return model->can[0] == 0 || strstr(model->can, ability) != NULL;
}

/* ---- words ------------------------------------------------------------------------------- */

/* The next word at or behind `*at`; its length, 0 at the end of the text. Very long ones are several. */
static uint64_t next_word(roost_str text, uint64_t *at)
{
    while (*at < text.len && !isalnum((unsigned char)text.ptr[*at]))
        ++*at;
    uint64_t length = 0;
    while (length < LONGEST_WORD && *at + length < text.len
           && isalnum((unsigned char)text.ptr[*at + length]))
        length++;
    return length;
}

static int32_t token_of(const char *word, uint64_t length)
{
    uint32_t hash = 2166136261u;
    for (uint64_t i = 0; i < length; i++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)word[i])) * 16777619u;
    return FIRST_WORD + (int32_t)(hash % WORDS);
}

/* Writes the tokens of a text, cut to the most there may be; their number. */
static uint32_t tokens_of(roost_str text, int32_t out[MOST_TOKENS])
{
    uint32_t count = 0;
    uint64_t at = 0, length;
    out[count++] = BEGIN;
    while (count < MOST_TOKENS - 1 && (length = next_word(text, &at)) > 0) {
        out[count++] = token_of(text.ptr + at, length);
        at += length;
    }
    out[count++] = END;
    return count;
}

static int has(const int32_t *tokens, uint32_t count, int32_t token)
{
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] == token)
            return 1;
    return 0;
}

/* The share of the query's words that a document has. */
static float share(roost_str query, roost_str document)
{
    int32_t asked[MOST_TOKENS], found[MOST_TOKENS];
    uint32_t n = tokens_of(query, asked), m = tokens_of(document, found), shared = 0;
    for (uint32_t i = 1; i + 1 < n; i++)
        shared += (uint32_t)has(found, m, asked[i]);
    return n > 2 ? (float)shared / (float)(n - 2) : 0;
}

/* ---- vectors ----------------------------------------------------------------------------- */

static void add_direction(float *row, int32_t token)
{
    uint32_t state = (uint32_t)token * 2654435761u + 12345;
    for (int i = 0; i < DIMENSIONS; i++) {
        state = state * 1664525u + 1013904223u;
        row[i] += (float)(state >> 8) / (float)(1 << 23) - 1;
    }
}

static void embed_row(float *row, const int32_t *tokens, uint32_t count, uint32_t flags)
{
    double square = 0;
    uint32_t words = 0;
    memset(row, 0, DIMENSIONS * sizeof *row);
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] >= FIRST_WORD && ++words)
            add_direction(row, tokens[i]);
    if (words == 0)
        add_direction(row, BEGIN);
    for (int i = 0; i < DIMENSIONS; i++)
        square += (double)row[i] * row[i];
    for (int i = 0; i < DIMENSIONS && !(flags & ROOST_EMBED_NO_NORMALIZE); i++)
        row[i] /= (float)sqrt(square);
}

static float *row_of(const roost_rows *rows, uint32_t index)
{
    return (float *)((char *)rows->data + index * rows->row_stride);
}

static roost_status embed(roost_context *context, const roost_str *text, uint32_t n, uint32_t flags,
                          roost_rows *out, const roost_call *call)
{
    (void)call;
    take_time(context->model->pace, n);
    for (uint32_t i = 0; i < n; i++) {
        int32_t tokens[MOST_TOKENS];
        uint32_t count = tokens_of(text[i], tokens);
        embed_row(row_of(out, i), tokens, count, flags);
    }
    return ROOST_OK;
}

static roost_status embed_tokenize(const roost_model *model, roost_str text, uint32_t flags,
                                   roost_sink out, const roost_call *call)
{
    int32_t tokens[MOST_TOKENS];
    (void)model, (void)flags, (void)call;
    uint32_t count = tokens_of(text, tokens);
    return put(out, tokens, count * sizeof *tokens);
}

static roost_status embed_tokens(roost_context *context, const int32_t *token,
                                 const uint32_t *offset, uint32_t n, uint32_t flags,
                                 roost_rows *out, const roost_call *call)
{
    take_time(context->model->pace, n);
    for (uint32_t i = 0; i < offset[n]; i++)
        if (token[i] >= VOCABULARY)
            return fail(call, ROOST_E_ARG, 0, "a token is outside the vocabulary of 1002 tokens");
    for (uint32_t i = 0; i < n; i++)
        embed_row(row_of(out, i), token + offset[i], offset[i + 1] - offset[i], flags);
    return ROOST_OK;
}

static roost_status score_pairs(roost_context *context, roost_str query, const roost_str *docs,
                                uint32_t n, float *out, const roost_call *call)
{
    (void)call;
    take_time(context->model->pace, n);
    for (uint32_t i = 0; i < n; i++)
        out[i] = 8 * share(query, docs[i]) - 4;
    return ROOST_OK;
}

/* Whether it is a model of natural language inference. */
static int infers(const struct roost_model *model)
{
    return strstr(model->can, "infer") != NULL;
}

static roost_status classify(roost_context *context, const roost_str *text, uint32_t n,
                             roost_rows *out, const roost_call *call)
{
    (void)call;
    take_time(context->model->pace, n);
    for (uint32_t i = 0; i < n; i++) {
        int asks = text[i].len > 0 && text[i].ptr[text[i].len - 1] == '?';
        row_of(out, i)[0] = asks ? 2 : -2;
        for (int label = 1; label < (infers(context->model) ? 3 : 2); label++)
            row_of(out, i)[label] = 0;
    }
    return ROOST_OK;
}

static roost_status classify_pairs(roost_context *context, const roost_str *text,
                                   const roost_str *pair, uint32_t n, roost_rows *out,
                                   const roost_call *call)
{
    (void)call;
    take_time(context->model->pace, n);
    for (uint32_t i = 0; i < n; i++) {
        row_of(out, i)[0] = -4 * share(pair[i], text[i]);
        row_of(out, i)[1] = 0;
        row_of(out, i)[2] = 4 * share(pair[i], text[i]);
    }
    return ROOST_OK;
}

static uint32_t words_of(roost_str text)
{
    uint32_t count = 0;
    uint64_t at = 0, length;
    for (; (length = next_word(text, &at)) > 0; at += length)
        count++;
    return count;
}

static roost_status count_tokens(const roost_model *model, roost_str text, const roost_str *pair,
                                 uint32_t flags, uint32_t *read, uint32_t *whole,
                                 const roost_call *call)
{
    (void)model, (void)flags, (void)call;
    *whole = words_of(text) + 2 + (pair ? words_of(*pair) + 1 : 0);
    *read = *whole < MOST_TOKENS ? *whole : MOST_TOKENS;
    return ROOST_OK;
}

static roost_status label(const roost_model *model, uint32_t i, roost_sink out, const roost_call *call)
{
    (void)call;
    static const char *const names[] = { "question", "statement" };
    static const char *const relations[] = { "contradiction", "neutral", "ENTAILMENT" };
    const char *name = infers(model) ? relations[i] : names[i];
    return put(out, name, strlen(name));
}

/* ---- tasks ------------------------------------------------------------------------------- */

struct roost_job {
    struct roost_model *model;
    int answers;
    char *json;
    roost_str question, texts[MOST_TEXTS];
    uint32_t count;
};

/* Reads the JSON string that begins behind `at`, in place; steps behind it. */
static roost_str read_string(char **at)
{
    char *from = strchr(*at, '"') + 1, *to = from;
    roost_str text = { to, 0 };
    for (; *from != '"'; from++) {
        if (*from == '\\')
            from++;
        *to++ = *from;
    }
    text.len = (uint64_t)(to - text.ptr);
    *at = from + 1;
    return text;
}

static void read_strings(roost_job *job, const char *key)
{
    char *at = strstr(job->json, key);
    if (!at)
        return;
    at = strchr(at, '[') + 1;
    for (; job->count < MOST_TEXTS; job->count++) {
        at += strspn(at, " ,");
        if (*at != '"')
            return;
        job->texts[job->count] = read_string(&at);
    }
}

static roost_status begin(roost_context *context, roost_str task, roost_str input, roost_job **out,
                          const roost_call *call)
{
    roost_job *job = calloc(1, sizeof *job);
    (void)call;
    job->model = context->model;
    job->answers = task.len == strlen("answer");
    job->json = strndup(input.ptr, input.len);
    char *question = strstr(job->json, "\"question\":");
    read_strings(job, job->answers ? "\"passages\":" : "\"texts\":");
    if (question) {
        question += strlen("\"question\":");
        job->question = read_string(&question);
    }
    job->model->jobs++;
    *out = job;
    return ROOST_OK;
}

static roost_status put_text(roost_sink out, const char *text)
{
    return put(out, text, strlen(text));
}

/* The first longer word of a passage that is not in the question. */
static uint64_t novelty(const roost_job *job, roost_str passage, uint64_t *at)
{
    int32_t asked[MOST_TOKENS];
    uint32_t n = tokens_of(job->question, asked);
    uint64_t length;
    for (*at = 0; (length = next_word(passage, at)) > 0; *at += length)
        if (length > 3 && !has(asked, n, token_of(passage.ptr + *at, length)))
            return length;
    return 0;
}

static roost_status put_answers(const roost_job *job, roost_sink out)
{
    char event[256];
    float best = 0;
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < job->count; i++)
        if (share(job->question, job->texts[i]) > best)
            best = share(job->question, job->texts[chosen = i]);
    uint64_t at = 0, length = job->count ? novelty(job, job->texts[chosen], &at) : 0;
    snprintf(event, sizeof event,
             "{\"passage\":%u,\"text\":\"%.*s\",\"start\":%d,\"end\":%d,\"score\":%.3f}\n", chosen,
             (int)length, job->count ? job->texts[chosen].ptr + at : "", (int)at,
             (int)(at + length), best);
    char nothing[64];
    snprintf(nothing, sizeof nothing, "{\"no_answer\":true,\"score\":%.3f}\n", 1 - best);
    roost_status status = put_text(out, best >= 0.5f ? event : nothing);
    return status != ROOST_OK ? status : put_text(out, best >= 0.5f ? nothing : event);
}

/* Words that begin with a capital letter. */
static roost_status put_entities(const roost_job *job, roost_sink out)
{
    for (uint32_t i = 0; i < job->count; i++) {
        char event[4096];
        int used = snprintf(event, sizeof event, "{\"index\":%u,\"entities\":[", i);
        uint64_t at = 0, length;
        for (int n = 0; (length = next_word(job->texts[i], &at)) > 0; at += length)
            if (isupper((unsigned char)job->texts[i].ptr[at]) && used < 3900)
                used += snprintf(event + used, sizeof event - (size_t)used,
                                 "%s{\"label\":\"NAME\",\"text\":\"%.*s\",\"start\":%d,\"end\":%d,"
                                 "\"score\":0.5}",
                                 n++ ? "," : "", (int)length, job->texts[i].ptr + at, (int)at,
                                 (int)(at + length));
        snprintf(event + used, sizeof event - (size_t)used, "]}\n");
        if (put_text(out, event) != ROOST_OK)
            return ROOST_E_CANCELLED;
    }
    return ROOST_OK;
}

static roost_status advance(roost_job *job, uint32_t max_ms, roost_sink out,
                            roost_progress *progress, const roost_call *call)
{
    (void)max_ms, (void)call;
    take_time(job->model->pace, job->count);
    progress->done = 1;
    progress->step = progress->of = 1;
    return job->answers ? put_answers(job, out) : put_entities(job, out);
}

static void end(roost_job *job)
{
    job->model->jobs--;
    free(job->json);
    free(job);
}

static roost_status list_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    (void)call;
    int answers = can(model, "answer"), entities = can(model, "entities");
    char list[256];
    snprintf(list, sizeof list, "[%s%s%s]",
             answers ? "{\"name\":\"answer\",\"input_schema\":{},\"event_schema\":{}}" : "",
             answers && entities ? "," : "",
             entities ? "{\"name\":\"entities\",\"input_schema\":{},\"event_schema\":{}}" : "");
    return put_text(out, list);
}

static const roost_ext_task task_table = {
    sizeof(roost_ext_task), 0, list_json, begin, advance, end,
};

/* ---- plugin ------------------------------------------------------------------------------ */

static void read_settings(struct roost_model *model, roost_str json)
{
    read_setting(json, "can", model->can, sizeof model->can);
    read_setting(json, "pace", model->pace, sizeof model->pace);
    int embeds = can(model, "embed"), pairs = infers(model);
    int labels = pairs ? 3 : can(model, "classify") ? 2 : 0;
    model->vectors = (roost_ext_vectors){
        .struct_size = sizeof model->vectors,
        .dim = embeds ? DIMENSIONS : 0,
        .n_labels = (uint32_t)labels,
        .max_tokens = MOST_TOKENS,
        .label = label,
        .embed = embeds ? embed : NULL,
        .score_pairs = can(model, "score") ? score_pairs : NULL,
        .classify = labels ? classify : NULL,
        .embed_tokenize = embeds ? embed_tokenize : NULL,
        .embed_tokens = embeds ? embed_tokens : NULL,
        .classify_pairs = pairs ? classify_pairs : NULL,
        .count_tokens = count_tokens,
    };
}

static roost_status info_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    (void)call;
    return put_text(out, infers(model)
                             ? "{\"name\":\"wordbag\"}"
                             : "{\"name\":\"wordbag\",\"matryoshka\":true,"
                               "\"problem_type\":\"multi_label_classification\"}");
}

static const void *extension(const roost_model *model, const char *id)
{
    if (strcmp(id, ROOST_EXT_VECTORS) == 0)
        return &model->vectors;
    if (strcmp(id, ROOST_EXT_TASK) == 0 && (can(model, "answer") || can(model, "entities")))
        return &task_table;
    return NULL;
}

#define NAME "wordbag"
#define SCORE 1
#include "table.h"
