"""WordPiece, uncased, trained on the generated sentences."""

from pathlib import Path
from string import ascii_lowercase, digits

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from common.seeds import generator
from topics.opinions import draw_sentiment
from topics.questions import draw_question
from topics.subjects import draw_topic

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def train_tokenizer(path: Path, seed: int, vocabulary: int = 1200) -> Tokenizer:
    if path.exists():
        return Tokenizer.from_file(str(path))
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(_texts(generator("topics tokenizer", seed)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def _texts(rng, count=12000):
    yield " ".join(2 * letter for letter in ascii_lowercase + digits)  # no word is unknown
    for _ in range(count):
        yield draw_sentiment(rng)[0]
        yield draw_topic(rng)[0]
        question, text, _, _ = draw_question(rng)
        yield f"{question} {text}"
