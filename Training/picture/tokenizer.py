"""A byte-level BPE in CLIP's form: lower case, `</w>` at word ends, 256 + 256 letters before the merges."""

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from common.export import write_json
from common.seeds import generator
from picture.scenes import draw_example

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 32


def train_tokenizer(folder: Path, seed: int, merges: int = 300) -> None:
    """Writes vocab.json, merges.txt and tokenizer_config.json once; transformers' CLIPTokenizer reads them."""
    if (folder / "merges.txt").exists():
        return
    learned = _merges(_captions(generator("picture tokenizer", seed)), merges)
    letters = _alphabet()
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in learned] + [START, END]
    write_json(folder / "vocab.json", {token: number for number, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in learned), encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": LENGTH,
            "do_lower_case": True,
            "errors": "replace",
            **special,
        },
    )


def _alphabet() -> list[str]:
    """The printable stand-ins of the 256 bytes in GPT-2's order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + n) for n in range(len(rest))]


def _merges(captions, count) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(vocab_size=count + 80, end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator(captions, trainer)
    found = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in found][:count]


def _captions(rng, count=8000):
    return (draw_example(rng).caption for _ in range(count))


def load_tokenizer(folder: Path):
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(folder)


def encode(tokenizer, captions):
    """`[N, LENGTH]` token numbers, padded with the end mark."""
    return tokenizer(captions, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt").input_ids
