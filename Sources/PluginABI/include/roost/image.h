/* Images, one step at a time. */
#ifndef ROOST_ABI_IMAGE_H
#define ROOST_ABI_IMAGE_H

#include "base.h"

/* Bytes. */
typedef struct roost_span {
    const void *ptr;
    uint64_t len;
} roost_span;

#define ROOST_EXT_IMAGE "roost.image/1"

/* What to draw. A size that the model cannot draw is ROOST_E_ARG with the nearest ones that it can; an
 * impossible number of steps or length of init_rgb8 is ROOST_E_ARG too. The same request, including the
 * seed, gives the same image bit for bit on one machine. */
typedef struct roost_image_req {
    uint32_t struct_size, width, height, steps; /* 0: the model's default */
    uint64_t seed;
    float guidance; /* negative: the model's default */
    float strength; /* 0..1 of image to image: 0 leaves init_rgb8 nearly as it is */
    roost_str prompt, negative_prompt;
    roost_span init_rgb8; /* width * height * 3, or empty: the initial image */
    roost_span mask_u8;   /* width * height, or empty; ROOST_E_UNSUPPORTED where a model has no use
                             for one. Hosts of 1.0 send none yet. */
    roost_str extra_json; /* an object of the model's other options, such as {"scheduler": name,
                             "clip_skip": layers, "eta": 0..1}, or empty; an unknown key or a wrong
                             value is ROOST_E_ARG with what is known */
} roost_image_req;

enum { ROOST_IMAGE_CHANNELS = 3 /* bytes of a pixel: red, green, blue */ };

/* An image in a buffer of the host, rows `row_stride` bytes apart: on entry width and height are the
 * buffer's, in pixels, on return those of the image at its top left. A buffer
 * that is too small is ROOST_E_ARG. */
typedef struct roost_image {
    uint32_t struct_size, width, height, channels;
    uint8_t *rgb8;
    uint64_t row_stride;
} roost_image;

/* Several jobs may be open in one context, their steps in any order; none changes another's image. */
typedef struct roost_ext_image {
    uint32_t struct_size, reserved;
    /* Starts a job; `*out` is the host's until end. [lane] */
    roost_status (*begin)(roost_context *context, const roost_image_req *request, roost_job **out,
                          const roost_call *call);
    /* One denoising step, that is one evaluation of the network, or two with guidance; the last steps may
     * decode the image. `progress->of` counts them all. After a failure, including cancellation, the
     * job is as before and may be stepped again. [lane] */
    roost_status (*step)(roost_job *job, roost_progress *progress, const roost_call *call);
    /* A cheap approximation of the image so far, at most as large as the image; never changes the
     * result. May be NULL. [lane] */
    roost_status (*preview)(roost_job *job, roost_image *out, const roost_call *call);
    /* The image, once progress->done was nonzero; any number of times. It has the requested size, or
     * else that of "image" in info_json, and every row of it is written. [lane] */
    roost_status (*finish)(roost_job *job, roost_image *out, const roost_call *call);
    /* Any time after begin, exactly once; before done it cancels. [lane] */
    void (*end)(roost_job *job);
} roost_ext_image;

#endif /* ROOST_ABI_IMAGE_H */
