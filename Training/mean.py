#!/usr/bin/env python3
"""Makes the mean of the weights of several runs of one model: `mean.py .work/a .work/b --into .work/mean`."""

import argparse
from pathlib import Path

from common.checkpoint import load_weights, save_weights


def mean(folders: list[Path]) -> dict:
    """Each tensor's mean over runs that began with the same weights (Wortsman et al. 2022, arXiv:2203.05482)."""
    runs = [load_weights(folder) for folder in folders]
    shapes = [{name: tensor.shape for name, tensor in run.items()} for run in runs]
    if not shapes[0] or any(other != shapes[0] for other in shapes):
        raise SystemExit(f"expected weights of one model in {', '.join(map(str, folders))}")
    return {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="work folders of train.py")
    parser.add_argument(
        "--into", required=True, type=Path, help="a work folder for release.py; the tokenizer is not copied"
    )
    arguments = parser.parse_args()
    save_weights(arguments.into, mean(arguments.runs))


if __name__ == "__main__":
    main()
