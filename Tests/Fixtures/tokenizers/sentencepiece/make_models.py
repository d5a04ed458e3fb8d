"""Tiny SentencePiece models of both kinds with all their settings, and what the library makes of texts with them.

    pip install sentencepiece protobuf && python make_models.py

golden.json has, for each model, the ids of each text; `shared` has those of the model of the reference fixture t5-tiny,
which has SentencePiece's full map of characters:

    python make_models.py t5-tiny/v1_0/spiece.model
"""
import io
import json
import os
import random
import sys
from pathlib import Path

import sentencepiece

OUT = Path(__file__).resolve().parent
WORDS = """the a river city stone light water bee bees bridge bridges old new long short run running walks walking sings
in on under over near and or but who what where when garden summer winter morning evening quick slow small large read
letter letters number numbers café naïve straße мир город река вода свет 東京 大阪 京都 水 光 123 2024 3.14 don't can't it's""".split()
TEXTS = [
    "", " ", "   ", "a", " a", "a ", "  the   old  bridge  ", "The river\tsings\nin\r\nthe morning.", "running walking",
    "Ｔｈｅ　ｒｉｖｅｒ ﬁnds ①②③ ㎏ ½", "cafe\u0301 café naïve", "x\u200by\u00adz\ufeffw", "▁the▁river", "a▁b ▁ c", "東京の水と光", "мир вода город",
    "😀 the 👨‍👩‍👧 bees", "zzz qqq 𝔘 ꙮ", "<s> the </s> <unk> <pad>", "the <sep> city<sep><mark>river", "<mark>", " <sep> ", "[[a]]",
    "\u0000the\u0007", "don't can't it's 3.14 2024", "...!!!???", "\u3000\u2003the\u2028old", "a" * 300, "river" * 50, " " * 40 + "bee" + " " * 40,
    "Ǆ ß İ ǅ ﷺ", "한국어 \u1112\u1161\u11ab", "e\u0323\u0301 \u0344", "A\u030a \u212b \u2126",
]


def texts(count, seed):
    generator = random.Random(seed)
    ranges = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x400, 0x460), (0x2000, 0x2070), (0x2460, 0x2500), (0x3040, 0x3100), (0x4E00, 0x4E80),
              (0xAC00, 0xAC80), (0xFB00, 0xFB07), (0xFF00, 0xFFA0), (0x1F600, 0x1F640)]
    for _ in range(count):
        parts = []
        for _ in range(generator.randint(1, 12)):
            if generator.random() < 0.6:
                parts.append(generator.choice(WORDS))
            else:
                low, high = generator.choice(ranges)
                parts.append("".join(chr(generator.randrange(low, high)) for _ in range(generator.randint(1, 4))))
        yield "".join(part + generator.choice(["", " ", " ", "  ", "<sep>"]) for part in parts)


def corpus():
    generator = random.Random(1)
    return [" ".join(generator.choice(WORDS) for _ in range(generator.randint(3, 12))) for _ in range(400)]


RULES = [("\uff34", "T"), ("\ufb01", "fi"), ("e\u0301", "é"), ("e\u0301\u0323", "ẹ"), ("\u3000", " "), ("\u2003", " "), ("\t", " "), ("\n", " "),
         ("\u200b", ""), ("\u00bd", "1/2"), ("\u2467", "  8 "), ("A", "a"), ("B", "b"), ("T", "t"), ("  ", " ")]
SETTINGS = {
    "unigram": dict(model_type="unigram", vocab_size=180, user_defined_symbols="<sep>,<mark>,[["),
    "unigram-bytes": dict(model_type="unigram", vocab_size=420, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                          add_dummy_prefix=False),
    "unigram-suffix": dict(model_type="unigram", vocab_size=170, treat_whitespace_as_suffix=True, normalization_rule_name="identity"),
    "bpe": dict(model_type="bpe", vocab_size=500, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                user_defined_symbols="<sep>,<mark>,[["),
    "bpe-plain": dict(model_type="bpe", vocab_size=220),
}


def train(name, settings):
    os.chdir(OUT)  # a model remembers the path of its rules
    rules = Path("rules.tsv")
    rules.write_text("".join(
        f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}\n" for a, b in RULES))
    settings = {"normalization_rule_tsv": str(rules)} | settings if "normalization_rule_name" not in settings else settings
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, character_coverage=1.0, num_threads=1, hard_vocab_limit=False, minloglevel=2, **settings)
    rules.unlink()
    (OUT / f"{name}.model").write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def main():
    all = TEXTS + list(texts(150, 2))
    result = {"texts": all, "ids": {name: train(name, settings).encode(all) for name, settings in SETTINGS.items()}}
    if len(sys.argv) > 1:
        result["ids"]["shared"] = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1]).encode(all)
    (OUT / "golden.json").write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
