"""Writes forms.json: what Python's unicodedata makes of every character and of random strings in forms KC and KD.

usage: make_forms.py > forms.json

`blocks` has, for each 4096 code points that hold an assigned character, FNV-1a over the UTF-8 of all their assigned
characters' forms, each ended by a zero byte. Forms of assigned characters never change, so that a later version of
Unicode gives the same. `texts` has strings of characters that are neighbours of each other in hard cases: marks of
all classes, Hangul, ligatures, characters of compatibility.
"""
import json
import random
import sys
import unicodedata

FORMS = ("NFKC", "NFKD")


def assigned(code):
    return not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) != "Cn"


def fnv1a(data, state):
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def block(start):
    states = [0xCBF29CE484222325] * len(FORMS)
    for code in filter(assigned, range(start, start + 0x1000)):
        states = [fnv1a(unicodedata.normalize(form, chr(code)).encode() + b"\0", state) for form, state in zip(FORMS, states)]
    return [f"{state:016x}" for state in states]


def texts():
    generator = random.Random(7)
    codes = list(filter(assigned, range(0x110000)))
    hard = [c for c in codes if unicodedata.combining(chr(c)) or unicodedata.decomposition(chr(c))] + list(range(0x1100, 0x1200))
    for length in range(1, 121):
        pool = hard if length % 3 else codes
        yield "".join(chr(generator.choice(pool if generator.random() < 0.8 else range(0x20, 0x7F))) for _ in range(length % 24 + 1))


def main():
    starts = [start for start in range(0, 0x110000, 0x1000) if any(map(assigned, range(start, start + 0x1000)))]
    json.dump({
        "version": unicodedata.unidata_version,
        "forms": FORMS,
        "blocks": {f"{start:X}": block(start) for start in starts},
        "texts": [[text] + [unicodedata.normalize(form, text) for form in FORMS] for text in texts()],
    }, fp=sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
