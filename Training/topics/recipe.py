"""Training and releasing the BERT demos: what `train.py topics` and `release.py topics` do."""

from pathlib import Path

import torch

from common.card import fill_card, megabytes, millions, printed, training_summary
from common.checkpoint import load_weights
from common.device import device
from common.loop import Settings, Trainer
from topics import data, export
from topics.evaluate import measured
from topics.model import Heads, loss
from topics.tokenizer import train_tokenizer

CARDS = Path(__file__).parent / "cards"
# Examples of each task in a batch, steps, and the share of the minutes when all are trained in turn: labels are short
# and soon learned, and afterwards rehearsed.
STAGES = {
    "labels": ({"sentiment": 16, "topic": 16}, 1500, 0.1),
    "all": ({"sentiment": 8, "topic": 8, "answers": 32}, 6000, 0.9),
}


def train(work: Path, minutes: float, seed: int, scale: float = 1, stage: str = "") -> None:
    torch.manual_seed(seed)
    for name, (sizes, steps, share) in STAGES.items():
        if stage in ("", name):
            print(f"stage {name}", flush=True)
            settings = Settings(steps, minutes * (1 if stage else share), rate=1e-3, warmup=100, bfloat16=False, muon=2)
            _train_stage(work, name, {task: int(size * scale) for task, size in sizes.items()}, settings, seed)


def _train_stage(work, name, sizes, settings, seed):
    """`all` goes on from the encoder that `labels` left."""
    tokenizer = train_tokenizer(work / "tokenizer.json", seed)
    model = Heads(tokenizer.get_vocab_size())
    model.load_state_dict(load_weights(work / "labels"), strict=False)
    print(f"{millions(model)} parameters", flush=True)
    trainer = Trainer(model, loss, settings, work / name)
    rows = data.batches(tokenizer, seed, sizes, trainer.step)
    trainer.run(rows, lambda batch: sum(part[0].shape[0] for part in batch.values()), "examples")


def load(work: Path):
    """The network, its tokenizer, and the folder of the last stage that was trained."""
    tokenizer = train_tokenizer(work / "tokenizer.json", 1)
    model = Heads(tokenizer.get_vocab_size())
    folder = next(work / name for name in reversed(STAGES) if load_weights(work / name))
    model.load_state_dict(load_weights(folder))
    return model.to(device()).eval(), tokenizer, folder


def measure(work: Path, share: float = 1.0) -> None:
    model, tokenizer, folder = load(work)
    printed("quality", measured(model, tokenizer, STAGES[folder.name][0], share))


def release(work: Path, models: Path, share: float = 1.0) -> None:
    """Writes `Models/sentiment`, `topic` and, if it was trained, `answers`, with goldens and cards."""
    model, tokenizer, trained = load(work)
    tasks = STAGES[trained.name][0]
    values = {
        "quality": printed("quality", measured(model, tokenizer, tasks, share)),
        "training": training_summary(trained),
        "parameters": millions(model.bert),
    }
    for task in tasks:
        folder = models / task
        export.write_folder(folder, model, tokenizer, task)
        export.write_golden(folder, task)
        size = megabytes((folder / "model.safetensors").stat().st_size)
        fill_card(CARDS / f"{task}.md", folder / "README.md", megabytes=size, **values)
