#!/usr/bin/env python3
"""Measures a trained model and writes it to `Models/` with goldens and its card: `release.py chat`."""

import argparse
import importlib
from pathlib import Path

from common.device import set_threads


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=["chat", "summary", "topics", "picture"])
    parser.add_argument("--work", type=Path, help="where train.py left its weights (default .work/MODEL)")
    parser.add_argument("--models", type=Path, default=here.parent / "Models")
    parser.add_argument("--share", type=float, default=1, help="measure on this share of the held-out sets")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    set_threads(arguments.threads)
    work = arguments.work or here / ".work" / arguments.model
    importlib.import_module(f"{arguments.model}.recipe").release(work, arguments.models, arguments.share)


if __name__ == "__main__":
    main()
