"""T5 version 1.0, Raffel 2020 (arXiv:1910.10683): ReLU and a head tied to the embedding.

Version 1.0 rather than 1.1, because a summary copies: with one matrix for reading and writing, a name piece that
training rarely wrote can still be written, and the vocabulary is stored once.
"""

import torch
from torch.nn import functional as F
from transformers import T5Config, T5ForConditionalGeneration

from summary.tokenizer import SENTINELS


def build(pieces: int) -> T5ForConditionalGeneration:
    rounded = -(-(pieces + SENTINELS) // 64) * 64
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=rounded,
            d_model=256,
            d_kv=64,
            d_ff=768,
            num_layers=3,
            num_decoder_layers=3,
            num_heads=4,
            dropout_rate=0.0,
            relative_attention_num_buckets=32,
            relative_attention_max_distance=128,
            feed_forward_proj="relu",
            tie_word_embeddings=True,
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
            attn_implementation="eager",  # plain products: PyTorch's fused attention is slow on a CPU
        )
    )
    # T5 does not scale its attention: queries are smaller by the root of the head's size instead, and learn as much slower.
    for name, parameter in model.named_parameters():
        if name.endswith(".q.weight"):
            parameter.rate = model.config.d_kv**-0.5
    _look_around(model)
    return model


@torch.no_grad()
def _look_around(model):
    """Relative positions begin as habits: one head looks at the token before, one (of the encoder) at the next, one
    near by. A bias of 5 is out of reach of a thousand of AdamW's steps, and names are copied by their neighbours."""
    distance = torch.arange(16)
    for stack in (model.encoder, model.decoder):
        bias = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight  # [buckets, heads]
        bias.zero_()
        before = bias[:16] if stack is model.encoder else bias  # buckets of the same token and those before it
        before[1, 0] = 5
        before[:16, 2] = -0.5 * distance
        if stack is model.encoder:
            bias[17, 1] = 5  # one ahead
            bias[16:, 2] = -0.5 * distance
        else:
            before[2, 1] = 5
            before[16:, 2] = -8


def loss(model, batch):
    """Cross entropy in float32; `labels` are -100 where nothing is asked."""
    ids, mask, labels = batch
    before = model.prepare_decoder_input_ids_from_labels(labels)
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=before).logits.float()
    right = (logits.argmax(-1) == labels)[labels >= 0].float().mean()
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100), {"right": right}
