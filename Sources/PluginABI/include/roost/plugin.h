/* The table of a plugin, and the one function that a library exports. */
#ifndef ROOST_ABI_PLUGIN_H
#define ROOST_ABI_PLUGIN_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ROOST_PLUGIN_PARALLEL_OPEN = 1u, /* [load] calls may overlap */
    ROOST_PLUGIN_OWN_THREADS = 2u    /* starts threads; joins them in close or detach */
};

enum { ROOST_BEST_SCORE = 100 /* the highest of roost_probe.score */ };

/* What `probe` found. */
typedef struct roost_probe {
    uint32_t struct_size;
    int32_t score;              /* 0: not mine; 1 to ROOST_BEST_SCORE: how well this plugin serves it */
    uint64_t bytes_host;        /* memory of the open model, mapped weights included */
    uint64_t bytes_per_context; /* memory of one context at its largest. The host shows both. */
    roost_str family;           /* "llama", "bert", ...; until detach */
} roost_probe;

/* Where open says how far it is. */
typedef struct roost_opening {
    void *ctx;
    /* `done` of `of` (0: unknown) of what `what` says, such as "reading tensors": shown while the model
     * loads. As often as the plugin likes; may be NULL. [any] */
    void (*tell)(void *ctx, uint64_t done, uint64_t of, roost_str what);
} roost_opening;

/* Which model to open, and how. */
typedef struct roost_open {
    uint32_t struct_size, reserved;
    roost_str path;        /* a file or a directory; empty where the model has no source */
    roost_str config_json; /* the object `settings` of the model in plugins.toml, or empty; its
                              keys are the plugin's own, which refuses others with ROOST_E_ARG */
    uint64_t budget_bytes; /* what the model and its context may take, mapped weights included: refuse
                              with ROOST_E_NOMEM what would take more; 0 is no limit */
    roost_opening opening;
} roost_open;

/* How large a context to make. */
typedef struct roost_context_params {
    uint32_t struct_size;
    uint32_t n_seq;   /* sequences that live side by side; at least 1 */
    uint32_t n_ctx;   /* positions per sequence; 0 is the model's own limit */
    uint32_t n_batch; /* rows per forward; 0 is the plugin's choice */
    roost_str config_json; /* the object that probe and open had */
} roost_context_params;

/* The plugin's table. Static: valid as long as the library is mapped. */
typedef struct roost_plugin {
    uint32_t struct_size, abi_minor;
    uint32_t min_host_minor; /* a host below this is refused before attach */
    uint32_t flags;          /* ROOST_PLUGIN_* */
    roost_str id;            /* "org.example.markov" */
    roost_str version;       /* semantic version */
    roost_str license;       /* SPDX expression */
    roost_str toolchain;     /* "swift 6.3.1", "gcc 12.2" */
    roost_str families_csv;  /* "llama,mistral" */
    /* Once per image, before all else; `*self` is handed to the calls below. `host` stays valid
     * until detach returns. After a failure the plugin is detached. [load] */
    roost_status (*attach)(const roost_host *host, void **self, const roost_call *call);
    /* After the last close. May be NULL. [load] */
    void (*detach)(void *self);
    /* Reads headers only and says whether this plugin serves the files. A model of another family
     * is ROOST_OK with score 0. Of its own models it also checks config_json, about which `roost config
     * check` asks here. One process may be asked about many models. [load] */
    roost_status (*probe)(void *self, const roost_open *in, roost_probe *out, const roost_call *call);
    /* Opens a model; `*out` is the host's until close. [load] */
    roost_status (*open)(void *self, const roost_open *in, roost_model **out, const roost_call *call);
    /* No contexts are left. [load] */
    void (*close)(roost_model *model);
    /* Makes a context; `*out` is the host's until context_free. [load] */
    roost_status (*context_new)(roost_model *model, const roost_context_params *params,
                                roost_context **out, const roost_call *call);
    /* Frees a context with all its sequences. [lane] */
    void (*context_free)(roost_context *context);
    /* One JSON object as info.schema.json describes it. [any] */
    roost_status (*info_json)(const roost_model *model, roost_sink out, const roost_call *call);
    /* The table of an ability, valid until close, or NULL. Compare ids exactly. [any] */
    const void *(*extension)(const roost_model *model, const char *id);
} roost_plugin;

/* Stands before the definition of roost_plugin_query_v1, whatever -fvisibility says. */
#if defined(__GNUC__)
#define ROOST_EXPORT __attribute__((visibility("default")))
#else
#define ROOST_EXPORT
#endif

/* The exported symbol. Pure: no I/O, no threads, the same answer every time. [any] */
const roost_plugin *roost_plugin_query_v1(uint32_t host_minor);

#ifdef __cplusplus
}
#endif

#endif /* ROOST_ABI_PLUGIN_H */
