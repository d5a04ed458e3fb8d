"""Generated data as blocks of arrays: made once, in parallel, the same for the same seed."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np


def prepare(folder: Path, make: Callable[[int], dict], count: int) -> list[Path]:
    """Writes `block-0000.npz` and on, each the ragged lists that `make(number)` returns; keeps what is there.

    `make` gives `{"name": [array, ...]}`; it runs in forked processes, so it may close over anything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"block-{number:04}.npz" for number in range(count)]
    missing = [(number, path) for number, path in enumerate(paths) if not path.exists()]
    workers = min(len(missing), int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    global _task
    _task = lambda job: _write(job[1], make(job[0]))
    if workers > 1:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            for done, _ in enumerate(pool.imap_unordered(_run, missing), 1):
                print(f"block {done} of {len(missing)}", flush=True)
    else:
        for done, job in enumerate(missing, 1):
            _task(job)
            print(f"block {done} of {len(missing)}", flush=True)
    return paths


_task: Callable = print


def _run(job):
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    return _task(job)


def _write(path: Path, lists: dict) -> None:
    arrays = {}
    for name, rows in lists.items():
        arrays[name] = np.concatenate([np.asarray(row) for row in rows])
        arrays[name + ".ends"] = np.cumsum([len(row) for row in rows])
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    os.replace(partial, path)


class Rows:
    """Ragged rows of several fields, all in memory: `rows["ids"][5]`."""

    def __init__(self, paths: list[Path]):
        parts = [dict(np.load(path)) for path in paths]
        self.fields = {}
        for name in (n for n in parts[0] if not n.endswith(".ends")):
            flat = np.concatenate([part[name] for part in parts])
            lengths = np.concatenate([np.diff(part[name + ".ends"], prepend=0) for part in parts])
            self.fields[name] = (flat, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self):
        return len(next(iter(self.fields.values()))[1]) - 1

    def lengths(self, name: str) -> np.ndarray:
        return np.diff(self.fields[name][1])

    def row(self, name: str, index: int) -> np.ndarray:
        flat, ends = self.fields[name]
        return flat[ends[index] : ends[index + 1]]

    def padded(self, name: str, indices, fill: int, multiple: int = 16) -> np.ndarray:
        """`[len(indices), length]`, the length rounded up so that few shapes occur."""
        rows = [self.row(name, i) for i in indices]
        width = -(-max(len(row) for row in rows) // multiple) * multiple
        out = np.full((len(rows), width), fill, np.int64)
        for line, row in zip(out, rows):
            line[: len(row)] = row
        return out


def batches_by_length(lengths: np.ndarray, budget: int, rng: np.random.Generator, window: int = 20000):
    """Endless lists of row numbers of like length, each at most `budget` padded tokens; shuffled every epoch."""
    while True:
        order = rng.permutation(len(lengths))
        groups = []
        for start in range(0, len(order), window):
            near = order[start : start + window]
            groups += _cut(near[np.argsort(lengths[near], kind="stable")], lengths, budget)
        for number in rng.permutation(len(groups)):
            yield groups[number]


def _cut(ordered, lengths, budget):
    groups, group = [], []
    for index in ordered:
        if group and (len(group) + 1) * lengths[index] > budget:
            groups.append(group)
            group = []
        group.append(int(index))
    return groups + [group]
