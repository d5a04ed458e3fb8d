"""diffusers with PyTorch, as one runs it without further tools."""

import time
from pathlib import Path

import diffusers
import numpy as np
import torch
from drawing import Drawing

VERSIONS = f"diffusers {diffusers.__version__}, PyTorch {torch.__version__}"


class Diffusers:
    """One model's pipeline, in F32."""

    def __init__(self, folder: Path, steps: int, guidance: float, threads: int) -> None:
        torch.set_num_threads(threads)
        self.pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
            folder, dtype=torch.float32, low_cpu_mem_usage=False)
        self.pipeline.set_progress_bar_config(disable=True)
        self.evaluations: list[float] = []  # when each of the network's began
        self.pipeline.unet.register_forward_pre_hook(
            lambda *_: self.evaluations.append(time.perf_counter()))
        self.steps, self.guidance = steps, guidance
        self.side = self.pipeline.unet.config.sample_size * self.pipeline.vae_scale_factor

    def draw(self, prompt: str, seed: int) -> Drawing:
        """A square picture."""
        self.evaluations.clear()
        ends: list[float] = []

        def step_ended(pipeline: object, step: int, time_step: object, tensors: dict) -> dict:
            ends.append(time.perf_counter())
            return tensors

        begin = time.perf_counter()
        image = self.pipeline(
            prompt, num_inference_steps=self.steps, guidance_scale=self.guidance,
            generator=torch.Generator("cpu").manual_seed(seed), callback_on_step_end=step_ended).images[0]
        pixels = np.asarray(image)
        return Drawing.timed(begin, [self.evaluations[0], *ends], time.perf_counter(), pixels)
