#include <zlib.h>

/* A macro of zlib, for a language that cannot import it. */

static inline int roost_inflate_init(z_stream *stream, int window_bits)
{
    return inflateInit2(stream, window_bits);
}
