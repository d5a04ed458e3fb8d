#!/usr/bin/env python3
"""Makes a Llama of the shape of Llama-3.2-1B with random weights, as Q8_0 and as Q4_K_M.

    Benchmarks/make_llama_1b.py [FOLDER]

Two files of 1.3 and 0.8 GB, the same on every machine; one that is already there is left alone.
The vocabulary is synthetic: byte-level BPE of 128256 entries. Needs numpy.
"""

import argparse
import itertools
import math
import os
import string as letters
from pathlib import Path

import numpy as np

import gguf_writer as gguf
from gguf_writer import F32, Q4_K, Q6_K, Q8_0, ElementType, Tensor
from random_blocks import blocks

LAYERS = 16
HIDDEN = 2048
INTERMEDIATE = 8192
HEADS, KV_HEADS, HEAD_SIZE = 32, 8, 64
VOCABULARY = 128256
CONTROL = 256  # of the vocabulary, at its end
ROPE_THETA = 500000.0

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
    "<|end_header_id|>\n\n{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder())
    for path in make(parser.parse_args().folder):
        print(path)


def default_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "roost" / "benchmarks"


def make(folder: Path) -> list[Path]:
    """The paths of both files, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return [make_file(folder / f"llama-1b-{kind}.gguf", kind) for kind in ("q8_0", "q4_k_m")]


def make_file(path: Path, kind: str) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            gguf.write(file, metadata(kind), tensors(kind))
        unfinished.rename(path)
    return path


# Tensors


def tensors(kind: str) -> list[Tensor]:
    rng = np.random.default_rng(20261122)

    def matrix(name: str, rows: int, columns: int) -> Tensor:
        type = element_type(name, kind)
        deviation = 1 / math.sqrt(columns)
        count = rows * columns // type.size
        return Tensor(
            name, (rows, columns), type, lambda: blocks(type, count, deviation, rng))

    def vector(name: str, values: np.ndarray) -> Tensor:
        return Tensor(name, values.shape, F32, values.astype("<f4").tobytes)

    # The head is tied: the embeddings are the output matrix too.
    all_tensors = [matrix("token_embd.weight", VOCABULARY, HIDDEN)]
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        all_tensors += [
            vector(name + "attn_norm.weight", np.ones(HIDDEN)),
            matrix(name + "attn_q.weight", HEADS * HEAD_SIZE, HIDDEN),
            matrix(name + "attn_k.weight", KV_HEADS * HEAD_SIZE, HIDDEN),
            matrix(name + "attn_v.weight", KV_HEADS * HEAD_SIZE, HIDDEN),
            matrix(name + "attn_output.weight", HIDDEN, HEADS * HEAD_SIZE),
            vector(name + "ffn_norm.weight", np.ones(HIDDEN)),
            matrix(name + "ffn_gate.weight", INTERMEDIATE, HIDDEN),
            matrix(name + "ffn_up.weight", INTERMEDIATE, HIDDEN),
            matrix(name + "ffn_down.weight", HIDDEN, INTERMEDIATE),
        ]
    all_tensors += [
        vector("output_norm.weight", np.ones(HIDDEN)),
        vector("rope_freqs.weight", rope_divisors()),
    ]
    return all_tensors


def element_type(name: str, kind: str) -> ElementType:
    """Q4_K_M keeps the output, and the values and down projections of half the layers, in Q6_K:
    the first and the last eighth of the layers, and every third of the others."""
    if kind == "q8_0":
        return Q8_0
    if name == "token_embd.weight":
        return Q6_K
    layer = int(name.split(".")[1])
    eighth = LAYERS // 8
    important = layer < eighth or layer >= 7 * eighth or (layer - eighth) % 3 == 2
    return Q6_K if important and ("attn_v" in name or "ffn_down" in name) else Q4_K


def rope_divisors() -> np.ndarray:
    """Llama 3's scaling of 32: long wavelengths are divided, short ones kept, between them a blend."""
    factor, low, high, original = 32.0, 1.0, 4.0, 8192.0
    wavelengths = 2 * np.pi * ROPE_THETA ** (np.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
    smooth = np.clip((original / wavelengths - low) / (high - low), 0, 1)
    return 1 / ((1 - smooth) / factor + smooth)


# Metadata


def metadata(kind: str) -> dict[str, tuple[int, bytes]]:
    tokens, kinds, merges = vocabulary()
    values = {
        "general.architecture": "llama",
        "general.name": "random weights of the shape of Llama-3.2-1B",
        "general.file_type": {"q8_0": 7, "q4_k_m": 15}[kind],
        "general.quantization_version": 2,
        "llama.block_count": LAYERS,
        "llama.context_length": 131072,
        "llama.embedding_length": HIDDEN,
        "llama.feed_forward_length": INTERMEDIATE,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV_HEADS,
        "llama.attention.key_length": HEAD_SIZE,
        "llama.attention.value_length": HEAD_SIZE,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": HEAD_SIZE,
        "llama.rope.freq_base": ROPE_THETA,
        "llama.vocab_size": VOCABULARY,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.bos_token_id": tokens.index("<|begin_of_text|>"),
        "tokenizer.ggml.eos_token_id": tokens.index("<|eot_id|>"),
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }
    return {key: gguf.scalar(value) for key, value in values.items()} | {
        "tokenizer.ggml.tokens": gguf.strings(tokens),
        "tokenizer.ggml.token_type": gguf.int32s(kinds),
        "tokenizer.ggml.merges": gguf.strings(merges),
    }


def vocabulary() -> tuple[list[str], list[int], list[str]]:
    """Tokens, their kinds (1 normal, 3 control), and merges.

    The 256 bytes; then every pair that begins with a space or letter and ends with a letter, every
    such pair and a letter, and so on: each token is made by the one merge of its number.
    """
    alphabet = letters.ascii_lowercase
    tokens = byte_characters()
    merges: list[str] = []
    stems = ["Ġ", *alphabet]
    while stems:
        room = VOCABULARY - CONTROL - len(tokens)
        pairs = list(itertools.islice(itertools.product(stems, alphabet), room))
        merges += [f"{stem} {letter}" for stem, letter in pairs]
        stems = [stem + letter for stem, letter in pairs]
        tokens += stems
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
               "<|eot_id|>"]
    special += [f"<|reserved_special_token_{i}|>" for i in range(CONTROL - len(special))]
    return tokens + special, [1] * len(tokens) + [3] * CONTROL, merges


def byte_characters() -> list[str]:
    """A printable character for each byte, as GPT-2 writes them: those that are printable in
    Latin-1 stand for themselves, the others get the characters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


if __name__ == "__main__":
    main()
