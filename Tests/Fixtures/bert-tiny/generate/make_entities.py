"""What transformers' pipeline finds in texts with the tiny token classifier, the first piece of a word deciding.

    pip install torch transformers==5.23.0 && python make_entities.py

entities.json has label, first and last code point and score of each entity of each text.
"""
import json
from pathlib import Path

import transformers

FOLDER = Path(__file__).resolve().parent.parent
TEXTS = [
    "Anna Schmidt flew from Berlin to New York.", "The quick brown fox met İnci in Zürich.", "今天 John went home", "",
    "e\u0301te\u0301 naïve coöperation re-enters 👋🏽 3.14", "Dr. Smith-Jones (of Acme, Inc.) paid $4.50 on 2024-01-02!",
    "  spaces   and\ttabs\nand lines  ", "ALL CAPS ÅNGSTRÖM straße", "one two three four five six seven eight nine ten",
]


def main():
    folder = FOLDER / "token-classifier"
    model = transformers.AutoModelForTokenClassification.from_pretrained(folder)
    find = transformers.pipeline("token-classification", model=model, tokenizer=transformers.AutoTokenizer.from_pretrained(folder),
                                 aggregation_strategy="first")
    cases = [{"text": text, "entities": [
        {"label": e["entity_group"], "start": e["start"], "end": e["end"], "score": round(float(e["score"]), 7)} for e in (find(text) if text else [])
    ]} for text in TEXTS]
    (FOLDER / "entities.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
