"""Where a run computes, and in what precision."""

import contextlib
import os
import time

import torch


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether bfloat16 products are fast here: on GPUs, and on processors with AMX or AVX-512 BF16."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    try:
        flags = open("/proc/cpuinfo").read(20000)
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def precision(bfloat16: bool = True):
    """Autocast to bfloat16 where that pays; weights stay float32."""
    if not bfloat16 or not has_bfloat16():
        return contextlib.nullcontext()
    return torch.autocast(device().type, dtype=torch.bfloat16)


def set_threads(count: int | None = None) -> None:
    """As many threads as asked, else as OMP_NUM_THREADS says, else one for each core."""
    torch.set_num_threads(count or int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))


def seconds() -> float:
    """The clock of a time budget: on the CPU the process's time divided by its threads, so that a run which is paused,
    or shares its cores, counts what it got; on a GPU the time that passes."""
    return time.perf_counter() if torch.cuda.is_available() else time.process_time() / torch.get_num_threads()


def moved(batch, to: torch.device):
    """A tuple, list or dictionary of tensors on another device."""
    if isinstance(batch, torch.Tensor):
        return batch.to(to, non_blocking=True)
    if isinstance(batch, dict):
        return {key: moved(value, to) for key, value in batch.items()}
    return type(batch)(moved(value, to) for value in batch)
