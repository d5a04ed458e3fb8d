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
}
