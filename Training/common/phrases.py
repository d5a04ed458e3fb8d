"""Small grammars of sentences, a part of which training never sees."""

import re
from functools import cache
from itertools import product

from common.seeds import is_held

SLOT = re.compile(r"\{(\w+)\}")
VOWEL = re.compile(r"\b([Aa]) (?=[aeio])(?!eu|one)")


def expand(pattern: str) -> list[str]:
    """Every reading of `"[What is|Name] the capital[ city|] of {country}"`; brackets nest."""
    readings, rest = _sequence(pattern, 0)
    if rest != len(pattern):
        raise ValueError(f"unbalanced bracket in phrase '{pattern}'")
    return list(dict.fromkeys(" ".join(text.split(" ")) for text in readings))


def _sequence(pattern: str, at: int) -> tuple[list[str], int]:
    parts = []
    while at < len(pattern) and pattern[at] not in "|]":
        if pattern[at] == "[":
            choices, at = _choice(pattern, at + 1)
            parts.append(choices)
        else:
            end = min((i for i in (pattern.find(c, at) for c in "[|]") if i >= 0), default=len(pattern))
            parts.append([pattern[at:end]])
            at = end
    return ["".join(choice) for choice in product(*parts)], at


def _choice(pattern: str, at: int) -> tuple[list[str], int]:
    choices = []
    while True:
        readings, at = _sequence(pattern, at)
        choices += readings
        if at >= len(pattern):
            raise ValueError(f"unbalanced bracket in phrase '{pattern}'")
        if pattern[at] == "]":
            return choices, at + 1
        at += 1


@cache
def _parts(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    readings = expand(pattern)
    if len(readings) < 4:
        return tuple(readings), ()
    return tuple(text for text in readings if not _held(text)), tuple(text for text in readings if _held(text))


def _held(text: str) -> bool:
    """Readings that differ only in the mark at their end stay together."""
    return is_held(text.strip(" ?.!,"))


class Phrases:
    """Ways to say one thing: patterns for training, and patterns that only the tests use.

    Of the readings of a training pattern a fixed share is held out as well. A draw from the
    held-out part takes a whole held-out pattern half of the time, if there is one.
    """

    def __init__(self, *patterns: str, held: tuple[str, ...] = ()):
        parts = [_parts(pattern) for pattern in patterns]
        self.train = [part[0] for part in parts if part[0]]
        self.held_readings = [part[1] for part in parts if part[1]]
        self.held_patterns = [tuple(expand(pattern)) for pattern in held]

    def draw(self, rng, held: bool = False, **slots) -> str:
        """A sentence with its slots filled; pattern first, so that a rich one does not crowd out others."""
        return fill(rng.choice(rng.choice(self._groups(rng, held))), slots)

    def readings(self, held: bool = False) -> list[str]:
        """All sentences of one part, slots open."""
        groups = self.held_readings + self.held_patterns if held else self.train
        return [text for group in groups for text in group]

    def _groups(self, rng, held):
        if not held:
            return self.train
        kinds = [groups for groups in (self.held_readings, self.held_patterns) if groups]
        return rng.choice(kinds) if kinds else self.train


def fill(text: str, slots: dict) -> str:
    """The sentence with `{name}` replaced, `a` made `an` where a vowel follows, and a capital at its start."""
    return capital(VOWEL.sub(r"\1n ", SLOT.sub(lambda match: str(slots[match[1]]), text)))


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def article(noun: str) -> str:
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def listing(items: list[str], last: str = "and") -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
