#!/usr/bin/env python3
"""Measures libSummarizer.so beside transformers, prints Markdown, and with --write puts it into
docs/speed.md.

    Benchmarks/summaries/run.py [--model FOLDER] [--write]

Both run in this process by turns, on as many threads, and are given token ids.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))

try:
    import peer
    import quiet
    import report
    from abi import Library
    from measures import table
    from plugin import Summarizer
except ModuleNotFoundError as error:
    sys.exit(f"run.py: {error}; pip install -r Benchmarks/summaries/requirements.txt")

HEADING = "Summaries"
BEAMS = 4


def main() -> None:
    options = parse()
    os.environ["ROOST_THREADS"] = str(options.threads)
    other = peer.Transformers(options.model, options.threads)
    roost = Summarizer(
        Library(options.library), options.model, BEAMS, other.vocabulary, options.settings)
    # Any tokens cost the same.
    source = [3 + place * 37 % (other.vocabulary // 2) for place in range(options.source - 1)]
    source.append(other.end)
    contestants = {"Roost": roost, "transformers": other}
    seconds, share = quiet.beside(lambda: measure(contestants, source, options))
    section = "\n".join([*lines(seconds, options), "", footer(options, share)])
    print(f"## {HEADING}\n\n{section}")
    if options.write:
        report.put(HEADING, section)


def measure(
    contestants: dict, source: list[int], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """The median seconds of each piece of work for each contestant."""
    runs: dict[str, dict[str, list[float]]] = {}
    written: dict[str, list] = {}
    for _ in range(options.rounds):
        for name, contestant in contestants.items():
            found: dict[str, list] = {"one": [], "many": []}
            work = {
                "encode": lambda: contestant.encode(source, 1),
                "one": lambda: found["one"].extend(decode(contestant, 1, options.tokens)),
                "encode again": lambda: contestant.encode(source, BEAMS),
                "many": lambda: found["many"].extend(decode(contestant, BEAMS, options.tokens)),
            }
            for what, step in work.items():
                runs.setdefault(what, {}).setdefault(name, []).append(timed(step))
            written[name] = found["one"] + found["many"]
    if written["Roost"] != written["transformers"]:
        print("the two did not write the same", file=sys.stderr)
    return {what: {name: statistics.median(times) for name, times in found.items()}
            for what, found in runs.items()}


def decode(contestant, rows: int, count: int) -> list[list[int]]:
    """The likeliest tokens one by one, in as many sequences; an end ends nothing."""
    tokens = [contestant.start] * rows
    written = []
    for position in range(count):
        tokens = [int(token) for token in contestant.step(tokens, position)]
        written.append(tokens)
    return written


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def lines(seconds: dict, options: argparse.Namespace) -> list[str]:
    rows = []
    for what, key, work in (
        (f"reading {options.source} tokens, ms", "encode", None),
        ("writing, tokens/s", "one", options.tokens),
        (f"writing {BEAMS} texts at once, tokens/s", "many", BEAMS * options.tokens),
    ):
        roost, other = seconds[key]["Roost"], seconds[key]["transformers"]
        shown = [f"{value * 1e3:.1f}" if work is None else f"{work / value:.0f}"
                 for value in (roost, other)]
        rows.append([what, *shown, f"{other / roost:.2f}"])
    return [
        f"`{options.model.name}` on {options.threads} threads, below the engine: a source is read "
        f"once, then {options.tokens} tokens are written one by one. The median of "
        f"{options.rounds} rounds in which both take turns, in one process. The peer computes "
        "in F32.",
        "",
        *table(["", "Roost", "transformers", "ratio"], rows),
    ]


def footer(options: argparse.Namespace, share: float) -> str:
    command = ["python3", "Benchmarks/summaries/run.py", "--model", options.model.name]
    command += ["--settings", options.settings] if options.settings != "{}" else []
    command += ["--threads", str(options.threads)] if options.threads != 2 else []
    return report.footer(command, peer.VERSIONS, share)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "Models" / "summary",
                        help="a directory of Hugging Face with a T5 or a BART")
    parser.add_argument("--library", type=Path,
                        default=ROOT / ".build" / "release" / "libSummarizer.so")
    parser.add_argument("--settings", default="{}",
                        help="the model's own settings of plugins.toml, a JSON object")
    parser.add_argument("--source", type=int, default=400, help="tokens that are read")
    parser.add_argument("--tokens", type=int, default=64, help="tokens that are written")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", action="store_true", help="put the results into docs/speed.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
