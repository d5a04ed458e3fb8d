#!/usr/bin/env python3
"""Measures libStableDiffusion.so beside diffusers, prints Markdown, and with --write puts it into
docs/speed.md.

    Benchmarks/pictures/run.py [--models NAME ...] [--write]

Both run in this process by turns, on as many threads. Where they draw different pictures from a
seed it ends with an error.
"""

import argparse
import json
import os
import statistics
import sys
import tomllib
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))

try:
    import numpy as np
    import peer
    import quiet
    import report
    from abi import Library
    from drawing import Drawing
    from measures import table
    from plugin import StableDiffusion
except ModuleNotFoundError as error:
    sys.exit(f"run.py: {error}; pip install -r Benchmarks/pictures/requirements.txt")

HEADING = "Pictures"
NAMES = ["picture", "picture-fast"]
PROMPT = "on a grey background, two little blue boats"
ROUNDS = 21
LIKE = 1  # of 255, that a byte may differ: what lies between two bytes is rounded to either
OURS, PEER, ROUNDED = "Roost", "diffusers", "Roost, bf16"

Round = dict[str, dict[str, Drawing]]  # by model and contestant


def main() -> None:
    options = parse()
    os.environ["ROOST_THREADS"] = str(options.threads)
    library = Library(options.library)
    models = {name: contestants(library, name, options) for name in options.models}
    rounds, share = quiet.beside(lambda: measure(models, options))
    section = "\n".join([
        *lines(models, rounds, options), "", footer(options, share if options.busy else 0)])
    print(f"## {HEADING}\n\n{section}")
    if options.write:
        report.put(HEADING, section)


def contestants(library: Library, name: str, options: argparse.Namespace) -> dict:
    """Everybody with a model of plugins.toml, by the settings that it has there."""
    listed = tomllib.loads((ROOT / "plugins.toml").read_text())["models"]
    model = next((model for model in listed if model["name"] == name), None)
    if model is None:
        sys.exit(f"run.py: no model '{name}' in plugins.toml")
    folder, settings = ROOT / model["source"], model.get("settings", {})
    if not {"steps", "guidance"} <= settings.keys():
        sys.exit(f"run.py: the settings of '{name}' in plugins.toml lack steps or guidance")
    other = peer.Diffusers(folder, settings["steps"], settings["guidance"], options.threads)
    rounded = settings | {"precision": "bf16"}
    return {
        OURS: StableDiffusion(library, folder, json.dumps(settings), other.side),
        PEER: other,
        ROUNDED: StableDiffusion(library, folder, json.dumps(rounded), other.side),
    }


def measure(models: dict[str, dict], options: argparse.Namespace) -> list[Round]:
    """A picture of every model by every contestant in each round, which has a seed of its own."""
    made = []
    for seed in range(options.rounds):
        work = partial(draw, models, seed)
        made.append(work() if options.busy else quiet.undisturbed(work))
        check(made[-1], seed)
    return made


def draw(models: dict[str, dict], seed: int) -> Round:
    return {name: {who: contestant.draw(PROMPT, seed) for who, contestant in model.items()}
            for name, model in models.items()}


def check(drawings: Round, seed: int) -> None:
    for name, by in drawings.items():
        difference = np.abs(by[OURS].pixels.astype(int) - by[PEER].pixels).max()
        if difference > LIKE:
            sys.exit(f"run.py: the pictures of '{name}' with seed {seed} are {difference} of 255 apart, expected "
                     f"at most {LIKE}; two that draw different pictures cannot be compared")


def lines(models: dict[str, dict], rounds: list[Round], options: argparse.Namespace) -> list[str]:
    rows = []
    for name, model in models.items():
        guidance = "with" if model[PEER].guidance > 1 else "without"
        for what, part, per_second, digits in (
            (f"one of {model[PEER].steps} steps, {guidance} guidance, ms", "step", 1000, 1),
            ("decoding, ms", "decoding", 1000, 1),
            ("the whole image, s", "whole", 1, 3),
        ):
            took = {who: statistics.median(getattr(drawings[name][who], part) for drawings in rounds)
                    for who in model}
            shown = {who: f"{seconds * per_second:.{digits}f}" for who, seconds in took.items()}
            rows.append([f"`{name}`, {what}", shown[OURS], shown[PEER],
                         f"{took[PEER] / took[OURS]:.2f}", shown[ROUNDED]])
    return [
        f"Models of `plugins.toml` with their settings from there, on {options.threads} threads, below the "
        "engine, from a prompt to the bytes of an image. Roost and its peer compute in F32; the last column is "
        f"Roost with `precision = \"bf16\"`. The median of {options.rounds} rounds in which all take turns, in "
        "one process. Each round has its own seed, from which Roost in F32 and diffusers drew the same "
        f"image: no byte differs by more than {LIKE}."
        + (" Other work ran meanwhile: read it for proportions." if options.busy else ""),
        "",
        *table(["", OURS, PEER, "ratio", ROUNDED], rows),
    ]


def footer(options: argparse.Namespace, share: float) -> str:
    waiting = os.environ.get("OMP_WAIT_POLICY")
    command = [f"OMP_WAIT_POLICY={waiting}"] if waiting else []
    command += ["python3", "Benchmarks/pictures/run.py"]
    command += ["--busy"] if options.busy else []
    command += ["--models", *options.models] if options.models != NAMES else []
    command += ["--threads", str(options.threads)] if options.threads != 2 else []
    command += ["--rounds", str(options.rounds)] if options.rounds != ROUNDS else []
    return report.footer(command, peer.VERSIONS, share)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", default=NAMES, metavar="NAME",
                        help="of plugins.toml, with `steps` and `guidance` among their settings")
    parser.add_argument("--library", type=Path,
                        default=ROOT / ".build" / "release" / "libStableDiffusion.so")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--busy", action="store_true",
                        help="count rounds beside other work too, and say how much there was")
    parser.add_argument("--write", action="store_true", help="put the results into docs/speed.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
