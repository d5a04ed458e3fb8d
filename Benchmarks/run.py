#!/usr/bin/env python3
"""Measures Roost beside llama.cpp, prints Markdown, and with --write puts it into docs/speed.md.

    Benchmarks/run.py [--peer FOLDER] [--write] [tokens start memory worker request]

Without names everything is measured. Nothing else may run on the machine meanwhile.
"""

import argparse
import os
import sys
from pathlib import Path

try:
    import make_llama_1b
    import report
    from measures import MEASURES, Setting
except ModuleNotFoundError as error:
    sys.exit(f"run.py: {error}; Benchmarks/README.md says what is needed")

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    options = parse()
    setting = Setting(
        options.binaries, find_peer(options.peer), options.small, options.cache, options.threads,
        options.rounds)
    for name in options.names or MEASURES:
        measure = MEASURES[name]
        heading = measure.__doc__ or name
        print(f"measuring: {heading}", file=sys.stderr)
        section = "\n".join([*measure(setting), "", footer(options, name)])
        print(f"## {heading}\n\n{section}\n")
        if options.write:
            report.put(heading, section)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASURES)}; default: all")
    parser.add_argument("--peer", type=Path, default=os.environ.get("LLAMA_CPP"),
                        help="the folder with llama-bench and llama-server; default: $LLAMA_CPP")
    parser.add_argument("--binaries", type=Path, default=ROOT / ".build" / "release",
                        help="the folder with roost, Bench and libLlama.so")
    parser.add_argument("--small", type=Path, help="stories260K.gguf",
                        default=ROOT.parent / "shared" / "models" / "stories260K" / "stories260K.gguf")
    parser.add_argument("--cache", type=Path, default=make_llama_1b.default_folder(),
                        help="a folder for the models that are made, 2.2 GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the results into docs/speed.md")
    options = parser.parse_args()
    for name in options.names:
        if name not in MEASURES:
            parser.error(f"'{name}' is not measured, expected {', '.join(MEASURES)}")
    if not options.small.exists():
        parser.error(f"no file {options.small}; give a small GGUF model with --small")
    return options


def find_peer(folder: Path | None) -> Path | None:
    """Nil with a warning where there is none: Roost's numbers alone are worth little."""
    if folder is None:
        print("no peer: build llama.cpp as Benchmarks/README.md says and give --peer",
              file=sys.stderr)
        return None
    for name in ("llama-bench", "llama-server"):
        if not (Path(folder) / name).exists():
            sys.exit(f"run.py: no {name} in {folder}")
    return Path(folder).resolve()


def footer(options: argparse.Namespace, name: str) -> str:
    """When, where, how."""
    command = ["python3", "Benchmarks/run.py", name]
    command += ["--peer", "LLAMA_CPP"] if options.peer else []
    command += ["--threads", str(options.threads)] if options.threads != 2 else []
    command += ["--rounds", str(options.rounds)] if options.rounds != 3 else []
    return report.footer(command)


if __name__ == "__main__":
    main()
