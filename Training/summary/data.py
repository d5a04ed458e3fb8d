"""Documents, and batches of token numbers."""

import re
from dataclasses import dataclass

import numpy as np
import torch

from common.blocks import Rows, batches_by_length, prepare
from common.phrases import fill
from common.seeds import generator
from summary.kinds import KINDS

PREFIX = "summarize: "
REPEAT, REPEATS = "repeat: ", 0.3  # the share of training that only says a text again, which teaches to copy names
BLOCK = 5000


@dataclass
class Document:
    kind: str
    text: str
    summary: str
    facts: dict[str, str]


def draw_document(rng, held=False) -> Document:
    """Lines keep their order; up to three fillers stand anywhere between, in a dialogue on lines of their own."""
    name = rng.choice(list(KINDS))
    kind = KINDS[name]
    facts = kind.facts(rng, held)
    lines = [line.draw(rng, held, **facts) for line in kind.lines]
    for _ in range(rng.randint(0, 3)):
        filler = kind.fillers.draw(rng, held, **facts)
        if filler not in lines:
            lines.insert(rng.randint(0, len(lines)), filler)
    join = "\n" if name in ("meeting", "favour") and rng.random() < 0.5 else " "
    return Document(name, join.join(lines), fill(kind.summary, facts), {key: str(facts[key]) for key in kind.keys})


def block(pieces, seed: int, number: int) -> dict:
    rng = generator("summary data", seed, number)
    pairs = [_pair(rng) for _ in range(BLOCK)]
    encode = lambda texts: [np.array(ids + [pieces.eos_id()], np.uint16) for ids in pieces.encode(texts)]
    return {"text": encode([text for text, _ in pairs]), "summary": encode([summary for _, summary in pairs])}


def _pair(rng) -> tuple[str, str]:
    """A text under its prefix, and its summary, or now and then one of its sentences."""
    document = draw_document(rng)
    if rng.random() < REPEATS:
        sentence = rng.choice(re.split(r"(?<=[.!?])\s", document.text))
        return REPEAT + sentence, sentence
    return PREFIX + document.text, document.summary


def load_rows(folder, pieces, seed: int, blocks: int) -> Rows:
    """Makes what is missing, in processes that are forked: call it before a GPU is touched."""
    return Rows(prepare(folder, lambda number: block(pieces, seed, number), blocks))


def batches(rows: Rows, seed: int, budget: int):
    """Endless `(ids, mask, labels)`; labels are -100 behind the end."""
    for indices in batches_by_length(rows.lengths("text"), budget, np.random.default_rng(seed)):
        ids = rows.padded("text", indices, 0)
        labels = rows.padded("summary", indices, -100, 8)
        yield torch.from_numpy(ids), torch.from_numpy((ids != 0).astype(np.int64)), torch.from_numpy(labels)


def held_out(count: int, seed: int = 1) -> list[Document]:
    """Documents of held-out names, towns and sentence patterns only."""
    rng, found = generator("summary test", seed), {}
    while len(found) < count:
        document = draw_document(rng, True)
        found.setdefault(document.text, document)
    return list(found.values())
