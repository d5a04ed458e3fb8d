import JSON

extension FieldTable {
    /// For the routes of vectors, scores and labels.
    package static let vectors = FieldTable([
        "user": .inert, "metadata": .inert, "priority": .inert, "request_id": .inert,
        "keep_alive": .inert, "options": .inert,
        // Cohere, Jina, Voyage, NIM
        "embedding_types": .refused(unless: [["float"]], "is not supported; use 'encoding_format'"),
        "embedding_type": .refused(unless: ["float"], "is not supported; use 'encoding_format'"),
        "output_dtype": .refused(unless: ["float"]), "output_dimension": .means("dimensions"),
        "normalized": .means("normalize"), "truncation": .means("truncate"),
        "task": .refused("is not supported; use 'input_type'"),
        "late_chunking": .refused(unless: [false]), "max_chunks_per_doc": .refused(),
        "max_tokens_per_doc": .refused(),
        // vLLM
        "add_special_tokens": .refused(unless: [true]),
        "truncate_prompt_tokens": .refused(unless: [-1], "is not supported; use 'truncate'"),
        "embed_dtype": .refused(unless: ["float32"]),
        "endianness": .refused(unless: ["native", "little"]),
        "activation": .means("use_activation"), "softmax": .means("use_activation"),
        "mm_processor_kwargs": .refused(), "chat_template": .refused(), "messages": .refused(),
        // Text Embeddings Inference, Hugging Face's pipelines
        "inputs": .means("input"), "prompt_name": .means("input_type"),
        "truncation_direction": .refused(unless: ["Right", "right"]),
        "parameters": .refused("is not supported as an object; give its members beside 'model'"),
        "candidate_labels": .means("labels"), "hypothesis_template": .means("hypothesis"),
        "instruction": .refused(), "instruct": .refused(),
        "aggregation_strategy": .refused(unless: ["first"]),
    ])

    /// For the routes between texts and tokens.
    package static let tokens = FieldTable([
        "content": .means("text"), "prompt": .means("text"),
        "add_special_tokens": .means("add_special"),
        "with_pieces": .refused(unless: [false]), "return_token_strs": .refused(unless: [false]),
        "chat_template": .refused("is not supported: the model's own template is used"),
        "tools": .refused(), "mm_processor_kwargs": .refused(),
    ])

    /// For the image routes. Fields that only ask for more or less quality change nothing.
    package static let images = FieldTable([
        "user": .inert, "metadata": .inert, "quality": .inert, "style": .inert,
        "moderation": .inert, "output_compression": .inert,
        "image": .refused("is not supported; use 'init_image'"),
        "input_fidelity": .refused(),
        // Stable Diffusion's pages and libraries
        "num_inference_steps": .means("steps"), "cfg_scale": .means("guidance_scale"),
        "guidance": .means("guidance_scale"), "num_images_per_prompt": .means("n"),
        "denoising_strength": .means("strength"),
        "init_images": .refused("is not supported; use 'init_image'"),
        "width": .refused("is not supported; use 'size'"),
        "height": .refused("is not supported; use 'size'"),
        "aspect_ratio": .refused("is not supported; use 'size'"),
        "sampler_name": .refused("is not supported; use 'scheduler'"),
        "sampler_index": .refused("is not supported; use 'scheduler'"),
        "sampler": .refused("is not supported; use 'scheduler'"),
        "batch_size": .refused(unless: [1], "is not supported; use 'n'"),
        "n_iter": .refused(unless: [1], "is not supported; use 'n'"),
        "subseed": .refused(unless: [-1]), "subseed_strength": .refused(unless: [0]),
        "clip_skip": .refused(unless: [0]), "eta": .refused(unless: [0]),
        "restore_faces": .refused(unless: [false]), "tiling": .refused(unless: [false]),
        "enable_hr": .refused(unless: [false]), "styles": .refused(), "lora": .refused(),
        "loras": .refused(), "controlnet": .refused(), "override_settings": .refused(),
    ])
}
