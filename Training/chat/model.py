"""The Llama network, Touvron 2023 (arXiv:2302.13971), with grouped queries, Ainslie 2023 (arXiv:2305.13245).

B batch, T tokens, D hidden, H query heads, G key heads, K head size, F feed-forward, V vocabulary.
Parameters are named as in transformers' LlamaForCausalLM; the output layer is the embedding.
"""

from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Configuration:
    vocab_size: int = 3072
    hidden_size: int = 256
    intermediate_size: int = 768
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    max_position_embeddings: int = 1024
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    def as_dict(self):
        return asdict(self)


class RMSNorm(nn.Module):
    def __init__(self, c: Configuration):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(c.hidden_size)), c.rms_norm_eps

    def forward(self, x):
        return F.rms_norm(x.float(), x.shape[-1:], self.weight, self.eps)


class Attention(nn.Module):
    def __init__(self, c: Configuration):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.hidden_size, c.num_attention_heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.num_attention_heads * c.head_dim, c.hidden_size, bias=False)

    def forward(self, x, rotation, cache=None):
        split = lambda y: y.unflatten(-1, (-1, self.c.head_dim)).transpose(1, 2)  # [B, heads, T, K]
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        q, k = rotate(q, rotation), rotate(k, rotation)
        if cache is not None:
            k, v = cache.extend(self, k, v)
        share = self.c.num_attention_heads // self.c.num_key_value_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)  # [B, H, T, K]
        return self.o_proj(attend(q, k, v).transpose(1, 2).flatten(2))  # [B, T, D]


def attend(q, k, v):
    """Causal attention; float32 on a CPU, where PyTorch's bfloat16 kernel took four times as long on short rows."""
    slow = q.device.type == "cpu"
    with torch.autocast(q.device.type, enabled=False):
        kind = torch.float32 if slow else v.dtype
        return F.scaled_dot_product_attention(q.to(kind), k.to(kind), v.to(kind), is_causal=q.shape[2] > 1)


class FeedForward(nn.Module):
    def __init__(self, c: Configuration):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c: Configuration):
        super().__init__()
        self.input_layernorm, self.self_attn = RMSNorm(c), Attention(c)
        self.post_attention_layernorm, self.mlp = RMSNorm(c), FeedForward(c)

    def forward(self, x, rotation, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), rotation, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """`forward` gives logits `[B, T, V]`; rows are padded at their end, which causal attention never sees."""

    def __init__(self, c: Configuration):
        super().__init__()
        self.c, self.model = c, nn.Module()
        self.model.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.model.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.model.norm = RMSNorm(c)
        self.apply(self._initialize)
        for layer in self.model.layers:  # residual branches start smaller, GPT-2's rule
            for last in (layer.self_attn.o_proj, layer.mlp.down_proj):
                nn.init.normal_(last.weight, std=0.02 / (2 * c.num_hidden_layers) ** 0.5)

    @staticmethod
    def _initialize(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)

    def hidden(self, ids, start=0, cache=None):
        rotation = rotations(self.c, start, ids.shape[1], ids.device)
        x = self.model.embed_tokens(ids)  # [B, T, D]
        for layer in self.model.layers:
            x = layer(x, rotation, cache)
        return self.model.norm(x)

    def forward(self, ids, start=0, cache=None):
        return F.linear(self.hidden(ids, start, cache), self.model.embed_tokens.weight)


def rotations(c: Configuration, start: int, length: int, device):
    """Cosine and sine `[T, K]`, halves repeated, arXiv:2104.09864, eq. 34 in the two-halves order."""
    frequencies = c.rope_theta ** -(torch.arange(0, c.head_dim, 2, device=device).float() / c.head_dim)
    angles = torch.outer(torch.arange(start, start + length, device=device).float(), frequencies)
    return torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)


def rotate(x, rotation):
    cosine, sine = rotation
    first, second = x.float().chunk(2, -1)
    return x.float() * cosine + torch.cat([-second, first], -1) * sine


class Cache:
    """Keys and values of earlier tokens, for one batch of prompts of equal length."""

    def __init__(self):
        self.kept = {}

    def extend(self, layer, k, v):
        if layer in self.kept:
            k, v = (torch.cat([old, new], 2) for old, new in zip(self.kept[layer], (k, v)))
        self.kept[layer] = (k, v)
        return k, v
