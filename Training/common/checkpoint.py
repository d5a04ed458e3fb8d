"""Two kinds of files: a checkpoint that resumes exactly, and weights small enough to carry."""

import os
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

SHARD_BYTES = 15 * 10**6


def save_checkpoint(path: Path, state: dict) -> None:
    """Writes beside the old file and renames, so that a killed run leaves a whole one."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path, device) -> dict | None:
    return torch.load(path, map_location=device, weights_only=True) if path.exists() else None


def save_weights(folder: Path, tensors: dict[str, torch.Tensor], stem: str = "weights") -> list[Path]:
    """Half-precision shards under 15 MB (a lent GPU gives back files of 16 MiB at most)."""
    folder.mkdir(parents=True, exist_ok=True)
    shards: list[dict] = [{}]
    size = 0
    for name, tensor in tensors.items():
        half = tensor.detach().to("cpu", torch.float16).contiguous().clone()
        if size + half.nbytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = half
        size += half.nbytes
    for old in folder.glob(f"{stem}-*.safetensors"):
        old.unlink()
    paths = [folder / f"{stem}-{number}.safetensors" for number in range(len(shards))]
    for path, shard in zip(paths, shards):
        save_file(shard, path)
    return paths


def load_weights(folder: Path, stem: str = "weights") -> dict[str, torch.Tensor]:
    """The float32 tensors that `save_weights` wrote; empty if there are none."""
    tensors: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob(f"{stem}-*.safetensors")):
        tensors |= {name: tensor.float() for name, tensor in load_file(path).items()}
    return tensors
