#include <png.h>

/* What libpng has as macros with parameters, for a language that imports none. */

static inline size_t roost_png_bound(png_image image)
{
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}

static inline const char *roost_png_message(const png_image *image)
{
    return image->message;
}
