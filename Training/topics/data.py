"""Batches straight from the generators, and the fixed test sets."""

from functools import partial
from itertools import count

import torch

from common.seeds import generator
from topics.opinions import SENTIMENTS, draw_sentiment
from topics.questions import draw_question
from topics.subjects import TOPICS, draw_topic

LIMIT = 256
MASKED = 0.3  # of the words


def packed(encodings, targets):
    """`(ids, kinds, mask, targets)`, padded to a multiple of 8."""
    width = -(-max(len(e.ids) for e in encodings) // 8) * 8
    pad = lambda row: row + [0] * (width - len(row))
    rows = [[pad(getattr(e, name)) for e in encodings] for name in ("ids", "type_ids", "attention_mask")]
    return *(torch.tensor(row) for row in rows), torch.tensor(targets)


def labelled(tokenizer, drawn, labels):
    return packed([tokenizer.encode(text) for text, _ in drawn], [labels.index(label) for _, label in drawn])


def passage_tokens(encoding) -> list[int]:
    """Places of the second text's tokens."""
    return [i for i, (start, end) in enumerate(encoding.offsets) if encoding.type_ids[i] == 1 and end > start]


def span(encoding, start, end) -> list[int]:
    """First and last token of the passage's characters `start` to `end`; without any, the first token of all, twice."""
    offsets = encoding.offsets
    inside = [i for i in passage_tokens(encoding) if offsets[i][0] < end and offsets[i][1] > start]
    return [inside[0], inside[-1]] if inside else [0, 0]


def questions(tokenizer, drawn):
    encodings = [(tokenizer.encode(each.question, each.passage), each) for each in drawn]
    kept = [(encoding, each) for encoding, each in encodings if len(encoding.ids) <= LIMIT]
    return packed([e for e, _ in kept], [span(e, each.start, each.end) for e, each in kept])


def words(tokenizer, rng, drawn):
    """Questions with their passages, whole words of them masked: what is asked for is the words."""
    encodings = [tokenizer.encode(each.question, each.passage) for each in drawn]
    encodings = [encoding for encoding in encodings if len(encoding.ids) <= LIMIT]
    ids, kinds, mask, _ = packed(encodings, [0])
    targets = torch.full_like(ids, -100)
    for row, encoding in enumerate(encodings):
        names = list(zip(encoding.type_ids, encoding.word_ids))  # words are counted anew in each text
        chosen = {name for name in dict.fromkeys(names) if name[1] is not None and rng.random() < MASKED}
        places = [i for i, name in enumerate(names) if name in chosen]
        targets[row, places] = ids[row, places]
        ids[row, places] = tokenizer.token_to_id("[MASK]")
    return ids, kinds, mask, targets


PARTS = {
    "words": (draw_question, words),
    "sentiment": (draw_sentiment, lambda tokenizer, rng, drawn: labelled(tokenizer, drawn, SENTIMENTS)),
    "topic": (draw_topic, lambda tokenizer, rng, drawn: labelled(tokenizer, drawn, TOPICS)),
    "answers": (draw_question, lambda tokenizer, rng, drawn: questions(tokenizer, drawn)),
}
GROUP = 4  # batches that are drawn together, so that each has texts of about one length


def batches(tokenizer, seed, sizes, first=0):
    """Endless batches of `sizes[task]` examples of each task, the same wherever training was interrupted but for
    what is left of a group."""
    for number in count(first // GROUP):
        rng = generator("topics data", seed, number)
        drawn = {task: _by_length(PARTS[task][0], rng, size * GROUP) for task, size in sizes.items()}
        for part in rng.sample(range(GROUP), GROUP):
            yield {
                task: PARTS[task][1](tokenizer, rng, drawn[task][part * size : (part + 1) * size])
                for task, size in sizes.items()
            }


def _by_length(draw, rng, size) -> list:
    return sorted((draw(rng) for _ in range(size)), key=lambda example: sum(len(part) for part in example[:2]))


DRAWS = {
    "sentiment": draw_sentiment,
    "topic": draw_topic,
    "answers": partial(draw_question, unanswerable=0),
    "unanswerable": partial(draw_question, unanswerable=1),
}


def held_out(name: str, size: int, seed: int = 1) -> list:
    """The fixed test set of a name in `DRAWS`, no two alike."""
    rng, found = generator("topics test", name, seed), {}
    while len(found) < size:
        example = DRAWS[name](rng, True)
        found.setdefault(example[:-1], example)
    return list(found.values())
