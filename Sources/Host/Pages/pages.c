#include "pages.h"

static const unsigned char index_html[] = {
#embed "Files/index.html"
};

const roost_page roost_pages[] = {
    {"index.html", "text/html; charset=utf-8", index_html, sizeof index_html},
};
const size_t roost_page_count = sizeof roost_pages / sizeof roost_pages[0];
