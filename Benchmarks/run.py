#!/usr/bin/env python3
"""Measures Roost beside llama.cpp, prints Markdown, and with --write puts it into docs/speed.md.

    Benchmarks/run.py [--peer FOLDER] [--write] [tokens start memory worker request]

Without names everything is measured. Nothing else may run on the machine meanwhile.
"""

import argparse
import datetime
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

try:
    import make_llama_1b
    from measures import MEASURES, Setting
except ModuleNotFoundError as error:
    sys.exit(f"run.py: {error}; Benchmarks/README.md says what is needed")

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "speed.md"
INTRODUCTION = """# Speed

Measured by [`make bench`](../Benchmarks/README.md): Roost and its peer by turns, in one run, with nothing else
running. Each section says when, where and by which command it was measured.
"""


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
            put(heading, section)


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
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout
    command = ["python3", "Benchmarks/run.py", name]
    command += ["--peer", "LLAMA_CPP"] if options.peer else []
    command += ["--threads", str(options.threads)] if options.threads != 2 else []
    command += ["--rounds", str(options.rounds)] if options.rounds != 3 else []
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return f"{today}, {machine()}, commit {commit.strip()}: `{shlex.join(command)}`"


def machine() -> str:
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", text)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    abilities = [name for name in ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8")
                 if re.search(rf"\b{name}\b", text)]
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores "
            f"({' '.join(abilities)}), {memory:.0f} GiB")


def put(heading: str, section: str) -> None:
    """Replaces one section of the report, or adds it."""
    text = REPORT.read_text() if REPORT.exists() else INTRODUCTION
    block = f"## {heading}\n\n{section}\n"
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.M | re.S)
    if pattern.search(text):
        text = pattern.sub(lambda _: block + "\n", text)
    else:
        text = f"{text.rstrip()}\n\n{block}"
    REPORT.write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
