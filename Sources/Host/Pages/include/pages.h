/* The files of the page at `/`, as they stand in Files/. */
#ifndef ROOST_PAGES_H
#define ROOST_PAGES_H

#include <stddef.h>

typedef struct {
    const char *name;
    const char *content_type;
    const unsigned char *bytes;
    size_t length;
} roost_page;

extern const roost_page roost_pages[];
extern const size_t roost_page_count;

/* The same table, for a language that cannot import an array without a length. */
static inline const roost_page *roost_page_table(void) {
    return roost_pages;
}

#endif
