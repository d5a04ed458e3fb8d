"""Pictures drawn in parallel, and latents kept for the denoiser."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from common.device import device, precision
from common.seeds import generator
from picture.drawing import draw_scene
from picture.scenes import draw_crowd, draw_example

BLOCK = 64
CROWDS = 0.75  # of the autoencoder's pictures


def block(job) -> tuple[np.ndarray, list[str]]:
    """Pictures `[64, 128, 128, 3]` and captions; the same for the same seed and number."""
    seed, number, crowds = job
    rng = generator("picture data", seed, number)
    scenes = [draw_crowd(rng) if rng.random() < crowds else draw_example(rng) for _ in range(BLOCK)]
    return np.stack([draw_scene(scene) for scene in scenes]), [scene.caption for scene in scenes]


def blocks(seed, first=0, last=10**9, crowds=0):
    """Blocks in order, drawn ahead by other processes where there are several cores."""
    workers = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    jobs = ((seed, number, crowds) for number in range(first, last))
    if workers < 2:
        yield from map(block, jobs)
        return
    with multiprocessing.get_context("forkserver").Pool(workers) as pool:
        waiting = []
        for job in jobs:
            waiting.append(pool.apply_async(block, (job,)))
            if len(waiting) >= 4 * workers:
                yield waiting.pop(0).get()
        for result in waiting:
            yield result.get()


def images(seed, size, first=0, crowds=CROWDS):
    """Endless `([size, 128, 128, 3],)`, bytes."""
    kept = []
    for pictures, _ in blocks(seed, first, crowds=crowds):
        kept.append(torch.from_numpy(pictures))
        if sum(map(len, kept)) >= size:
            whole = torch.cat(kept)
            for start in range(0, len(whole) - size + 1, size):
                yield (whole[start : start + size],)
            kept = [whole[len(whole) - len(whole) % size :]] if len(whole) % size else []


@torch.no_grad()
def prepare_latents(path: Path, autoencoder, seed: int, count: int) -> tuple[torch.Tensor, list[str]]:
    """Means of the posterior, before scaling, `[count, 8, 16, 16]`, and captions; made once."""
    words = path.with_suffix(".txt")
    if path.exists() and words.exists():
        return load_file(path)["latents"].float(), words.read_text().splitlines()
    found, captions = [], []
    for pictures, lines in blocks(seed + 1, 0, -(-count // BLOCK)):
        inputs = torch.from_numpy(pictures).to(device()).float().permute(0, 3, 1, 2) / 127.5 - 1
        with precision():
            found.append(autoencoder.encode(inputs).latent_dist.mean.half().cpu())
        captions += lines
        if len(found) % 50 == 0:
            print(f"{len(captions)} of {count} pictures encoded", flush=True)
    latents = torch.cat(found).contiguous()  # convolutions may leave the channels last
    save_file({"latents": latents}, path)
    words.write_text("\n".join(captions) + "\n")
    return latents.float(), captions


def batches(latents, ids, size, seed):
    """Endless `(latents, ids)`, shuffled every time round; both may lie on the GPU."""
    rng = np.random.default_rng(seed)
    while True:
        order = torch.from_numpy(rng.permutation(len(ids))).to(latents.device)
        for start in range(0, len(ids) - size + 1, size):
            part = order[start : start + size]
            yield latents[part], ids[part]
