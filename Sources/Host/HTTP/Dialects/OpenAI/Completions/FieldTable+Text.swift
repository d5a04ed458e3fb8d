import JSON

extension FieldTable {
    /// Of the routes that generate text.
    package static let text = FieldTable(
        [
            // OpenAI
            "metadata": .inert, "store": .inert, "user": .inert, "safety_identifier": .inert,
            "service_tier": .inert, "prompt_cache_key": .inert, "prompt_cache_retention": .inert,
            "prediction": .inert, "parallel_tool_calls": .inert,
            "tools": .refused("is for /v1/chat/completions; leave it out"),
            "tool_choice": .refused(unless: ["none", "auto"], toolless),
            "function_call": .refused(unless: ["none", "auto"], toolless),
            "audio": .refused(), "web_search_options": .refused(),
            "verbosity": .refused(unless: ["medium"], "is not supported; ask for it in the prompt"),
            "suffix": .refused(),
            "best_of": .refused(unless: [1], "is for /v1/completions; use 'n'"),
            "echo": .refused(unless: [false], "is for /v1/completions; leave it out"),
            "instructions": .refused("is not supported; send a message of the role \"system\""),
            "previous_response_id": .refused(),
        ]
        .merging(served) { $1 }.merging(sampled) { $1 }.merging(constrained) { $1 })

    private static let toolless = "is not supported, as there are no tools; leave it out"

    /// Other servers' fields besides sampling: how a request is served, what is sent back.
    private static let served: [String: Rule] = [
        // vLLM, SGLang
        "request_id": .inert, "rid": .inert, "cache_salt": .inert,
        "guided_decoding_backend": .inert, "guided_whitespace_pattern": .inert,
        "spaces_between_special_tokens": .inert, "include_reasoning": .inert,
        "separate_reasoning": .inert, "stream_reasoning": .inert, "parse_tool_calls": .inert,
        "return_tokens_as_token_ids": .refused(unless: [false]),
        "return_token_ids": .refused(unless: [false]),
        "return_hidden_states": .refused(unless: [false]),
        "prompt_embeds": .refused(), "input_ids": .refused("is not supported; use 'prompt'"),
        "mm_processor_kwargs": .refused(), "vllm_xargs": .refused(), "lora_path": .refused(),
        "chat_template": .refused("is not supported: the model's own template is used"),
        "logits_processors": .refused(), "custom_logit_processor": .refused(),
        "session_params": .refused(), "kv_transfer_params": .refused(),
        // llama.cpp
        "cache_prompt": .inert, "id_slot": .inert, "slot_id": .inert, "timings_per_token": .inert,
        "return_progress": .inert, "reasoning_format": .inert,
        "n_discard": .refused(unless: [0]), "n_indent": .refused(unless: [0]),
        "n_probs": .refused(unless: [0], "is not supported; use 'logprobs'"),
        "post_sampling_probs": .refused(unless: [false]),
        "return_tokens": .refused(unless: [false]),
        "t_max_predict_ms": .refused(unless: [0, -1]),
        "t_max_prompt_ms": .refused(unless: [0, -1]),
        "response_fields": .refused(), "lora": .refused(), "image_data": .refused(),
        "input_prefix": .refused(), "input_suffix": .refused(), "input_extra": .refused(),
        // Text Generation Inference
        "inputs": .refused("is not supported; use 'prompt' or 'messages'"),
        "parameters": .refused(flat), "details": .refused(unless: [false]),
        "decoder_input_details": .refused(unless: [false]), "adapter_id": .refused(),
        "return_full_text": .refused(unless: [false], "is not supported; use 'echo'"),
        "top_n_tokens": .refused(unless: [0], "is not supported; use 'logprobs'"),
        "truncate": .refused(unless: [false], untruncated), "watermark": .refused(unless: [false]),
        "guideline": .refused(), "tool_prompt": .refused(),
        // Ollama
        "keep_alive": .inert, "options": .refused(flat), "images": .refused(),
        "raw": .refused(unless: [false]), "template": .refused(), "context": .refused(),
        "system": .refused("is not supported; send a message of the role \"system\""),
        // OpenRouter, DeepSeek, Mistral, LM Studio
        "usage": .inert, "provider": .inert, "route": .inert, "ttl": .inert, "draft_model": .inert,
        "prefix": .refused(unless: [false]), "safe_prompt": .refused(unless: [false]),
        "models": .refused(), "transforms": .refused(), "plugins": .refused(),
        "prompt_mode": .refused(),
    ]

    private static let flat = "is not supported as an object; give its members beside 'model'"
    private static let untruncated =
        "is not supported: a prompt that is too long is refused, not cut"

    /// How tokens are drawn.
    private static let sampled: [String: Rule] = [
        "repeat_penalty": .means("repetition_penalty"),
        "repeat_last_n": .means("penalty_window", except: [-1]),
        "n_predict": .means("max_tokens", except: [-1]),
        "num_predict": .means("max_tokens", except: [-1]),
        "max_new_tokens": .means("max_tokens"),
        "max_length": .refused("is not supported; use 'max_tokens'"),
        "max_output_tokens": .means("max_tokens"), "min_new_tokens": .means("min_tokens"),
        "stop_sequences": .means("stop"), "random_seed": .means("seed"),
        "nsigma": .means("top_n_sigma"), "top_a": .refused(unless: [0]),
        "tfs": .refused(unless: [1]), "tfs_z": .refused(unless: [1]),
        "mirostat_mode": .means("mirostat"),
        "dry_range": .refused(unless: [0], "is not supported; use 'dry_penalty_last_n'"),
        "dynatemp_min": .refused(unless: [0], ranged),
        "dynatemp_max": .refused(unless: [0], ranged),
        "adaptive_target": .refused(unless: [-1]), "adaptive_decay": .inert,
        "smoothing_factor": .refused(unless: [0]), "smoothing_curve": .inert,
        "epsilon_cutoff": .refused(unless: [0]), "eta_cutoff": .refused(unless: [0]),
        "skew": .refused(unless: [0]), "temperature_last": .refused(unless: [false]),
        "penalize_nl": .refused(unless: [false]), "penalize_newline": .refused(unless: [false]),
        "penalty_prompt": .refused(), "penalty_alpha": .refused(unless: [0]),
        "encoder_repetition_penalty": .refused(unless: [1]),
        "guidance_scale": .refused(unless: [1]), "negative_prompt": .refused(),
        "samplers": .refused(), "sampler_order": .refused(), "sampler_priority": .refused(),
        "use_beam_search": .refused(unless: [false], beamless),
        "num_beams": .refused(unless: [1], beamless), "length_penalty": .refused(unless: [1, 0]),
        "early_stopping": .refused(unless: [false]), "diversity_penalty": .refused(unless: [0]),
        "num_beam_groups": .refused(unless: [1], beamless),
        "bad_words_ids": .refused("is not supported; use 'bad_words'"),
        "banned_strings": .refused("is not supported; use 'bad_words'"),
        "custom_token_bans": .refused("is not supported; use 'logit_bias'"),
        "banned_tokens": .refused("is not supported; use 'logit_bias'"),
        "stop_regex": .refused(),
        "no_stop_trim": .refused(
            unless: [false], "is not supported; use 'include_stop_str_in_output'"),
    ]

    private static let ranged = "is not supported; use 'temperature' and 'dynatemp_range'"
    private static let beamless = "is not supported: beams are not searched"

    /// The form of the text, and reasoning before it.
    private static let constrained: [String: Rule] = [
        "grammar_lazy": .refused(unless: [false]), "grammar_triggers": .refused(),
        "preserved_tokens": .refused(),
        "structural_tag": .refused("is not supported; use 'tools' or 'structured_outputs'"),
        "format": .refused(unless: ["text"], "is not supported; use 'response_format'"),
        "reasoning_effort": .refused(unless: ["none"], thoughtless),
        "reasoning": .refused(thoughtless), "think": .refused(unless: [false], thoughtless),
        "thinking": .refused(unless: [["type": "disabled"]], thoughtless),
        "enable_thinking": .refused(unless: [false], thoughtless),
        "thinking_budget": .refused(thoughtless), "thinking_budget_tokens": .refused(thoughtless),
        "thinking_token_budget": .refused(thoughtless),
        "reasoning_budget": .refused(unless: [-1, 0], thoughtless),
        "thinking_forced_open": .refused(unless: [false], thoughtless),
    ]

    private static let thoughtless =
        "is not supported; give what the model's template knows of it in 'chat_template_kwargs'"
}
