import JSON

extension FieldTable {
    /// Of `/v1/responses`. What this host adds, such as `min_p` and `seed`, has the names of chat
    /// completions.
    package static let responses = FieldTable([
        "metadata": .inert, "user": .inert, "safety_identifier": .inert, "service_tier": .inert,
        "prompt_cache_key": .inert, "prompt_cache_retention": .inert,
        "prompt_cache_options": .inert, "stream_options": .inert, "max_tool_calls": .inert,
        "truncation": .refused(
            unless: ["disabled"], "is not supported: a prompt that is too long is refused, not cut"),
        "conversation": .refused("is not supported; use 'previous_response_id'"),
        "prompt": .refused("is not supported; send 'instructions' and 'input'"),
        "context_management": .refused(), "moderation": .refused(),
        // Chat completions' names of what has another name here.
        "messages": .refused("is not of this API; use 'input'"),
        "max_tokens": .refused("is not of this API; use 'max_output_tokens'"),
        "max_completion_tokens": .refused("is not of this API; use 'max_output_tokens'"),
        "response_format": .refused("is not of this API; use 'text.format'"),
        "reasoning_effort": .refused("is not of this API; use 'reasoning.effort'"),
        "n": .refused(unless: [1], "is not of this API, which has one reply to a request"),
        "stop": .refused("is not of this API; leave it out"),
    ])
}
