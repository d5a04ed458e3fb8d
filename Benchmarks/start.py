#!/usr/bin/env python3
"""How long the repository's own plugins.toml takes from exec to every model ready, and the host's peak.

    Benchmarks/start.py [--runs N] [--binary .build/release/roost]

The first run has an empty data folder, where every library is copied; the others find the copies. The page
cache is warm, as after a build.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from quiet import beside

ROOT = pathlib.Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def peak_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1)) * 1024


def processor_seconds(pid):
    """Of a process and the children it has reaped."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def workers(pid):
    """The processes below the host."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass  # it has ended
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {pid}


def start(binary, home):
    """Seconds to the first answer and to the last model, CPU times, the host's peak, and what is ready."""
    port = free_port()
    began = time.monotonic()
    host = subprocess.Popen(
        [binary, "serve", "--config", ROOT / "plugins.toml", "--listen", f"127.0.0.1:{port}"],
        env=dict(os.environ, HOME=str(home)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    answered = None
    try:
        while time.monotonic() - began < 120:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10).read()
                ready = time.monotonic() - began
                models = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models"))["data"]
                return {"answered": answered or ready, "ready": ready, "peak": peak_bytes(host.pid),
                        "cpu": processor_seconds(host.pid),
                        "workers": sum(processor_seconds(worker) for worker in workers(host.pid)),
                        "models": sum(model["state"] == "ready" for model in models)}
            except urllib.error.HTTPError:
                answered = answered or time.monotonic() - began
            except urllib.error.URLError:
                pass  # it does not listen yet
            time.sleep(0.005)
        raise SystemExit("not ready within 120 s")
    finally:
        host.terminate()
        host.wait(60)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--binary", default=ROOT / ".build" / "release" / "roost")
options = parser.parse_args()
with tempfile.TemporaryDirectory() as home:
    runs = []
    for _ in range(options.runs + 1):
        run, share = beside(lambda: start(options.binary, home))
        runs.append(run | {"others": share})
for name, some in (("first", runs[:1]), ("later", runs[1:])):
    if some:
        middle = {key: statistics.median(run[key] for run in some) for key in some[0]}
        print(f"{name}: {middle['models']:.0f} models ready in {middle['ready']:.2f} s (first answer "
              f"{middle['answered']:.2f} s), CPU {middle['cpu']:.2f} s and {middle['workers']:.2f} s of the workers, host's peak {middle['peak'] / 1e6:.0f} MB, "
              f"others used {100 * middle['others']:.0f} % of the machine")
