"""Randomness that is the same on every machine, and the split that training never crosses."""

import hashlib
import random


def digest(*parts) -> int:
    """64 bits of BLAKE2b; unlike `hash` the same in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def generator(*parts) -> random.Random:
    """A generator of its own for each name, so that adding one stream moves no other."""
    return random.Random(digest(*parts))


def is_held(key: str, share: float = 0.15) -> bool:
    """Whether a phrase or an entity belongs to the held-out part, decided by its letters alone.

    Both sides ask this function, so the two parts are disjoint by construction.
    """
    return digest("held", " ".join(key.lower().split())) < share * 2**64
