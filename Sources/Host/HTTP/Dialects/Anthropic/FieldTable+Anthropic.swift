import JSON

extension FieldTable {
    /// Of the Messages API. What this host adds to it, such as `min_p` and `seed`, has the names of
    /// the OpenAI routes.
    package static let messages = FieldTable([
        // What only bills, caches, routes or reports.
        "metadata": .inert, "service_tier": .inert, "cache_control": .inert,
        "inference_geo": .inert, "speed": .inert, "diagnostics": .inert, "betas": .inert,
        "user_profile_id": .inert, "workspace_id": .inert,
        "container": .refused(), "mcp_servers": .refused(), "context_management": .refused(),
        // OpenAI's names of what has another name here.
        "stop": .refused("is not of this API; use 'stop_sequences'"),
        "max_completion_tokens": .refused("is not of this API; use 'max_tokens'"),
        "response_format": .refused("is not of this API; use 'output_config.format'"),
        "reasoning_effort": .refused("is not of this API; use 'output_config.effort'"),
        "n": .refused(unless: [1], "is not of this API, which has one reply to a request"),
        "logprobs": .refused(unless: [false]), "top_logprobs": .refused(unless: [0]),
    ])
}
