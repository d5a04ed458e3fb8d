#include "pages.h"

/* The compiler copies each file in as it stands; there is no other build step. */
static const unsigned char index_html[] = {
#embed "Files/index.html"
};
static const unsigned char style_css[] = {
#embed "Files/style.css"
};
static const unsigned char search_css[] = {
#embed "Files/search.css"
};
static const unsigned char classify_css[] = {
#embed "Files/classify.css"
};
static const unsigned char images_css[] = {
#embed "Files/images.css"
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
static const unsigned char chat_js[] = {
#embed "Files/chat.js"
};
static const unsigned char conversation_js[] = {
#embed "Files/conversation.js"
};
static const unsigned char drafts_js[] = {
#embed "Files/drafts.js"
};
static const unsigned char outbox_js[] = {
#embed "Files/outbox.js"
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
static const unsigned char tabs_js[] = {
#embed "Files/tabs.js"
};
static const unsigned char latest_js[] = {
#embed "Files/latest.js"
};
static const unsigned char collections_js[] = {
#embed "Files/collections.js"
};
static const unsigned char table_js[] = {
#embed "Files/table.js"
};
static const unsigned char rows_js[] = {
#embed "Files/rows.js"
};
static const unsigned char filters_js[] = {
#embed "Files/filters.js"
};
static const unsigned char answer_js[] = {
#embed "Files/answer.js"
};
static const unsigned char shelf_js[] = {
#embed "Files/shelf.js"
};
static const unsigned char embedding_js[] = {
#embed "Files/embedding.js"
};
static const unsigned char upload_js[] = {
#embed "Files/upload.js"
};
static const unsigned char search_js[] = {
#embed "Files/search.js"
};
static const unsigned char query_js[] = {
#embed "Files/query.js"
};
static const unsigned char classify_js[] = {
#embed "Files/classify.js"
};
static const unsigned char judgements_js[] = {
#embed "Files/judgements.js"
};
static const unsigned char images_js[] = {
#embed "Files/images.js"
};
static const unsigned char imageview_js[] = {
#embed "Files/imageview.js"
};
static const unsigned char generation_js[] = {
#embed "Files/generation.js"
};

#define SCRIPT(name) {#name ".js", "text/javascript; charset=utf-8", name##_js, sizeof name##_js}

const roost_page roost_pages[] = {
    {"index.html", "text/html; charset=utf-8", index_html, sizeof index_html},
    {"style.css", "text/css; charset=utf-8", style_css, sizeof style_css},
    {"search.css", "text/css; charset=utf-8", search_css, sizeof search_css},
    {"classify.css", "text/css; charset=utf-8", classify_css, sizeof classify_css},
    {"images.css", "text/css; charset=utf-8", images_css, sizeof images_css},
    {"favicon.svg", "image/svg+xml", favicon_svg, sizeof favicon_svg},
    SCRIPT(theme),
    SCRIPT(app),
    SCRIPT(chat),
    SCRIPT(conversation),
    SCRIPT(drafts),
    SCRIPT(outbox),
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
    SCRIPT(tabs),
    SCRIPT(latest),
    SCRIPT(collections),
    SCRIPT(table),
    SCRIPT(rows),
    SCRIPT(filters),
    SCRIPT(answer),
    SCRIPT(shelf),
    SCRIPT(embedding),
    SCRIPT(upload),
    SCRIPT(search),
    SCRIPT(query),
    SCRIPT(classify),
    SCRIPT(judgements),
    SCRIPT(images),
    SCRIPT(imageview),
    SCRIPT(generation),
};
const size_t roost_page_count = sizeof roost_pages / sizeof roost_pages[0];
