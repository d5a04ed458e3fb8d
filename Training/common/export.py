"""Writing checkpoints in the forms that published ones have."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tensors(path: Path, tensors: dict, dtype=torch.float16) -> None:
    """Safetensors in one element type; a tied tensor is written under its first name only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seen, kept = set(), {}
    for name, tensor in tensors.items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            kept[name] = tensor.detach().to("cpu", dtype).contiguous().clone()
    save_file(kept, path, metadata={"format": "pt"})


def write_goldens(folder: Path, description: dict, arrays: dict) -> None:
    """`golden.json` and `golden.safetensors` (F32 or I64): what the reference computes from this checkpoint."""
    write_json(folder / "golden.json", description)
    whole = {name: array.detach().to("cpu") for name, array in arrays.items()}
    save_file(
        {n: (a.float() if a.is_floating_point() else a.long()).contiguous().clone() for n, a in whole.items()},
        folder / "golden.safetensors",
    )


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
