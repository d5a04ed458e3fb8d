"""Measurements count only while nothing else uses the machine."""

import os
import resource
import sys
import time
from pathlib import Path
from typing import Callable, TypeVar

T = TypeVar("T")

MOST = 0.05  # of all cores, that others may use
TRIES = 10
TICKS = os.sysconf("SC_CLK_TCK")


def undisturbed(measure: Callable[[], T]) -> T:
    """What `measure` gives in a run beside which others used next to nothing of the machine."""
    for _ in range(TRIES):
        wait()
        result, share = beside(measure)
        if share <= MOST:
            return result
        print(f"  again: others used {100 * share:.0f} % of the machine", file=sys.stderr)
    raise SystemExit("run.py: the machine is not quiet; end what else is running")


def beside(measure: Callable[[], T]) -> tuple[T, float]:
    """What `measure` gives, and the share of the machine that others used meanwhile."""
    begin, before = time.monotonic(), others()
    result = measure()
    seconds = time.monotonic() - begin
    return result, (others() - before) / (seconds * (os.cpu_count() or 1))


def wait(limit: float = 600) -> None:
    """Until others have been quiet for half a second."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = others()
        time.sleep(0.5)
        if (others() - before) / (0.5 * (os.cpu_count() or 1)) <= MOST:
            return
    raise SystemExit("run.py: the machine is not quiet; end what else is running")


def others() -> float:
    """CPU seconds that went to other processes than this one and its children that have ended, and
    to other guests of the same hardware."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _, _, irq, soft_irq, steal = map(int, fields[1:9])
    all = (user + nice + system + irq + soft_irq + steal) / TICKS
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return all - sum(usage.ru_utime + usage.ru_stime for usage in usages)
