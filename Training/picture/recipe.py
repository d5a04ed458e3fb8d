"""Training and releasing the picture models: what `train.py picture` and `release.py picture` do."""

import json
import shutil
from pathlib import Path

import torch

from common.card import fill_card, megabytes, millions, printed, training_summary
from common.checkpoint import load_weights
from common.device import device
from common.export import folder_bytes
from common.loop import Settings, Trainer
from picture import data, export, fast
from picture.evaluate import measured
from picture.model import (
    DenoiserLoss,
    Painter,
    autoencoder_loss,
    build_autoencoder,
    decoder_loss,
    scheduler,
)
from picture.tokenizer import encode, load_tokenizer, train_tokenizer

# Shares of the minutes when all are trained in turn.
STAGES = {"autoencoder": 0.2, "decoder": 0.1, "denoiser": 0.55, "fast": 0.15}
PICTURES = 32000


def train(work: Path, minutes: float, seed: int, scale: float = 1, stage: str = "") -> None:
    torch.manual_seed(seed)
    for name, share in STAGES.items():
        if stage in ("", name):
            print(f"stage {name}", flush=True)
            globals()[f"train_{name}"](work, minutes * (1 if stage else share), seed, scale)


def train_autoencoder(work, minutes, seed, scale):
    """Afterwards the latents' spread is measured and kept in scale.json."""
    model = build_autoencoder()
    size = int(8 * scale)
    trainer = Trainer(
        model,
        autoencoder_loss,
        Settings(12000, minutes, rate=1e-3, warmup=100, decay=0.01, average=0.995, muon=2),
        work / "autoencoder",
    )
    _run_on_images(trainer, seed, size)
    with torch.no_grad():
        pictures = next(data.images(seed + 2, 256, crowds=0))[0].to(device()).float().permute(0, 3, 1, 2) / 127.5 - 1
        spread = float(trainer.model.eval().encode(pictures).latent_dist.mean.std())
    (work / "scale.json").write_text(json.dumps({"scaling_factor": round(1 / spread, 5)}))
    print(f"scaling factor {1 / spread:.4f}", flush=True)


def _run_on_images(trainer, seed, size):
    images = data.images(seed, size, trainer.step * size // data.BLOCK)
    trainer.run(images, lambda batch: len(batch[0]), "pictures")


def train_decoder(work, minutes, seed, scale):
    """The way back from the latents alone: they, and the denoiser that is trained on them, stay as they are."""
    model = build_autoencoder()
    model.load_state_dict(load_weights(work / "autoencoder"))
    for part in (model.encoder, model.quant_conv):
        part.requires_grad_(False)
    size = int(8 * scale)
    settings = Settings(6000, minutes, rate=7e-4, warmup=50, decay=0.01, average=0.995, muon=2)
    _run_on_images(Trainer(model, decoder_loss, settings, work / "decoder"), seed + 3, size)


def load_autoencoder(work):
    model = build_autoencoder()
    model.load_state_dict(load_weights(work / "decoder") or load_weights(work / "autoencoder"))
    model.register_to_config(**json.loads((work / "scale.json").read_text()))
    return model.to(device()).eval().requires_grad_(False)


def load_tokens(work, seed=1):
    train_tokenizer(work / "tokenizer", seed)
    return load_tokenizer(work / "tokenizer")


def _latents(work, tokenizer, seed, scale):
    """Scaled latents and token numbers, on the device."""
    autoencoder = load_autoencoder(work)
    latents, captions = data.prepare_latents(
        work / "latents.safetensors", autoencoder, seed, int(PICTURES * max(1, scale))
    )
    return (latents * autoencoder.config.scaling_factor).to(device()), encode(tokenizer, captions).to(device())


def train_denoiser(work, minutes, seed, scale):
    tokenizer = load_tokens(work, seed)
    latents, ids = _latents(work, tokenizer, seed, scale)
    loss = DenoiserLoss(encode(tokenizer, [""]), device())
    settings = Settings(
        40000,
        minutes,
        rate=1e-3 * min(2, scale) ** 0.5,
        warmup=100,
        decay=0.01,
        average=0.999,
        betas=(0.9, 0.99),
        muon=2,
    )
    trainer = Trainer(Painter(tokenizer), loss, settings, work / "denoiser")
    trainer.run(
        data.batches(latents, ids, int(96 * scale), seed + trainer.step), lambda batch: len(batch[1]), "pictures"
    )


def load_painter(work, tokenizer):
    painter = Painter(tokenizer)
    painter.load_state_dict(load_weights(work / "denoiser"), strict=False)
    return painter.to(device()).eval()


def train_fast(work, minutes, seed, scale):
    tokenizer = load_tokens(work, seed)
    latents, ids = _latents(work, tokenizer, seed, scale)
    student = fast.Student(load_painter(work, tokenizer))
    loss = fast.DistillationLoss(student, encode(tokenizer, [""]), device())
    settings = Settings(8000, minutes, rate=3e-4 * min(2, scale) ** 0.5, warmup=20, decay=0, average=0.98, muon=2)
    trainer = Trainer(student, loss, settings, work / "fast")
    trainer.run(
        data.batches(latents, ids, int(64 * scale), seed + trainer.step), lambda batch: len(batch[1]), "pictures"
    )


def load(work: Path) -> dict:
    tokenizer = load_tokens(work)
    painter = load_painter(work, tokenizer)
    parts = {"tokenizer": tokenizer, "text": painter.text, "unet": painter.unet, "autoencoder": load_autoencoder(work)}
    weights = load_weights(work / "fast")
    if weights:
        student = fast.Student(painter)
        student.load_state_dict(weights)
        parts["fast"] = student.unet.to(device()).eval()
    return parts


def measure(work: Path, share: float = 1.0) -> None:
    printed("quality", measured(load(work), share))


def release(work: Path, models: Path, share: float = 1.0) -> None:
    """Writes `Models/picture` and, if it was trained, `Models/picture-fast`."""
    parts = load(work)
    target = models / "picture"
    export.write_pipeline(target, parts, parts["unet"], scheduler(), work / "tokenizer")
    export.write_golden(target)
    size = folder_bytes(target)
    if "fast" in parts:
        quick = models / "picture-fast"
        export.write_pipeline(quick, parts, parts["fast"], scheduler(), work / "tokenizer")
        export.share_parts(quick, target)
        export.write_golden(quick, steps=4, guidance=1)
        size += folder_bytes(quick)
    card = target / "README.md"
    fill_card(
        Path(__file__).parent / "card.md",
        card,
        size={
            "denoiser": millions(parts["unet"]),
            "autoencoder": millions(parts["autoencoder"]),
            "text": millions(parts["text"]),
            "megabytes": megabytes(size),
        },
        guidance=fast.GUIDANCE,
        quality=printed("quality", measured(parts, share)),
        **{name: training_summary(work / name) for name in STAGES},
    )
    if "fast" in parts:
        shutil.copyfile(card, quick / "README.md")
