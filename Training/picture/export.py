"""The diffusers directory (safetensors F16), the fast one beside it, and goldens."""

import os
import shutil
from pathlib import Path

import torch

from common.export import write_goldens, write_json, write_tensors
from picture.evaluate import held_out
from picture.fast import GUIDANCE
from picture.model import LATENTS


def write_pipeline(folder: Path, parts: dict, unet, noise, tokenizer_folder: Path) -> None:
    """Everything that `StableDiffusionPipeline.from_pretrained` wants; configurations as diffusers writes them."""
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.30.0",
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", type(noise).__name__],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    noise.save_pretrained(folder / "scheduler")
    _write_part(folder / "unet", unet, "diffusion_pytorch_model")
    _write_part(folder / "vae", parts["autoencoder"], "diffusion_pytorch_model")
    _write_text(folder / "text_encoder", parts["text"])
    shutil.copytree(tokenizer_folder, folder / "tokenizer", dirs_exist_ok=True)


def _write_part(folder: Path, network, stem: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    network.save_config(folder)
    write_tensors(folder / f"{stem}.safetensors", dict(network.state_dict()))


def _write_text(folder: Path, text) -> None:
    """Names with the `text_model.` prefix, as published files have them."""
    names = "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads max_position_embeddings hidden_act layer_norm_eps bos_token_id eos_token_id pad_token_id".split()
    write_json(
        folder / "config.json",
        {
            "architectures": ["CLIPTextModel"],
            "model_type": "clip_text_model",
            "torch_dtype": "float32",
            "projection_dim": text.config.hidden_size,
            **{name: getattr(text.config, name) for name in names},
        },
    )
    tensors = {
        name if name.startswith("text_model.") else f"text_model.{name}": value
        for name, value in text.state_dict().items()
    }
    write_tensors(
        folder / "model.safetensors",
        {name: value for name, value in tensors.items() if not name.endswith("position_ids")},
    )


def share_parts(fast: Path, whole: Path) -> None:
    """In the fast directory, what is the same as in the whole one becomes a link to it."""
    for part in ("vae", "text_encoder", "tokenizer"):
        shutil.rmtree(fast / part, ignore_errors=True)
        (fast / part).unlink(missing_ok=True)
        os.symlink(os.path.relpath(whole / part, fast), fast / part, target_is_directory=True)


def load(folder: Path):
    """The export as diffusers reads it, in float32."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.no_grad()
def write_golden(folder: Path, steps: int = 20, guidance: float = GUIDANCE) -> None:
    """One held-out caption: ids, text states, the starting noise, final latents, the picture (0..1)."""
    pipeline, caption = load(folder), held_out(1)[0].caption
    grain = torch.randn(1, LATENTS, 16, 16, generator=torch.Generator().manual_seed(1))
    ids = pipeline.tokenizer(
        caption, padding="max_length", max_length=pipeline.tokenizer.model_max_length, return_tensors="pt"
    ).input_ids
    states = pipeline.text_encoder(ids).last_hidden_state[0]
    run = dict(prompt=caption, num_inference_steps=steps, guidance_scale=guidance, latents=grain, height=128, width=128)
    latents = pipeline(**run, output_type="latent").images
    image = pipeline(**run, output_type="pt").images[0]
    write_goldens(
        folder,
        {
            "how": "diffusers StableDiffusionPipeline, float32, weights as in the files (F16)",
            "prompt": caption,
            "ids": ids[0].tolist(),
            "steps": steps,
            "guidance": guidance,
            "scheduler": type(pipeline.scheduler).__name__,
        },
        {"noise": grain[0], "text": states, "latents": latents[0], "image": image},
    )
