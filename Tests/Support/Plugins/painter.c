/* A model of images without weights that behaves, or misbehaves as its settings say; see deeds.h. With
 * {"when": TEXT} deeds of a job are done only to prompts that hold this one. With {"pace": MS} a step
 * takes its time.
 *
 * An image is a sky, a hill and a sun whose colours and places depend on everything that was asked for.
 * It is WIDTH x HEIGHT in STEPS steps unless the request says otherwise. A preview is a quarter as wide
 * and high, and greyer the earlier it is.
 */
#define _GNU_SOURCE
#include "deeds.h"

#include <malloc.h>

enum { WIDTH = 64, HEIGHT = 32, STEPS = 4, PREVIEW = 4 };

struct roost_model {
    struct deeds deeds;
    int contexts, jobs;
};

struct roost_context {
    struct roost_model *model;
};

struct roost_job {
    struct roost_model *model;
    uint32_t width, height, step, of;
    uint64_t hash;
    unsigned char *start;
    float strength;
    int is_meant;
};

/* ---- jobs -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return hash;
}

static uint64_t hash_of(const roost_image_req *request, uint32_t steps)
{
    uint64_t hash = 14695981039346656037u;
    float guidance = request->guidance < 0 ? 7.5f : request->guidance;
    hash = mix(hash, request->prompt.ptr, request->prompt.len);
    hash = mix(hash, request->negative_prompt.ptr, request->negative_prompt.len);
    hash = mix(hash, request->extra_json.ptr, request->extra_json.len);
    hash = mix(hash, &request->seed, sizeof request->seed);
    hash = mix(hash, &guidance, sizeof guidance);
    return mix(hash, &steps, sizeof steps);
}

static roost_status arrive_with(const struct roost_job *job, const char *step, const roost_call *call)
{
    return job->is_meant ? arrive(&job->model->deeds, step, call) : ROOST_OK;
}

static int does(const struct roost_job *job, const char *step, const char *deed)
{
    return job->is_meant && is(&job->model->deeds, step, deed);
}

static roost_status begin(roost_context *context, const roost_image_req *request, roost_job **out,
                          const roost_call *call)
{
    struct roost_model *model = context->model;
    uint64_t size = (uint64_t)request->width * request->height * 3;
    struct roost_job job = { .model = model };
    job.is_meant =
        memmem(request->prompt.ptr ? request->prompt.ptr : "", request->prompt.len, model->deeds.when,
               strlen(model->deeds.when)) != NULL;
    roost_status status = arrive_with(&job, "begin", call);
    if (status != ROOST_OK)
        return status;
    if (request->init_rgb8.len != 0 && request->init_rgb8.len != size)
        return fail(call, ROOST_E_ARG, 0, "the first image has another size");
    if (does(&job, "begin", "busy") && model->jobs > 0)
        return fail(call, ROOST_E_BUSY, ROOST_ERR_RETRYABLE, "one at a time");
    if (does(&job, "begin", "argument"))
        return fail(call, ROOST_E_ARG, 0, "not a thing to paint");
    if (does(&job, "begin", "null"))
        return ROOST_OK;
    job.width = request->width ? request->width : WIDTH;
    job.height = request->height ? request->height : HEIGHT;
    job.of = request->steps ? request->steps : STEPS;
    job.hash = hash_of(request, job.of);
    if (does(&job, "step", "decodes"))
        job.of++;
    job.strength = request->strength;
    if (request->init_rgb8.len != 0) {
        job.start = malloc(size);
        memcpy(job.start, request->init_rgb8.ptr, size);
    }
    *out = malloc(sizeof job);
    **out = job;
    model->jobs++;
    return ROOST_OK;
}

static roost_status step(struct roost_job *job, roost_progress *progress, const roost_call *call)
{
    take_time(job->model->deeds.pace, 1);
    /* The first step is as it should be. */
    if (job->step > 0) {
        roost_status status = arrive_with(job, "step", call);
        if (status != ROOST_OK)
            return status;
    }
    job->step++;
    progress->step = job->step;
    progress->of = job->of;
    progress->done = job->step == job->of;
    if (job->step < 2)
        return ROOST_OK;
    if (does(job, "step", "back"))
        progress->step = 0;
    if (does(job, "step", "beyond"))
        progress->step = job->of + 1;
    if (does(job, "step", "huge"))
        progress->of = progress->step = 4000000000u;
    if (does(job, "step", "endless"))
        progress->step = progress->of = progress->done = 0;
    return ROOST_OK;
}

/* The colour at a place of the image, each from 0 to 1. */
static void paint(const struct roost_job *job, double x, double y, double clear, unsigned char *out)
{
    uint64_t h = job->hash;
    double hill = 0.62 + 0.02 * (double)(h % 7) - 0.3 * (x - 0.1 * (double)(h / 7 % 10)) * (x - 0.6);
    double dx = (x - 0.2 - 0.06 * (double)(h / 70 % 10)) * 2, dy = y - 0.25;
    int is_sun = dx * dx + dy * dy < 0.02;
    for (int c = 0; c < 3; c++) {
        double tint = (double)(h >> (8 * c + 16) & 255) / 255;
        double colour = is_sun       ? (c == 2 ? 0.45 : 0.95)
                        : y > hill   ? (c == 1 ? 0.55 : 0.2) * (0.5 + 0.5 * tint)
                                     : 0.45 + 0.4 * tint * (1 - y) + 0.1 * c * y;
        out[c] = (unsigned char)(255 * (0.5 + (colour - 0.5) * clear));
    }
}

static void draw(const struct roost_job *job, roost_image *out, uint32_t divisor, double clear,
                 uint32_t rows)
{
    out->width = (job->width + divisor - 1) / divisor;
    out->height = (job->height + divisor - 1) / divisor;
    for (uint32_t row = 0; row < out->height && row < rows; row++)
        for (uint32_t column = 0; column < out->width; column++) {
            unsigned char *pixel = out->rgb8 + row * out->row_stride + 3 * column;
            paint(job, (double)column / out->width, (double)row / out->height, clear, pixel);
            for (int c = 0; job->start && divisor == 1 && c < 3; c++) {
                double old = job->start[3 * ((uint64_t)row * job->width + column) + (uint64_t)c];
                pixel[c] = (unsigned char)(old + (pixel[c] - old) * job->strength);
            }
        }
}

/* What may be wrong with an image. */
static roost_status give(struct roost_job *job, const char *at, roost_image *out, uint32_t divisor,
                         double clear)
{
    uint32_t width = out->width;
    if (out->width < job->width || out->height < job->height || out->channels != 3)
        abort();
    if (!does(job, at, "lazy"))
        draw(job, out, divisor, clear, does(job, at, "half") ? job->height / 2 : job->height);
    if (does(job, at, "tiny"))
        out->width = out->height = 1;
    if (does(job, at, "large"))
        out->width = width + 1;
    if (does(job, at, "high"))
        out->height = 4000000000u;
    if (does(job, at, "zero"))
        out->width = 0;
    if (does(job, at, "channels"))
        out->channels = 4;
    if (does(job, at, "moved"))
        out->rgb8 += 1;
    if (does(job, at, "stride"))
        out->row_stride = 1u << 30;
    return ROOST_OK;
}

static roost_status preview(struct roost_job *job, roost_image *out, const roost_call *call)
{
    roost_status status = arrive_with(job, "preview", call);
    if (status != ROOST_OK)
        return status;
    return give(job, "preview", out, PREVIEW, (double)job->step / job->of);
}

static roost_status finish(struct roost_job *job, roost_image *out, const roost_call *call)
{
    roost_status status = arrive_with(job, "finish", call);
    if (status != ROOST_OK)
        return status;
    if (does(job, "finish", "measure")) {
        char bytes[32];
        snprintf(bytes, sizeof bytes, "%zu bytes", malloc_usable_size(out->rgb8));
        return fail(call, ROOST_E_MODEL, 0, bytes);
    }
    return give(job, "finish", out, 1, 1);
}

static void end(struct roost_job *job)
{
    if (job->is_meant)
        misbehave_at(&job->model->deeds, "end");
    job->model->jobs--;
    if (host)
        host->log(host->ctx, ROOST_LOG_INFO, (roost_str)ROOST_STR("painter"), (roost_str)ROOST_STR("job ended"));
    free(job->start);
    free(job);
}

/* ---- plugin ------------------------------------------------------------------------------ */

#define IMAGE(size, step, preview) { size, 0, begin, step, preview, finish, end }

static const roost_ext_image image_table = IMAGE(sizeof(roost_ext_image), step, preview);
static const roost_ext_image of_wrong_size = IMAGE(5, step, preview);
static const roost_ext_image without_step = IMAGE(sizeof(roost_ext_image), NULL, preview);
static const roost_ext_image without_preview = IMAGE(sizeof(roost_ext_image), step, NULL);

static const void *extension(const roost_model *model, const char *id)
{
    const struct deeds *deeds = &model->deeds;
    if (strcmp(id, ROOST_EXT_IMAGE) != 0)
        return NULL;
    return is(deeds, "extension", "size")         ? (const void *)&of_wrong_size
           : is(deeds, "extension", "no-step")    ? (const void *)&without_step
           : is(deeds, "extension", "no-preview") ? (const void *)&without_preview
                                                  : (const void *)&image_table;
}

static void read_settings(struct roost_model *model, roost_str json)
{
    read_deeds(&model->deeds, json);
}

static roost_status info_json(const roost_model *model, roost_sink out, const roost_call *call)
{
    (void)call;
    static const char known[] =
        "{\"name\": \"painter\", \"image\": {\"width\": 64, \"height\": 32, \"steps\": 4, "
        "\"guidance\": 7.5, \"multiple_of\": 8, \"schedulers\": [\"euler\", \"ddim\"], "
        "\"scheduler\": \"euler\"}}";
    const char *deed = strcmp(model->deeds.at, "info_json") == 0 ? model->deeds.deed : "";
    const char *text = strcmp(deed, "silent") == 0   ? "{}"
                       : strcmp(deed, "list") == 0   ? "{\"image\": [64, 32]}"
                       : strcmp(deed, "wide") == 0   ? "{\"image\": {\"width\": 1048576}}"
                       : strcmp(deed, "ragged") == 0 ? "{\"image\": {\"width\": 9, \"multiple_of\": 8}}"
                       : strcmp(deed, "divide") == 0 ? "{\"image\": {\"multiple_of\": 0}}"
                                                     : known;
    return put(out, text, strlen(text));
}

#define NAME "painter"
#include "table.h"
