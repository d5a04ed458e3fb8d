"""The SentencePiece unigram vocabulary, trained on the generated documents."""

import io
from pathlib import Path

import sentencepiece

from common.seeds import generator
from summary.data import PREFIX, draw_document

SENTINELS = 100


def train_pieces(path: Path, seed: int, vocabulary: int = 2000):
    """Ids as T5 has them: 0 padding, 1 end, 2 unknown; sentinels come behind and are not in the file."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        model = io.BytesIO()  # not a file of its own naming, whose path it would keep
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_sentences(generator("summary tokenizer", seed)),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocabulary,
            character_coverage=1.0,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            split_digits=True,
            required_chars="".join(map(chr, range(33, 127))),
            normalization_rule_name="nmt_nfkc",
            num_threads=1,
            minloglevel=2,
            hard_vocab_limit=False,
            input_sentence_size=0,
            shuffle_input_sentence=False,
        )
        path.write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def _sentences(rng, count=12000):
    for _ in range(count):
        document = draw_document(rng)
        yield from (PREFIX + document.text).split("\n")
        yield document.summary
