#!/usr/bin/env python3
"""Trains a demo model: `train.py chat --minutes 110`. Run again, it goes on where it stopped."""

import argparse
import importlib
import os
from pathlib import Path

from common.device import set_threads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=["chat", "summary", "topics", "picture"])
    parser.add_argument(
        "--stage",
        default="",
        help="topics: words or tasks; picture: autoencoder, decoder, denoiser or fast; without it each in turn",
    )
    parser.add_argument(
        "--minutes", type=float, default=0, help="training time over all runs; without it the full steps"
    )
    parser.add_argument("--scale", type=float, default=1, help="batch size by this factor; 8 on a large GPU")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="default: OMP_NUM_THREADS or all cores")
    parser.add_argument("--work", type=Path, help="checkpoints and data (default .work/MODEL)")
    parser.add_argument(
        "--measure", type=float, default=0, help="afterwards measure on this share of the held-out sets"
    )
    arguments = parser.parse_args()
    if arguments.threads:
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    set_threads(arguments.threads)
    work = arguments.work or Path(__file__).parent / ".work" / arguments.model
    recipe = importlib.import_module(f"{arguments.model}.recipe")
    recipe.train(work, arguments.minutes, arguments.seed, arguments.scale, arguments.stage)
    if arguments.measure:
        recipe.measure(work, arguments.measure)


if __name__ == "__main__":
    main()
