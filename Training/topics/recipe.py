"""Training and releasing the BERT demos: what `train.py topics` and `release.py topics` do."""

from pathlib import Path

import torch

from common.card import fill_card, megabytes, millions, printed, training_summary
from common.checkpoint import load_weights
from common.device import device
from common.loop import Settings, Trainer
from topics import data, export
from topics.evaluate import measured
from topics.model import TASKS, Heads, loss
from topics.tokenizer import train_tokenizer

CARDS = Path(__file__).parent / "cards"
# Examples of each task in a batch, steps, and the share of the minutes: masked words first, from which the encoder
# learns who is meant where, then the three tasks.
STAGES = {
    "words": ({"words": 64}, 4000, 0.35),
    "tasks": ({"sentiment": 16, "topic": 8, "answers": 48}, 8000, 0.65),
}


def train(work: Path, minutes: float, seed: int, scale: float = 1, stage: str = "") -> None:
    torch.manual_seed(seed)
    for name, (sizes, steps, share) in STAGES.items():
        if stage in ("", name):
            print(f"stage {name}", flush=True)
            settings = Settings(steps, minutes * (1 if stage else share), rate=1e-3, warmup=100, muon=2)
            _train_stage(work, name, {task: int(size * scale) for task, size in sizes.items()}, settings, seed)


def _train_stage(work, name, sizes, settings, seed):
    """`tasks` goes on from the encoder that `words` left."""
    tokenizer = train_tokenizer(work / "tokenizer.json", seed)
    model = Heads(tokenizer.get_vocab_size())
    model.load_state_dict(load_weights(work / "words"), strict=False)
    print(f"{millions(model)} parameters", flush=True)
    trainer = Trainer(model, loss, settings, work / name)
    rows = data.batches(tokenizer, seed, sizes, trainer.step)
    trainer.run(rows, lambda batch: sum(part[0].shape[0] for part in batch.values()), "examples")


def load(work: Path):
    tokenizer = train_tokenizer(work / "tokenizer.json", 1)
    model = Heads(tokenizer.get_vocab_size())
    model.load_state_dict(load_weights(work / "tasks"))
    return model.to(device()).eval(), tokenizer


def measure(work: Path, share: float = 1.0) -> None:
    printed("quality", measured(*load(work), share))


def release(work: Path, models: Path, share: float = 1.0) -> None:
    """Writes `Models/sentiment`, `topic` and `answers`, with goldens and cards."""
    model, tokenizer = load(work)
    values = {
        "quality": printed("quality", measured(model, tokenizer, share)),
        **{stage: training_summary(work / stage) for stage in STAGES},
        "parameters": millions(model.bert),
    }
    for task in TASKS:
        folder = models / task
        export.write_folder(folder, model, tokenizer, task)
        export.write_golden(folder, task)
        size = megabytes((folder / "model.safetensors").stat().st_size)
        fill_card(CARDS / f"{task}.md", folder / "README.md", megabytes=size, **values)
