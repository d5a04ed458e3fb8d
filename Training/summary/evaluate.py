"""Facts kept, facts invented, and ROUGE-L (Lin 2004), on held-out names and templates."""

import re

import torch

from common.device import device
from summary.data import PREFIX, held_out

SPECIFIC = re.compile(r"\b(?:[A-Z][a-z]+|\d+)\b")


def kept(facts: dict, summary: str) -> int:
    """How many of the key facts' values stand in the summary as whole words."""
    return sum(
        re.search(rf"(?<!\w){re.escape(value.lower())}(?!\w)", summary.lower()) is not None for value in facts.values()
    )


def invented(text: str, reference: str, summary: str) -> tuple[int, int]:
    """Names and numbers that stand neither in the text nor in the reference, and how many there are in all."""
    known = set(re.findall(r"\w+", (text + " " + reference).lower()))
    specific = SPECIFIC.findall(summary)
    return sum(word.lower() not in known for word in specific), len(specific)


def rouge_l(reference: str, summary: str) -> float:
    """The F measure of the longest common subsequence of words."""
    a, b = re.findall(r"\w+", reference.lower()), re.findall(r"\w+", summary.lower())
    row = [0] * (len(b) + 1)
    for word in a:
        previous = 0
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], previous + 1 if word == other else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b)) if a and b else 0.0


def score(documents, summaries) -> dict:
    facts = sum(len(d.facts) for d in documents)
    wrong = [invented(d.text, d.summary, s) for d, s in zip(documents, summaries)]
    numbers = {
        "kept": round(100 * sum(kept(d.facts, s) for d, s in zip(documents, summaries)) / facts, 1),
        "invented": round(100 * sum(w for w, _ in wrong) / max(1, sum(n for _, n in wrong)), 1),
        "rouge_l": round(sum(rouge_l(d.summary, s) for d, s in zip(documents, summaries)) / len(documents), 3),
    }
    numbers["bars"] = {
        "kept": _met(numbers["kept"] >= 85),
        "invented": _met(numbers["invented"] < 3),
        "rouge_l": _met(numbers["rouge_l"] >= 0.6),
    }
    return numbers


def _met(is_met):
    return "met" if is_met else "not met"


@torch.no_grad()
def summaries(model, pieces, texts, batch: int = 32, longest: int = 96) -> list[str]:
    """Greedy summaries."""
    model.eval()
    found = []
    for start in range(0, len(texts), batch):
        rows = [ids + [1] for ids in pieces.encode([PREFIX + text for text in texts[start : start + batch]])]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=device())
        out = model.generate(
            input_ids=ids, attention_mask=(ids != 0).long(), max_new_tokens=longest, do_sample=False, num_beams=1
        )
        found += [pieces.decode([i for i in row if 2 < i < len(pieces)]) for row in out.tolist()]
    return found


def measured(model, pieces, share: float = 1.0, show: int = 3) -> dict:
    documents = held_out(max(8, int(500 * share)))
    written = summaries(model, pieces, [d.text for d in documents])
    for document, text in [(d, s) for d, s in zip(documents, written) if s != d.summary][:show]:
        print(f"  {document.text!r}\n    wanted {document.summary!r}\n    got    {text!r}")
    return score(documents, written)
