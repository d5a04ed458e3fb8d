#include "pages.h"

/* The compiler copies each file in as it stands; there is no other build step. */
static const unsigned char index_html[] = {
#embed "Files/index.html"
};
static const unsigned char style_css[] = {
#embed "Files/style.css"
};
static const unsigned char favicon_svg[] = {
#embed "Files/favicon.svg"
};
static const unsigned char theme_js[] = {
#embed "Files/theme.js"
};
static const unsigned char app_js[] = {
#embed "Files/app.js"
};
static const unsigned char shell_js[] = {
#embed "Files/shell.js"
};
static const unsigned char api_js[] = {
#embed "Files/api.js"
};
static const unsigned char dom_js[] = {
#embed "Files/dom.js"
};
static const unsigned char thread_js[] = {
#embed "Files/thread.js"
};
static const unsigned char message_js[] = {
#embed "Files/message.js"
};
static const unsigned char markdown_js[] = {
#embed "Files/markdown.js"
};
static const unsigned char highlight_js[] = {
#embed "Files/highlight.js"
};
static const unsigned char history_js[] = {
#embed "Files/history.js"
};
static const unsigned char models_js[] = {
#embed "Files/models.js"
};
static const unsigned char settings_js[] = {
#embed "Files/settings.js"
};
static const unsigned char trouble_js[] = {
#embed "Files/trouble.js"
};

#define SCRIPT(name) {#name ".js", "text/javascript; charset=utf-8", name##_js, sizeof name##_js}

const roost_page roost_pages[] = {
    {"index.html", "text/html; charset=utf-8", index_html, sizeof index_html},
    {"style.css", "text/css; charset=utf-8", style_css, sizeof style_css},
    {"favicon.svg", "image/svg+xml", favicon_svg, sizeof favicon_svg},
    SCRIPT(theme),
    SCRIPT(app),
    SCRIPT(shell),
    SCRIPT(api),
    SCRIPT(dom),
    SCRIPT(thread),
    SCRIPT(message),
    SCRIPT(markdown),
    SCRIPT(highlight),
    SCRIPT(history),
    SCRIPT(models),
    SCRIPT(settings),
    SCRIPT(trouble),
};
const size_t roost_page_count = sizeof roost_pages / sizeof roost_pages[0];
