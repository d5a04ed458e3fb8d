/* Written by abi.py: the layout of version 1, held by the compiler. */
#include "roost_plugin.h"

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define MEMBER(type, member, offset) \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member)

SIZE(roost_str, 16);
MEMBER(roost_str, ptr, 0);
MEMBER(roost_str, len, 8);

SIZE(roost_sink, 16);
MEMBER(roost_sink, ctx, 0);
MEMBER(roost_sink, put, 8);

SIZE(roost_err, 24);
MEMBER(roost_err, struct_size, 0);
MEMBER(roost_err, flags, 4);
MEMBER(roost_err, code, 8);
MEMBER(roost_err, cap, 12);
MEMBER(roost_err, message, 16);

SIZE(roost_call, 40);
MEMBER(roost_call, struct_size, 0);
MEMBER(roost_call, number, 4);
MEMBER(roost_call, cancel, 8);
MEMBER(roost_call, deadline_ns, 16);
MEMBER(roost_call, trace_id, 24);
MEMBER(roost_call, err, 32);

SIZE(roost_rows, 24);
MEMBER(roost_rows, struct_size, 0);
MEMBER(roost_rows, n_rows, 4);
MEMBER(roost_rows, data, 8);
MEMBER(roost_rows, row_stride, 16);

SIZE(roost_progress, 16);
MEMBER(roost_progress, struct_size, 0);
MEMBER(roost_progress, done, 4);
MEMBER(roost_progress, step, 8);
MEMBER(roost_progress, of, 12);

SIZE(roost_map, 24);
MEMBER(roost_map, ptr, 0);
MEMBER(roost_map, len, 8);
MEMBER(roost_map, id, 16);

SIZE(roost_host, 72);
MEMBER(roost_host, struct_size, 0);
MEMBER(roost_host, abi_minor, 4);
MEMBER(roost_host, ctx, 8);
MEMBER(roost_host, log, 16);
MEMBER(roost_host, now_ns, 24);
MEMBER(roost_host, alloc, 32);
MEMBER(roost_host, free, 40);
MEMBER(roost_host, map_file, 48);
MEMBER(roost_host, unmap, 56);
MEMBER(roost_host, parallel_for, 64);

SIZE(roost_probe, 40);
MEMBER(roost_probe, struct_size, 0);
MEMBER(roost_probe, score, 4);
MEMBER(roost_probe, bytes_host, 8);
MEMBER(roost_probe, bytes_per_context, 16);
MEMBER(roost_probe, family, 24);

SIZE(roost_opening, 16);
MEMBER(roost_opening, ctx, 0);
MEMBER(roost_opening, tell, 8);

SIZE(roost_open, 64);
MEMBER(roost_open, struct_size, 0);
MEMBER(roost_open, reserved, 4);
MEMBER(roost_open, path, 8);
MEMBER(roost_open, config_json, 24);
MEMBER(roost_open, budget_bytes, 40);
MEMBER(roost_open, opening, 48);

SIZE(roost_context_params, 32);
MEMBER(roost_context_params, struct_size, 0);
MEMBER(roost_context_params, n_seq, 4);
MEMBER(roost_context_params, n_ctx, 8);
MEMBER(roost_context_params, n_batch, 12);
MEMBER(roost_context_params, config_json, 16);

SIZE(roost_plugin, 168);
MEMBER(roost_plugin, struct_size, 0);
MEMBER(roost_plugin, abi_minor, 4);
MEMBER(roost_plugin, min_host_minor, 8);
MEMBER(roost_plugin, flags, 12);
MEMBER(roost_plugin, id, 16);
MEMBER(roost_plugin, version, 32);
MEMBER(roost_plugin, license, 48);
MEMBER(roost_plugin, toolchain, 64);
MEMBER(roost_plugin, families_csv, 80);
MEMBER(roost_plugin, attach, 96);
MEMBER(roost_plugin, detach, 104);
MEMBER(roost_plugin, probe, 112);
MEMBER(roost_plugin, open, 120);
MEMBER(roost_plugin, close, 128);
MEMBER(roost_plugin, context_new, 136);
MEMBER(roost_plugin, context_free, 144);
MEMBER(roost_plugin, info_json, 152);
MEMBER(roost_plugin, extension, 160);

SIZE(roost_range, 16);
MEMBER(roost_range, start, 0);
MEMBER(roost_range, end, 8);

SIZE(roost_vocab, 56);
MEMBER(roost_vocab, struct_size, 0);
MEMBER(roost_vocab, n, 4);
MEMBER(roost_vocab, bytes, 8);
MEMBER(roost_vocab, offset, 16);
MEMBER(roost_vocab, attr, 24);
MEMBER(roost_vocab, bos, 32);
MEMBER(roost_vocab, eos, 36);
MEMBER(roost_vocab, eot, 40);
MEMBER(roost_vocab, pad, 44);
MEMBER(roost_vocab, flags, 48);
MEMBER(roost_vocab, reserved, 52);

SIZE(roost_ext_tokens, 32);
MEMBER(roost_ext_tokens, struct_size, 0);
MEMBER(roost_ext_tokens, reserved, 4);
MEMBER(roost_ext_tokens, vocab, 8);
MEMBER(roost_ext_tokens, tokenize, 16);
MEMBER(roost_ext_tokens, tokenize_mixed, 24);

SIZE(roost_decode_caps, 24);
MEMBER(roost_decode_caps, struct_size, 0);
MEMBER(roost_decode_caps, flags, 4);
MEMBER(roost_decode_caps, n_vocab, 8);
MEMBER(roost_decode_caps, n_ctx, 12);
MEMBER(roost_decode_caps, n_seq, 16);
MEMBER(roost_decode_caps, n_batch, 20);

SIZE(roost_batch, 48);
MEMBER(roost_batch, struct_size, 0);
MEMBER(roost_batch, n, 4);
MEMBER(roost_batch, token, 8);
MEMBER(roost_batch, seq, 16);
MEMBER(roost_batch, pos, 24);
MEMBER(roost_batch, want, 32);
MEMBER(roost_batch, adapter, 40);

SIZE(roost_ext_decode, 56);
MEMBER(roost_ext_decode, struct_size, 0);
MEMBER(roost_ext_decode, reserved, 4);
MEMBER(roost_ext_decode, caps, 8);
MEMBER(roost_ext_decode, forward, 16);
MEMBER(roost_ext_decode, seq_len, 24);
MEMBER(roost_ext_decode, seq_clear, 32);
MEMBER(roost_ext_decode, seq_truncate, 40);
MEMBER(roost_ext_decode, seq_fork, 48);

SIZE(roost_adapter_source, 40);
MEMBER(roost_adapter_source, struct_size, 0);
MEMBER(roost_adapter_source, adapter, 4);
MEMBER(roost_adapter_source, path, 8);
MEMBER(roost_adapter_source, config_json, 24);

SIZE(roost_adapter, 16);
MEMBER(roost_adapter, struct_size, 0);
MEMBER(roost_adapter, rank, 4);
MEMBER(roost_adapter, bytes, 8);

SIZE(roost_ext_adapters, 24);
MEMBER(roost_ext_adapters, struct_size, 0);
MEMBER(roost_ext_adapters, reserved, 4);
MEMBER(roost_ext_adapters, load, 8);
MEMBER(roost_ext_adapters, unload, 16);

SIZE(roost_source, 16);
MEMBER(roost_source, ctx, 0);
MEMBER(roost_source, get, 8);

SIZE(roost_ext_seqio, 32);
MEMBER(roost_ext_seqio, struct_size, 0);
MEMBER(roost_ext_seqio, reserved, 4);
MEMBER(roost_ext_seqio, fingerprint, 8);
MEMBER(roost_ext_seqio, save, 16);
MEMBER(roost_ext_seqio, load, 24);

SIZE(roost_ext_encode, 16);
MEMBER(roost_ext_encode, struct_size, 0);
MEMBER(roost_ext_encode, decoder_start, 4);
MEMBER(roost_ext_encode, encode, 8);

SIZE(roost_ext_vectors, 80);
MEMBER(roost_ext_vectors, struct_size, 0);
MEMBER(roost_ext_vectors, dim, 4);
MEMBER(roost_ext_vectors, n_labels, 8);
MEMBER(roost_ext_vectors, max_tokens, 12);
MEMBER(roost_ext_vectors, label, 16);
MEMBER(roost_ext_vectors, embed, 24);
MEMBER(roost_ext_vectors, score_pairs, 32);
MEMBER(roost_ext_vectors, classify, 40);
MEMBER(roost_ext_vectors, embed_tokenize, 48);
MEMBER(roost_ext_vectors, embed_tokens, 56);
MEMBER(roost_ext_vectors, classify_pairs, 64);
MEMBER(roost_ext_vectors, count_tokens, 72);

SIZE(roost_span, 16);
MEMBER(roost_span, ptr, 0);
MEMBER(roost_span, len, 8);

SIZE(roost_image_req, 112);
MEMBER(roost_image_req, struct_size, 0);
MEMBER(roost_image_req, width, 4);
MEMBER(roost_image_req, height, 8);
MEMBER(roost_image_req, steps, 12);
MEMBER(roost_image_req, seed, 16);
MEMBER(roost_image_req, guidance, 24);
MEMBER(roost_image_req, strength, 28);
MEMBER(roost_image_req, prompt, 32);
MEMBER(roost_image_req, negative_prompt, 48);
MEMBER(roost_image_req, init_rgb8, 64);
MEMBER(roost_image_req, mask_u8, 80);
MEMBER(roost_image_req, extra_json, 96);

SIZE(roost_image, 32);
MEMBER(roost_image, struct_size, 0);
MEMBER(roost_image, width, 4);
MEMBER(roost_image, height, 8);
MEMBER(roost_image, channels, 12);
MEMBER(roost_image, rgb8, 16);
MEMBER(roost_image, row_stride, 24);

SIZE(roost_ext_image, 48);
MEMBER(roost_ext_image, struct_size, 0);
MEMBER(roost_ext_image, reserved, 4);
MEMBER(roost_ext_image, begin, 8);
MEMBER(roost_ext_image, step, 16);
MEMBER(roost_ext_image, preview, 24);
MEMBER(roost_ext_image, finish, 32);
MEMBER(roost_ext_image, end, 40);

SIZE(roost_ext_task, 40);
MEMBER(roost_ext_task, struct_size, 0);
MEMBER(roost_ext_task, reserved, 4);
MEMBER(roost_ext_task, list_json, 8);
MEMBER(roost_ext_task, begin, 16);
MEMBER(roost_ext_task, advance, 24);
MEMBER(roost_ext_task, end, 32);

SIZE(roost_ext_selftest, 16);
MEMBER(roost_ext_selftest, struct_size, 0);
MEMBER(roost_ext_selftest, reserved, 4);
MEMBER(roost_ext_selftest, run, 8);
