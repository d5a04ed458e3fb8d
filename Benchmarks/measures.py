"""What is measured. Every measure runs Roost and its peer by turns and gives lines of Markdown."""

import json
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import make_llama_1b
from quiet import undisturbed
from servers import LlamaServer, Roost, Server, plugin_table, run_json

PROMPT, GENERATE = 256, 32
TEXT = "Once upon a time there was a little girl"
FIRST_TOKEN = [1]  # a prompt that costs one pass and no more


@dataclass(frozen=True)
class Setting:
    binaries: Path  # of Roost: roost, Bench, libLlama.so
    peer: Path | None  # the folder with llama-bench and llama-server
    small: Path  # stories260K.gguf
    cache: Path  # for the models that are made
    threads: int
    rounds: int

    def servers(self) -> dict[str, Server]:
        """One of each, not yet started."""
        servers: dict[str, Server] = {"Roost": Roost(self.binaries / "roost", self.small)}
        if self.peer:
            servers["llama-server"] = LlamaServer(
                self.peer / "llama-server", self.small, self.threads)
        return servers

    def steps(self, model: Path) -> dict[str, float]:
        """Tokens per second of a prompt and of tokens one by one, as `roost bench` has them."""
        command = [self.binaries / "roost", "bench", model, "--prompt", PROMPT, "--write", GENERATE,
                   "--streams", 1, "--rounds", 1, "--json"]
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as settings:
            settings.write(plugin_table(self.binaries, "llama"))
            settings.flush()
            report = undisturbed(
                lambda: run_json([*command, "--config", settings.name], self.threads))
        speeds = {figure["test"]: figure["tokens_per_second"] for figure in report["results"]}
        return {"decode": speeds["write"], "prefill": speeds["read"]}

    def bench(self, measure: str, *arguments: object, model: Path | None = None) -> dict:
        command = [self.binaries / "Bench", measure, self.binaries / "libLlama.so",
                   model or self.small, *arguments]
        return undisturbed(lambda: run_json(command, self.threads))


def tokens(setting: Setting) -> list[str]:
    """Tokens per second of a model of Llama-3.2-1B's shape"""
    rows = []
    for path in make_llama_1b.make(setting.cache):
        speeds: dict[str, list[dict]] = {"Roost": [], "llama-bench": []}
        for _ in range(setting.rounds):
            speeds["Roost"].append(setting.steps(path))
            if setting.peer:
                speeds["llama-bench"].append(undisturbed(lambda: llama_bench(setting, path)))
        for kind in ("decode", "prefill"):
            medians = {
                name: statistics.median(run[kind] for run in runs)
                for name, runs in speeds.items() if runs
            }
            rows.append([path.stem, kind, *(f"{value:.1f}" for value in medians.values()),
                         ratio(medians.get("llama-bench"), medians["Roost"])])
    names = ["Roost", "llama-bench"] if setting.peer else ["Roost"]
    return [
        f"Tokens per second on {setting.threads} threads, the median of {setting.rounds} rounds in "
        f"which both take turns: a prompt of {PROMPT} tokens, and {GENERATE} tokens one by one "
        "from an empty context. Roost runs in a worker and is measured from the host's side.",
        "",
        *table(["file", "", *names, "Roost / peer"], rows),
    ]


def llama_bench(setting: Setting, model: Path) -> dict:
    output = subprocess.run(
        [setting.peer / "llama-bench", "-m", model, "-t", str(setting.threads), "-p", str(PROMPT),
         "-n", str(GENERATE), "-r", "1", "-o", "jsonl"],
        capture_output=True, text=True, check=True).stdout
    runs = [json.loads(line) for line in output.splitlines()]
    return {"decode" if run["n_gen"] else "prefill": run["avg_ts"] for run in runs}


def start(setting: Setting) -> list[str]:
    """From the start of the process to ready"""
    times: dict[str, list[float]] = {}
    for _ in range(4 * setting.rounds):
        for name, server in setting.servers().items():
            times.setdefault(name, []).append(undisturbed(lambda: seconds_to_ready(server)))
    rows = [[name, f"{statistics.median(values):.3f}", f"{min(values):.3f}", f"{max(values):.3f}"]
            for name, values in times.items()]
    return [
        f"Seconds until the probe answers 200 with stories260K loaded, {4 * setting.rounds} starts "
        "of each, taking turns; Roost's model is in a worker.",
        "",
        *table(["server", "median", "least", "most"], rows),
    ]


def seconds_to_ready(server: Server) -> float:
    with server:
        return server.seconds_to_ready


def memory(setting: Setting) -> list[str]:
    """Memory beyond the weights"""
    weights = setting.small.stat().st_size / 1e6
    rows = []
    for name, server in setting.servers().items():
        with server:
            server.requests("/v1/completions", completion(32), 3)
            processes = len(server.process_ids())
            total, together = server.resident()
        rows.append(
            [name, str(processes), f"{together - weights:.1f}", f"{total - weights:.1f}"])
    return [
        f"MB resident after three completions of stories260K, less its {weights:.1f} MB of weights. "
        "Libraries that host and worker share are counted once, except in the last column.",
        "",
        *table(["server", "processes", "together", "sum of RSS"], rows),
    ]


def worker(setting: Setting) -> list[str]:
    """One token through a worker"""
    results = [setting.bench("forward", 2000) for _ in range(setting.rounds)]
    here, there = (statistics.median(result[key] for result in results)
                   for key in ("in-process", "worker"))
    return [
        f"Microseconds of a pass with one token of stories260K: median of 2000, taking turns, and of "
        f"{setting.rounds} rounds.",
        "",
        *table(["in-process", "worker", "difference"],
               [[f"{here:.0f}", f"{there:.0f}", f"{there - here:.0f}"]]),
    ]


def request(setting: Setting) -> list[str]:
    """What the host adds to a request"""
    count = 1000
    tokenize = setting.bench("tokenize", count, TEXT)["tokenize"]
    forward = setting.bench("forward", 2000)["worker"]
    calls = {
        "tokenize": ("/v1/tokenize", {"model": "bench", "text": TEXT}, tokenize),
        "one token": ("/v1/completions", completion(1, FIRST_TOKEN), forward),
    }
    peer_calls = {
        "tokenize": ("/tokenize", {"content": TEXT}),
        "one token": ("/v1/completions", completion(1, FIRST_TOKEN)),
    }
    rows = []
    for name, (path, body, model) in calls.items():
        times: dict[str, list[float]] = {}
        for server_name, server in setting.servers().items():
            target = (path, body) if server_name == "Roost" else peer_calls[name]
            times[server_name] = undisturbed(lambda: request_times(server, target, count))
        medians = {key: statistics.median(values) for key, values in times.items()}
        rows.append([name, f"{medians['Roost']:.0f}", f"{model:.0f}",
                     f"{medians['Roost'] - model:.0f}",
                     *(f"{medians[key]:.0f}" for key in medians if key != "Roost")])
    peer = ["llama-server, total"] if setting.peer else []
    return [
        f"Microseconds of a request over one connection, seen from a client in Python: median of "
        f"{count}. The model's part is the same work measured in a worker without host and engine: "
        "tokenizing a text; a pass with one token.",
        "",
        *table(["request", "total", "of it the model", "host and engine", *peer], rows),
    ]


def request_times(server: Server, target: tuple[str, dict], count: int) -> list[float]:
    with server:
        server.requests(*target, 50)
        return server.requests(*target, count)


MEASURES = {"tokens": tokens, "start": start, "memory": memory, "worker": worker,
            "request": request}


def completion(count: int, prompt: str | list[int] = TEXT) -> dict:
    return {"model": "bench", "prompt": prompt, "max_tokens": count, "temperature": 0}


def ratio(peer: float | None, ours: float) -> str:
    return f"{ours / peer:.2f}" if peer else ""


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
