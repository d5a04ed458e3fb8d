"""The byte-level BPE, trained on the generated conversations; the pre-tokenizer is Qwen 2's."""

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from chat.mixture import draw_training
from chat.template import SPECIAL
from common.seeds import generator

# Digits stand alone, which makes sums and copied numbers easier. llama.cpp knows this pattern as "qwen2".
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PRE = "qwen2"


def train_tokenizer(path: Path, seed: int, vocabulary: int = 3072, conversations: int = 40000) -> Tokenizer:
    """Trains once and keeps the file."""
    if path.exists():
        return Tokenizer.from_file(str(path))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    rng = generator("chat tokenizer", seed)
    tokenizer.train_from_iterator(_texts(rng, conversations), trainer)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def _texts(rng, count):
    for _ in range(count):
        for role, content in draw_training(rng).messages:
            yield f"{role}\n{content}\n"
