"""Training and releasing the summary model: what `train.py summary` and `release.py summary` do."""

from pathlib import Path

import torch

from common.card import fill_card, megabytes, millions, printed, training_summary
from common.checkpoint import load_weights
from common.device import device
from common.loop import Settings, Trainer
from summary import data, export
from summary.evaluate import measured
from summary.model import build, loss
from summary.tokenizer import train_pieces

STEPS, BUDGET, BLOCKS = 12000, 6144, 40


def train(work: Path, minutes: float, seed: int, scale: float = 1, stage: str = "") -> None:
    torch.manual_seed(seed)
    pieces = train_pieces(work / "spiece.model", seed)
    rows = data.load_rows(work / "data", pieces, seed, int(BLOCKS * max(1, scale / 2)))
    model = build(len(pieces))
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    trainer = Trainer(
        model, loss, Settings(STEPS, minutes, rate=1e-3, warmup=100, decay=0.01, average=0.995, muon=2), work
    )
    trainer.run(
        data.batches(rows, seed + trainer.step, int(BUDGET * scale)),
        lambda batch: batch[0].numel() + batch[2].numel(),
        "tokens",
    )


def load(work: Path):
    pieces = train_pieces(work / "spiece.model", 1)
    model = build(len(pieces))
    model.load_state_dict(load_weights(work), strict=False)
    return model.to(device()).eval(), pieces


def measure(work: Path, share: float = 1.0) -> None:
    printed("quality", measured(*load(work), share))


def release(work: Path, models: Path, share: float = 1.0) -> None:
    """Writes `Models/summary` with goldens, and the card."""
    model, pieces = load(work)
    target = models / "summary"
    export.write_folder(target, model, work / "spiece.model")
    export.write_golden(target, pieces)
    fill_card(
        Path(__file__).parent / "card.md",
        target / "README.md",
        size={"parameters": millions(model), "megabytes": megabytes((target / "model.safetensors").stat().st_size)},
        quality=printed("quality", measured(model, pieces, share)),
        training=training_summary(work),
    )
