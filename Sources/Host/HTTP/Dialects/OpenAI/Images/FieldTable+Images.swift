import JSON

extension FieldTable {
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
