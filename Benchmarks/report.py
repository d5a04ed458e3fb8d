"""docs/speed.md, and what its sections end with: when, where, how."""

import datetime
import os
import platform
import re
import shlex
import subprocess
from pathlib import Path

import quiet

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "speed.md"
INTRODUCTION = """# Speed

Measured by [`make bench`](../Benchmarks/README.md): Roost and its peer take turns in one run, with nothing else
running. Each section says when, where and with which command it was measured.
"""


def footer(command: list[str], versions: str = "", share: float = 0) -> str:
    """When, where, how; with which peer, and beside how much else where that was not little."""
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout
    today = datetime.datetime.now(datetime.timezone.utc).date()
    line = f"{today}, {machine()}, commit {commit.strip()}: `{shlex.join(command)}`"
    line += f"; {versions}" if versions else ""
    return line + (f"; other processes used {100 * share:.0f} % of the machine"
                   if share > quiet.MOST else "")


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
