"""Training and releasing the chat model: what `train.py chat` and `release.py chat` do."""

from pathlib import Path

import numpy as np
import torch

from chat import data, goldens
from chat.evaluate import measured
from chat.model import Configuration, Llama
from chat.tokenizer import train_tokenizer
from common.card import fill_card, megabytes, millions, printed, training_summary
from common.checkpoint import load_weights
from common.device import device
from common.loop import Settings, Trainer

STEPS, BUDGET, BLOCKS = 14000, 6144, 60


def train(work: Path, minutes: float, seed: int, scale: float = 1, stage: str = "") -> None:
    """`scale` multiplies tokens in a batch, and data with it: 8 for a large GPU."""
    torch.manual_seed(seed)
    tokenizer = train_tokenizer(work / "tokenizer.json", seed)
    rows = data.load_rows(work / "data", tokenizer, seed, int(BLOCKS * max(1, scale / 2)))
    model = Llama(Configuration(vocab_size=tokenizer.get_vocab_size()))
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    rate = 1.5e-3 * min(2, scale) ** 0.5
    trainer = Trainer(model, data.loss, Settings(STEPS, minutes, rate=rate, warmup=100, average=0.995, muon=2), work)
    trainer.run(data.batches(rows, seed + trainer.step, int(BUDGET * scale)), lambda batch: batch[0].numel(), "tokens")


def load(work: Path):
    tokenizer = train_tokenizer(work / "tokenizer.json", 1)
    model = Llama(Configuration(vocab_size=tokenizer.get_vocab_size()))
    model.load_state_dict(load_weights(work))
    return model.to(device()).eval(), tokenizer


def quantized(model):
    """The same network with the values that Q8_0 keeps, so that what is measured is what is shipped."""
    import gguf

    kind = gguf.GGMLQuantizationType.Q8_0
    for parameter in model.parameters():
        if parameter.dim() == 2:
            values = parameter.detach().cpu().numpy()
            kept = gguf.quants.dequantize(gguf.quants.quantize(values, kind), kind).astype(np.float32)
            parameter.data.copy_(torch.from_numpy(kept.reshape(values.shape)))
    return model


def measure(work: Path, share: float = 1.0) -> None:
    """Only measures, with what is in the work folder; needs no gguf package."""
    printed("quality", measured(*load(work), share))


def release(work: Path, models: Path, share: float = 1.0) -> None:
    """Measures, and writes `chat.gguf`, goldens and the card; the Hugging Face folder stays in the work folder."""
    from chat.export import Type, write_folder, write_gguf

    model, tokenizer = load(work)
    target = models / "chat"
    target.mkdir(parents=True, exist_ok=True)
    write_folder(work / "folder", model, tokenizer)
    write_gguf(work / "chat-f32.gguf", model, tokenizer, Type.F32)
    write_gguf(target / "chat.gguf", model, tokenizer)
    goldens.write(work / "folder", target)
    fill_card(
        Path(__file__).parent / "card.md",
        target / "README.md",
        size={"parameters": millions(model), "megabytes": megabytes((target / "chat.gguf").stat().st_size)},
        quality=printed("quality", measured(quantized(model), tokenizer, share)),
        training=training_summary(work),
    )
