#!/usr/bin/env python3
"""Writes Runtime/Sources/CKernels/codebooks.h from the tables of the Python package `gguf` (pip install gguf),
which are part of the definition of the IQ1, IQ2 and IQ3 formats."""

from pathlib import Path

from gguf import quants

BOOKS = [
    ("iq2_xxs", quants.IQ2_XXS, 32),
    ("iq2_xs", quants.IQ2_XS, 32),
    ("iq2_s", quants.IQ2_S, 32),
    ("iq3_xxs", quants.IQ3_XXS, 16),
    ("iq3_s", quants.IQ3_S, 16),
    ("iq1", quants.IQ1_S, 32),
]


def rows(book) -> list[list[int]]:
    """The entries, each number by its place among the values of the format."""
    book.init_grid()
    place = {value: index for index, value in enumerate(book.grid_map)}
    return [[place[int(number)] for number in row] for row in book.grid.reshape(book.grid_shape)]


def table(name: str, book, bits: int) -> str:
    entries = [
        f"0x{sum(digit << 4 * index for index, digit in enumerate(row)):0{bits // 4}x}" for row in rows(book)
    ]
    each = 8 if bits == 32 else 12
    lines = [", ".join(entries[start : start + each]) + "," for start in range(0, len(entries), each)]
    body = "\n".join("    " + line for line in lines)
    return f"static const uint{bits}_t rk_codebook_{name}[{len(entries)}] = {{\n{body}\n}};\n"


def main() -> None:
    text = """#ifndef RK_CODEBOOKS_H
#define RK_CODEBOOKS_H

// Written by Tools/make-codebooks.py.

#include <stdint.h>

// The codebooks of the formats IQ1, IQ2 and IQ3, as llama.cpp defines them. An entry has a digit of four
// bits for each number, the first lowest: its place among the format's sizes.

"""
    text += "\n".join(table(*book) for book in BOOKS)
    text += "\n#endif\n"
    path = Path(__file__).parent.parent / "Runtime/Sources/CKernels/codebooks.h"
    path.write_text(text)


if __name__ == "__main__":
    main()
