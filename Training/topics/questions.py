"""Passages with questions whose answer is a piece of the passage, or that it does not answer."""

from typing import NamedTuple

from chat.passages import Text

UNANSWERABLE = 0.2


class Question(NamedTuple):
    """The answer is `passage[start:end]`; both are 0 where the passage has none."""

    question: str
    passage: str
    start: int
    end: int

    @property
    def answer(self) -> str:
        return self.passage[self.start : self.end]


def draw_question(rng, held=False, unanswerable=UNANSWERABLE) -> Question:
    draw = _unanswerable if rng.random() < unanswerable else _answerable
    return draw(rng, held)


def _answerable(rng, held) -> Question:
    while True:
        text = Text(rng, held)
        (name, key), value = rng.choice(list(text.values.items()))
        answer = str(value).removeprefix("an ").removeprefix("a ")
        if text.text.count(answer) == 1:
            start = text.text.index(answer)
            return Question(text.asked(name, key, held), text.text, start, start + len(answer))


def _unanswerable(rng, held) -> Question:
    """What the passage leaves out of somebody, or anything about somebody whom it does not name."""
    text, other = Text(rng, held), Text(rng, held)
    if text.missing and rng.random() < 0.5:
        return Question(text.asked(*rng.choice(text.missing), held), text.text, 0, 0)
    while set(other.names) & set(text.names):
        other = Text(rng, held)
    return Question(other.asked(*rng.choice(list(other.values)), held), text.text, 0, 0)
