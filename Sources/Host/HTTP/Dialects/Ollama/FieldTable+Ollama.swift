import JSON

extension FieldTable {
    /// Of `/api/chat` and `/api/generate`.
    package static let ollamaText = FieldTable([
        "keep_alive": .inert,
        // A prompt that is too long is refused, and nothing is shifted out of the context.
        "truncate": .inert, "shift": .inert,
        "images": .refused("is not supported: text models read no images"),
        "template": .refused(
            "is not supported: the model's own template is used; render the prompt yourself and send it "
                + "with 'raw'"),
        "suffix": .refused("is not supported; leave it out"),
        "width": .refused(imageless), "height": .refused(imageless), "steps": .refused(imageless),
    ])

    private static let imageless = "is for images; use /v1/images/generations"

    /// Of `options`: what is drawn, and how long. What only configures Ollama's own runner changes
    /// nothing; `num_ctx` is in no table, so that the response says that it is ignored.
    package static let ollamaOptions = FieldTable([
        "num_predict": .means("max_tokens", except: [-1, -2]),
        "repeat_penalty": .means("repetition_penalty"),
        "repeat_last_n": .means("penalty_window", except: [-1]),
        "numa": .inert, "num_batch": .inert, "num_gpu": .inert, "main_gpu": .inert,
        "num_thread": .inert, "num_gqa": .inert, "low_vram": .inert, "f16_kv": .inert,
        "use_mmap": .inert, "use_mlock": .inert, "vocab_only": .inert, "logits_all": .inert,
        "embedding_only": .inert, "num_keep": .inert, "draft_num_predict": .inert,
        "tfs_z": .refused(unless: [1]), "penalize_newline": .refused(unless: [false]),
        "n": .refused(unless: [1], "is not of this API, which has one reply to a request"),
    ])

    /// Of the routes that embed.
    package static let ollamaVectors = FieldTable([
        "keep_alive": .inert, "options": .inert, "images": .refused(),
    ])

    /// Of the routes about models.
    package static let ollamaModels = FieldTable([
        "verbose": .inert, "insecure": .inert, "stream": .inert, "username": .inert,
        "password": .inert,
    ])
}
