"""What transformers makes of vocabularies that stand in vocab.txt, or vocab.json and merges.txt, without tokenizer.json.

    pip install transformers==5.23.0 && python make_golden.py

The vocabularies are those of the folders beside this one; golden.json has, for each file of settings, the ids of each
text and of each text beside the one behind it.
"""
import json
import shutil
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

OUT = Path(__file__).resolve().parent
BESIDE = OUT.parent
TEXTS = [
    "", "The QUICK brown fox, can't stop.", "Élan vital: café naïve ÀÉÎ", "e\u0301 A\u030a \u0130stanbul straße ǅ", "今天天气 is 东京 nice",
    "\u0000a\u0007b\ufffd\u00adc\u200bd", "mask: [MASK] and <mask> here [SEP] x </s>", "a\tb\nc\u3000d\u00a0e", "😀 one two 1,234.56", "  spaced   out  ",
    "Hello<mask> world", "newline\r\n\r\nend", "it's we'll THEY'RE", "x" * 120,
]
WORD_PIECE = {
    f"bert-{int(lower)}{accents}{int(chinese)}": ("wordpiece-uncased" if lower else "wordpiece-cased", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": lower, "strip_accents": {"n": None, "0": False, "1": True}[accents],
        "tokenize_chinese_chars": chinese})
    for lower in (True, False) for accents in ("n", "0", "1") for chinese in (True, False)
}
# As transformers 4 had it, which the models were published for.
MASK = {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}
OTHERS = {
    "distilbert": ("wordpiece-uncased", {"tokenizer_class": "DistilBertTokenizer"}),
    "clip": ("clip", None),
    "roberta": ("../bert-tiny/roberta-cross-encoder", {"tokenizer_class": "RobertaTokenizer", "mask_token": MASK}),
    "roberta-prefix": ("../bert-tiny/roberta-cross-encoder", {"tokenizer_class": "RobertaTokenizer", "mask_token": MASK, "add_prefix_space": True}),
    "bart": ("../bert-tiny/roberta-cross-encoder", {"tokenizer_class": "BartTokenizer", "mask_token": MASK}),
}


def tokenizer(folder, settings):
    with tempfile.TemporaryDirectory() as copy:
        for name in ("vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json"):
            if (BESIDE / folder / name).exists():
                shutil.copy(BESIDE / folder / name, copy)
        if settings:
            (Path(copy) / "tokenizer_config.json").write_text(json.dumps(settings))
        return AutoTokenizer.from_pretrained(copy)


def main():
    cases = {}
    for name, (folder, settings) in (WORD_PIECE | OTHERS).items():
        tok = tokenizer(folder, settings)
        cases[name] = {
            "folder": folder, "settings": json.dumps(settings) if settings else None,
            "ids": [tok(text)["input_ids"] for text in TEXTS],
            "pairs": [tok(first, text)["input_ids"] for first, text in zip(TEXTS, TEXTS[1:])],
        }
    (OUT / "golden.json").write_text(json.dumps({"texts": TEXTS, "cases": cases}, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
