"""The one training loop: AdamW, warm-up and cosine, clipping, averaging, checkpoints, a deadline."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from common.checkpoint import load_checkpoint, load_weights, save_checkpoint, save_weights
from common.device import device, moved, precision, seconds
from common.optimizer import MuonAndAdamW


@dataclass
class Settings:
    """`minutes` of `device.seconds`, over all resumed runs; what ends first, steps or minutes, ends the cosine too."""

    steps: int
    minutes: float = 0
    rate: float = 1e-3
    warmup: int = 200
    decay: float = 0.05
    clip: float = 1.0
    average: float = 0.999
    betas: tuple = (0.9, 0.98)
    muon: float = 0  # the factor from AdamW's rate to Muon's; 0 leaves Muon out
    bfloat16: bool = True  # where it is fast; narrow networks are faster without
    report_seconds: float = 5
    save_seconds: float = 120


class Trainer:
    """Trains `model` on batches; `loss(model, batch)` gives a scalar and a dictionary of numbers to report."""

    def __init__(self, model, loss: Callable, settings: Settings, folder: Path):
        self.model, self.loss, self.settings, self.folder = model.to(device()), loss, settings, folder
        self.average = self._copy()
        self.optimizer = MuonAndAdamW(
            self.model, settings.rate, settings.decay, settings.betas, settings.muon, device().type == "cuda"
        )
        self.step, self.elapsed = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _copy(self):
        """Parameters by name, a tied one once."""
        return {name: value.detach().clone() for name, value in self.model.named_parameters()}

    def _resume(self):
        state = load_checkpoint(self.folder / "checkpoint.pt", device())
        if state:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average, self.step, self.elapsed = state["average"], state["step"], state["elapsed"]
            print(f"resumed at step {self.step}, {self.elapsed / 60:.1f} minutes", flush=True)
            return
        weights = load_weights(self.folder)
        if weights:
            self.model.load_state_dict(weights, strict=False)
            self.average = self._copy()
            print("started from saved weights; the optimizer starts anew", flush=True)

    @property
    def progress(self) -> float:
        """From 0 to 1, by steps or by time, whichever is further."""
        by_time = self.elapsed / (60 * self.settings.minutes) if self.settings.minutes else 0
        return min(1.0, max(self.step / self.settings.steps, by_time))

    def rate(self) -> float:
        warm = min(1.0, (self.step + 1) / self.settings.warmup)
        return self.settings.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress)))

    def run(self, batches: Iterator, units: Callable = lambda batch: 1, unit: str = "batches") -> None:
        """Trains until done; `units(batch)` is what the speed in the report counts."""
        batch, seen, losses = next(batches), 0, []  # the first batch waits for the data, which is no training time
        reported = saved = time.time()
        start = seconds()
        while self.progress < 1:
            losses.append(self._update(moved(batch, device())))
            seen += units(batch)
            self.step += 1
            batch = next(batches)
            spent, now = seconds(), time.time()
            self.elapsed += spent - start
            start = spent
            if now - reported > self.settings.report_seconds:
                self._report(losses, seen / (now - reported), unit)
                seen, reported, losses = 0, now, []
            if now - saved > self.settings.save_seconds:
                self.save()
                saved = time.time()
        if losses:
            self._report(losses, seen / max(1e-9, time.time() - reported), unit)
        self.save()
        self.model.load_state_dict(self.average, strict=False)

    def _update(self, batch):
        self.model.train()
        self.optimizer.set_rate(self.rate())
        with precision(self.settings.bfloat16):
            loss, numbers = self.loss(self.model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self._follow()
        return {"loss": loss.detach(), **numbers}

    @torch.no_grad()
    def _follow(self):
        """The exponential average; young averages forget faster."""
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        now = [value.detach() for _, value in self.model.named_parameters()]
        torch._foreach_lerp_(list(self.average.values()), now, 1 - keep)

    def _report(self, losses, speed, unit):
        names = losses[-1].keys()
        means = {
            n: float(torch.stack([torch.as_tensor(x[n]).float().cpu() for x in losses if n in x]).mean()) for n in names
        }
        shown = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        line = (
            f"step {self.step}  {100 * self.progress:.1f}%  {self.elapsed / 60:.1f} min  {shown}  {speed:,.0f} {unit}/s"
        )
        print(line, flush=True)
        with open(self.folder / "log.txt", "a") as log:
            log.write(line + "\n")

    def save(self) -> None:
        """The checkpoint to resume from, and the averaged weights in half precision."""
        save_checkpoint(
            self.folder / "checkpoint.pt",
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average,
                "step": self.step,
                "elapsed": self.elapsed,
            },
        )
        save_weights(self.folder, self.average)
