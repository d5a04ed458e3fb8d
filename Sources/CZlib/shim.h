#include <zlib.h>

/* What zlib has as a macro, for a language that imports none. */

static inline int roost_inflate_init(z_stream *stream, int window_bits)
{
    return inflateInit2(stream, window_bits);
}
