/* The end of a test plugin: included behind everything else of it. NAME is what it is called; it has struct
 * roost_model with the counters `contexts` and `jobs`, struct roost_context with `model` alone, read_settings,
 * info_json and extension. What is left open shows as an abort. */
#ifndef SCORE
#define SCORE 50
#endif

static roost_status attach(const roost_host *given, void **self, const roost_call *call)
{
    if (host)
        return fail(call, ROOST_E_BUSY, 0, "attached already");
    host = given;
    *self = NULL;
    return ROOST_OK;
}

static roost_status probe(void *self, const roost_open *in, roost_probe *out, const roost_call *call)
{
    (void)self, (void)in, (void)call;
    out->score = SCORE;
    out->bytes_host = sizeof(struct roost_model);
    out->bytes_per_context = sizeof(struct roost_context);
    out->family = (roost_str)ROOST_STR(NAME);
    return ROOST_OK;
}

static roost_status open_model(void *self, const roost_open *in, roost_model **out,
                               const roost_call *call)
{
    (void)self, (void)call;
    *out = calloc(1, sizeof **out);
    read_settings(*out, in->config_json);
    return ROOST_OK;
}

static void close_model(roost_model *model)
{
    if (model->contexts != 0)
        abort();
    free(model);
}

static void context_free(roost_context *context)
{
    if (context->model->jobs != 0)
        abort();
    context->model->contexts--;
    free(context);
}

static roost_status context_new(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call)
{
    (void)params, (void)call;
    *out = calloc(1, sizeof **out);
    (*out)->model = model;
    model->contexts++;
    return ROOST_OK;
}

static const roost_plugin table = {
    .struct_size = sizeof(roost_plugin),
    .abi_minor = ROOST_ABI_MINOR,
    .id = ROOST_STR("org.example." NAME),
    .version = ROOST_STR("1.0.0"),
    .license = ROOST_STR("Apache-2.0"),
    .toolchain = ROOST_STR("c"),
    .families_csv = ROOST_STR(NAME),
    .attach = attach,
    .probe = probe,
    .open = open_model,
    .close = close_model,
    .context_new = context_new,
    .context_free = context_free,
    .info_json = info_json,
    .extension = extension,
};

ROOST_EXPORT const roost_plugin *roost_plugin_query_v1(uint32_t host_minor)
{
    (void)host_minor;
    return &table;
}
