"""Documents, and batches of token numbers."""

import re
from dataclasses import dataclass

import numpy as np
import torch

from common.blocks import Rows, batches_by_length, prepare
from common.phrases import fill
from common.seeds import generator
from summary import more
from summary.kinds import KINDS

PREFIX = "summarize: "
REPEAT, REPEATS = "repeat: ", 0.2  # the share of training that only says a text again, which teaches to copy names
BLOCK = 5000
CUTS = 16  # of the ways to cut a word into pieces, the likeliest
DIALOGUES = ("meeting", "favour")
WORD = re.compile(r"\b[A-Za-z]+")


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
    lines = [_line(rng, held, *both).draw(rng, held, **facts) for both in zip(kind.lines, more.LINES[name])]
    for _ in range(rng.randint(0, 3)):
        filler = _filler(rng, held, name, facts)
        if filler not in lines:
            lines.insert(rng.randint(0, len(lines)), filler)
    join = "\n" if name in DIALOGUES and rng.random() < 0.5 else " "
    return Document(name, join.join(lines), fill(kind.summary, facts), {key: str(facts[key]) for key in kind.keys})


def _line(rng, held, phrases, further):
    """In training every second way is one of those that no test draws from."""
    return further if not held and rng.random() < 0.5 else phrases


def _filler(rng, held, name, facts):
    if held or rng.random() < 0.5:
        return KINDS[name].fillers.draw(rng, held, **facts)
    return f"{facts[rng.choice('ab')]}: {more.chatter(rng)}" if name in DIALOGUES else more.chatter(rng)


def block(pieces, seed: int, number: int) -> dict:
    rng = generator("summary data", seed, number)
    pairs = [encode_pair(pieces, rng, *_pair(rng)) for _ in range(BLOCK)]
    rows = lambda part: [np.array(pair[part] + [pieces.eos_id()], np.uint16) for pair in pairs]
    return {"text": rows(0), "summary": rows(1)}


def encode_pair(pieces, rng, text: str, summary: str) -> tuple[list[int], list[int]]:
    """Token numbers. In every second pair some words are cut otherwise than the unigram model likes best (after Kudo
    2018, arXiv:1804.10959), each the same way in text and summary, so that names out of any pieces are copied."""
    if rng.random() < 0.5:
        return pieces.encode(text), pieces.encode(summary)
    cut = {
        word: rng.choice(pieces.nbest_encode(word, nbest_size=CUTS, out_type=int))
        for word in dict.fromkeys(WORD.findall(text))
        if rng.random() < (0.7 if word[0].isupper() else 0.2)
    }
    return encode_cut(pieces, text, cut), encode_cut(pieces, summary, cut)


def encode_cut(pieces, text: str, cut: dict[str, list[int]]) -> list[int]:
    """The text with the given words cut as given. No piece holds both letters and marks, or parts of two words."""
    found = []
    for part in text.split():
        word = WORD.match(part)
        if word and word[0] in cut and not any(map(str.isalnum, part[word.end() :])):
            found += cut[word[0]] + [pieces.piece_to_id(mark) for mark in part[word.end() :]]
        else:
            found += pieces.encode(part)
    return found


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
