"""Accuracy and exact answers on held-out templates and names."""

import torch

from common.card import percent
from common.device import device
from topics.data import LIMIT, held_out, packed, passage_tokens
from topics.model import TASKS

BARS = {"sentiment": 90, "topic": 90, "answers": 80}
LONGEST = 12  # tokens of an answer


@torch.no_grad()
def measured(model, tokenizer, share: float = 1.0) -> dict:
    """Percent right of each task's held-out sets, and whether the bars are met."""
    model.eval()
    numbers = {}
    for name in [*TASKS, "unanswerable"]:
        examples = held_out(name, max(16, int(1000 * share)))
        right = 0
        for start in range(0, len(examples), 64):
            right += _count_right(model, tokenizer, name, examples[start : start + 64])
        numbers[name] = percent(right, len(examples))
    numbers["bars"] = {task: "met" if numbers[task] >= bar else "not met" for task, bar in BARS.items()}
    return numbers


def _count_right(model, tokenizer, name, examples) -> int:
    if labels := TASKS.get(name):
        logits = _logits(model, name, [tokenizer.encode(text) for text, _ in examples])
        return sum(labels[i] == label for i, (_, label) in zip(logits.argmax(-1).tolist(), examples))
    encodings = [tokenizer.encode(each.question, each.passage) for each in examples]
    for encoding in encodings:
        encoding.truncate(LIMIT)
    found = [answer(*scores, e) for scores, e in zip(_logits(model, "answers", encodings).tolist(), encodings)]
    return sum(place == (each.start, each.end) for place, each in zip(found, examples))


def _logits(model, task, encodings):
    ids, kinds, mask, _ = packed(encodings, [0])
    return model(task, ids.to(device()), kinds.to(device()), mask.to(device())).cpu()


def best_span(starts, ends, encoding) -> tuple[int, int]:
    """First and last token of the best-scored piece of the passage."""
    places = passage_tokens(encoding)
    return max(
        ((i, j) for i in places for j in places if i <= j < i + LONGEST), key=lambda p: starts[p[0]] + ends[p[1]]
    )


def answer(starts, ends, encoding) -> tuple[int, int]:
    """Characters of the best piece; `(0, 0)` where the first token, "no answer", scores higher."""
    first, last = best_span(starts, ends, encoding)
    if starts[0] + ends[0] > starts[first] + ends[last]:
        return 0, 0
    return encoding.offsets[first][0], encoding.offsets[last][1]
