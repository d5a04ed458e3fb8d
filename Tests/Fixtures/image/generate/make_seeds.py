#!/usr/bin/env python3
"""What diffusers draws with Models/picture-fast from a seed: the last latents of a few schedulers."""
import json
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
MODEL = HERE.parents[3] / "Models/picture-fast"
PROMPT = "on a yellow background, three small red stars"
RUNS = [
    ("ddim", "DDIMScheduler", 1, 4, 1.0),
    ("ddim", "DDIMScheduler", 7 << 32 | 5, 3, 2.5),
    ("euler_a", "EulerAncestralDiscreteScheduler", 2, 5, 1.0),
    ("dpmpp_2m", "DPMSolverMultistepScheduler", 3, 6, 1.5),
    ("ddpm", "DDPMScheduler", 4, 4, 1.0),
]

pipeline = diffusers.StableDiffusionPipeline.from_pretrained(MODEL, torch_dtype=torch.float32, safety_checker=None)
pipeline.set_progress_bar_config(disable=True)
own = pipeline.scheduler.config
cases, arrays = [], {}
for index, (name, kind, seed, steps, guidance) in enumerate(RUNS):
    pipeline.scheduler = getattr(diffusers, kind).from_config(own)
    latents = pipeline(
        PROMPT, num_inference_steps=steps, guidance_scale=guidance, height=128, width=128,
        generator=torch.Generator("cpu").manual_seed(seed), output_type="latent",
    ).images
    arrays[str(index)] = latents[0].contiguous()
    cases.append({"prompt": PROMPT, "scheduler": name, "seed": seed, "steps": steps, "guidance": guidance})
save_file(arrays, str(HERE.parent / "seeds.safetensors"))
(HERE.parent / "seeds.json").write_text(json.dumps({"diffusers": diffusers.__version__, "cases": cases}, indent=1) + "\n")
