#!/usr/bin/env python3
"""Measures sentence embeddings beside ONNX Runtime, prints Markdown, and with --write puts it into
docs/speed.md.

    Benchmarks/embeddings/run.py --model Models/all-MiniLM-L6-v2 [--write]

Every contestant has its turn in every round. All texts of a batch have one length, so that nobody
pads.
"""

import argparse
import contextlib
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))

try:
    import numpy as np
    import peer
    import quiet
    import report
    from measures import table
    from roost import Bench
    from servers import Roost
    from transformers import AutoTokenizer
except ModuleNotFoundError as error:
    sys.exit(f"run.py: {error}; pip install -r Benchmarks/embeddings/requirements.txt")

HEADING = "Sentence embeddings of all-MiniLM-L6-v2"
SHAPES = [(batch, length) for batch in (1, 32) for length in (16, 32, 128, 256)]
REFERENCE = "ONNX Runtime F32"
FAST = "Roost bf16"
KINDS = (("f32", "in-process"), ("int8", "in-process"), ("bf16", "in-process"), ("bf16", "worker"))


def main() -> None:
    options = parse()
    (shapes, worker), share = quiet.beside(lambda: measure_all(options))
    names = list(next(iter(shapes.values())))
    section = "\n".join([
        *lines(names, shapes, options), "",
        f"Resident in the worker after all of this: {worker:.0f} MB, including the embedding table in "
        "the mapped file.", "",
        *memory(options), footer(options, share)])
    print(f"## {HEADING}\n\n{section}")
    if options.write:
        report.put(HEADING, section)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a directory of Hugging Face")
    parser.add_argument("--binaries", type=Path, default=ROOT / ".build" / "release",
                        help="the folder with Bench and libBert.so")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/roost/benchmarks",
                        help="a folder for the exported models")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each turn, at least")
    parser.add_argument("--write", action="store_true", help="put the results into docs/speed.md")
    return parser.parse_args()


def measure_all(options: argparse.Namespace) -> tuple[dict, float]:
    """What every shape gave, and MB resident in the worker in the end."""
    with contextlib.ExitStack() as stack:
        names = contestants(options, stack)
        shapes = {shape: measure(names, batch_of(options.model, *shape), options)
                  for shape in SHAPES}
        return shapes, names[f"{FAST}, worker"].worker_resident()


def contestants(options: argparse.Namespace, stack: contextlib.ExitStack) -> dict:
    """Everybody, ready to run; the first is what the others are compared with."""
    ready = {name: peer.OnnxRuntime(path, options.threads)
             for name, path in peer.export(options.model.resolve(), options.cache).items()}
    for precision, isolation in KINDS:
        name = f"Roost {precision}" + (", worker" if isolation == "worker" else "")
        ready[name] = stack.enter_context(
            Bench(options.binaries, options.model, isolation, precision, options.threads))
    return ready


def batch_of(model: Path, batch: int, length: int) -> list[list[int]]:
    """Stretches of this project's own documentation, between the model's special tokens."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    text = (ROOT / "docs" / "architecture.md").read_text()
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return [
        [tokenizer.cls_token_id, *(ids[(97 * index + place) % len(ids)]
                                   for place in range(length - 2)), tokenizer.sep_token_id]
        for index in range(batch)
    ]


def measure(names: dict, texts: list[list[int]], options: argparse.Namespace) -> dict:
    """Texts per second of each contestant, and the least cosine of a text to the reference."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    vectors = {}
    for _ in range(options.rounds):
        for name, contestant in names.items():
            times, vectors[name] = contestant.run(texts, options.seconds)
            seconds[name].append(statistics.median(times))
    return {
        name: (len(texts) / statistics.median(times),
               float(np.min(np.sum(vectors[name] * vectors[REFERENCE], axis=1))))
        for name, times in seconds.items()
    }


def lines(names: list[str], shapes: dict, options: argparse.Namespace) -> list[str]:
    speeds = [
        [f"{batch} × {length}", *(f"{results[name][0]:.0f}" for name in names),
         *(f"{results[FAST][0] / results[other][0]:.2f}" for other in (
             REFERENCE, best_int8(results)))]
        for (batch, length), results in shapes.items()
    ]
    worst = [[name, f"{min(results[name][1] for results in shapes.values()):.5f}"]
             for name in names]
    return [
        f"Texts per second on {options.threads} threads, from token ids to vectors of length 1: "
        f"the median of {options.rounds} rounds in which each contestant has a turn of "
        f"{options.seconds} s. The last columns are Roost's bf16, its default where the "
        "processor multiplies BF16 quickly, over ONNX Runtime's F32 and over the faster of its int8 models.",
        "",
        *table(["texts × tokens", *names, "/ F32", "/ int8"], speeds),
        "",
        "The least cosine of a vector to ONNX Runtime's F32, over all shapes:",
        "",
        *table(["", "cosine"], worst),
    ]


def memory(options: argparse.Namespace) -> list[str]:
    """What is resident when the model is served, where the host is built."""
    if not (options.binaries / "roost").exists():
        return []
    server = Roost(options.binaries.resolve() / "roost", options.model.resolve(), "bert")
    with server:
        for turn in range(5):  # texts of their own each time: what is known comes from a cache
            texts = [f"{turn} {index} " + "roost " * 250 for index in range(32)]
            server.requests("/v1/embeddings", {"model": "bench", "input": texts}, 1)
        total, together = server.resident()
    return [
        f"Resident after five requests of 32 long texts: {together:.0f} MB in host and worker "
        f"together, {total:.0f} MB with what they share counted twice.",
        "",
    ]


def best_int8(results: dict) -> str:
    return max((name for name in peer.KINDS if name != REFERENCE),
               key=lambda name: results[name][0])


def footer(options: argparse.Namespace, share: float) -> str:
    command = ["python3", "Benchmarks/embeddings/run.py", "--model", options.model.name]
    command += ["--threads", str(options.threads)] if options.threads != 2 else []
    command += ["--rounds", str(options.rounds)] if options.rounds != 3 else []
    command += ["--seconds", str(options.seconds)] if options.seconds != 0.5 else []
    return report.footer(command, f"ONNX Runtime {peer.onnxruntime.__version__}", share)


if __name__ == "__main__":
    main()
