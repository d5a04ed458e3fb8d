"""What takes longer than `make test` allows: load, kills, full disks, hours in minutes. `make check-deep` runs it.

Each test asserts what it claims and notes its figures, which are printed as a table at the end.
"""
import os
import pathlib
import random

import pytest

_figures = []


@pytest.fixture
def note():
    """Notes a figure for the closing table: what was tried, how much of it, and what came of it."""
    return lambda what, tried, outcome: _figures.append((what, tried, outcome))


@pytest.fixture
def dice(request):
    """Chance that can be had again: the seed stands in the table's head and is set by ROOST_SEED."""
    return random.Random(f"{SEED} {request.node.name}")


SEED = os.environ.get("ROOST_SEED", "1")


def pytest_terminal_summary(terminalreporter):
    if not _figures:
        return
    terminalreporter.section(f"figures, seed {SEED}")
    lines = ["| what | tried | outcome |", "|---|---|---|"]
    lines += [f"| {what} | {tried} | {outcome} |" for what, tried, outcome in _figures]
    for line in lines:
        terminalreporter.write_line(line)
    table = os.environ.get("ROOST_FIGURES")
    if table:
        pathlib.Path(table).write_text("\n".join(lines) + "\n")
