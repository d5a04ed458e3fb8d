"""Fills in what Oniguruma, in the tokenizers library (0.23.3), makes of the patterns and texts of the two files.

pre-tokenizers.json: for each way of cutting words that GGUF files name, the patterns of the published tokenizer.json, and
the length in bytes of every word of every text. oniguruma.json: the matches of a pattern, and the pieces that they
cut the text into; and patterns that Oniguruma refuses.
"""

import json
from pathlib import Path

from tokenizers import Regex
from tokenizers.pre_tokenizers import Sequence, Split

FOLDER = Path(__file__).parent


def words(cut, text):
    return [word for word, _ in cut.pre_tokenize_str(text)]


def write(name, contents):
    (FOLDER / name).write_text(json.dumps(contents, indent=1))


kinds = json.loads((FOLDER / "pre-tokenizers.json").read_text())
for kind in kinds["kinds"]:
    cut = Sequence([Split(Regex(pattern), "isolated") for pattern in kind["patterns"]])
    kind["cuts"] = [
        " ".join(str(len(word.encode())) for word in words(cut, text)) for text in kinds["texts"]
    ]
write("pre-tokenizers.json", kinds)

syntax = json.loads((FOLDER / "oniguruma.json").read_text())
for case in syntax["cases"]:
    pattern = Regex(case["pattern"])
    case["matches"] = words(Split(pattern, "removed", invert=True), case["text"])
    case["pieces"] = words(Split(pattern, "isolated"), case["text"])
for pattern in syntax["refused"]:
    try:
        Regex(pattern)
    except Exception:
        continue
    raise SystemExit(f"Oniguruma takes {pattern}")
write("oniguruma.json", syntax)
