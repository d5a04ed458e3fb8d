#include <png.h>
#include <string.h>
#include <zlib.h>

/* libpng's macros with parameters, for a language that cannot import those. */

static inline size_t roost_png_bound(png_image image)
{
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}

static inline const char *roost_png_message(const png_image *image)
{
    return image->message;
}

static inline size_t roost_png_number(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* How many bytes the image data of a file has by its header, including filter bytes, and for
 * interlaced files what seven passes may add. 0 for an invalid header. */
static inline size_t roost_png_size(const unsigned char *file, size_t count)
{
    static const unsigned char samples[7] = {1, 0, 3, 1, 2, 0, 4};
    if (count < 33 || memcmp(file + 12, "IHDR", 4) != 0 || file[25] > 6)
        return 0;
    size_t width = roost_png_number(file + 16), height = roost_png_number(file + 20);
    size_t row = 1 + (width * samples[file[25]] * file[24] + 7) / 8;
    return file[28] ? 2 * row * height + 16 * (width + height) : row * height;
}

/* Whether the compressed image data of a file holds more than `most` bytes. libpng would read all of
 * it, whatever the header says: a megabyte may hold a thousand. */
static inline int roost_png_holds_more(const unsigned char *file, size_t count, size_t most)
{
    unsigned char out[1 << 14];
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK)
        return 0;
    int status = Z_OK;
    for (size_t at = 8; status == Z_OK && at + 12 <= count && stream.total_out <= most;) {
        size_t size = roost_png_number(file + at), left = count - at - 12;
        if (memcmp(file + at + 4, "IDAT", 4) == 0) {
            stream.next_in = (unsigned char *)file + at + 8;
            stream.avail_in = (unsigned)(size < left ? size : left);
            do {
                stream.next_out = out;
                stream.avail_out = sizeof out;
                status = inflate(&stream, Z_NO_FLUSH);
            } while (status == Z_OK && stream.avail_out == 0 && stream.total_out <= most);
            if (status == Z_BUF_ERROR)
                status = Z_OK;
        }
        if (size > left)
            break;
        at += 12 + size;
    }
    int more = stream.total_out > most;
    inflateEnd(&stream);
    return more;
}
