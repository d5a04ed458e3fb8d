"""Pictures from captions, many at a time, with diffusers' scheduler."""

import numpy as np
import torch

from common.device import device, precision
from picture.model import LATENTS
from picture.tokenizer import encode


@torch.no_grad()
def paint(
    unet, text, autoencoder, tokenizer, scheduler, captions, steps, guidance, seed=1, batch=64, bfloat16=True
) -> np.ndarray:
    """`[N, 128, 128, 3]`, bytes. Guidance 1 leaves the unguided pass out, as the fast model wants it."""
    found = []
    for start in range(0, len(captions), batch):
        part = captions[start : start + batch]
        grain = torch.Generator().manual_seed(seed * 1000 + start)
        latents = torch.randn(len(part), LATENTS, 16, 16, generator=grain).to(device())
        with precision(bfloat16):
            states = text(input_ids=encode(tokenizer, part).to(device())).last_hidden_state
            if guidance != 1:
                nothing = text(input_ids=encode(tokenizer, [""]).to(device())).last_hidden_state
                states = torch.cat([nothing.expand_as(states), states])
            latents = _denoise(unet, scheduler, latents, states, steps, guidance)
            images = autoencoder.decode(latents / autoencoder.config.scaling_factor).sample.float()
        found.append(((images / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(found)


def _denoise(unet, scheduler, latents, states, steps, guidance):
    scheduler.set_timesteps(steps)
    latents = latents * scheduler.init_noise_sigma
    for step in scheduler.timesteps:
        if guidance == 1:
            guess = unet(latents, step, encoder_hidden_states=states).sample.float()
        else:
            without, with_text = (
                unet(torch.cat([latents] * 2), step, encoder_hidden_states=states).sample.float().chunk(2)
            )
            guess = without + guidance * (with_text - without)
        latents = scheduler.step(guess, step, latents).prev_sample
    return latents
