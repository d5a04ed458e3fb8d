"""The Stable Diffusion networks (Rombach 2021, arXiv:2112.10752) in small, in diffusers' classes."""

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel

from picture.drawing import SIDE
from picture.tokenizer import LENGTH

WIDTH = 128  # of the text states
LATENTS = 8  # channels
# Zero signal at the last step (Lin 2023, arXiv:2305.08891), or plain dark and light backgrounds could not be drawn.
NOISE = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    prediction_type="v_prediction",
    rescale_betas_zero_snr=True,
    clip_sample=False,
    set_alpha_to_one=True,
    steps_offset=1,  # unused with trailing steps; pipelines warn of another
)


def build_autoencoder() -> AutoencoderKL:
    """128 x 128 x 3 to 16 x 16 x 8."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=LATENTS,
        sample_size=SIDE,
        layers_per_block=1,
        norm_num_groups=8,
        block_out_channels=(16, 32, 64, 96),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )


def build_denoiser() -> UNet2DConditionModel:
    """Text is read at 8 x 8 and 4 x 4; at 16 x 16, where attention costs most, there are only convolutions."""
    unet = UNet2DConditionModel(
        sample_size=SIDE // 8,
        in_channels=LATENTS,
        out_channels=LATENTS,
        layers_per_block=1,
        norm_num_groups=16,
        block_out_channels=(64, 128, 128),
        cross_attention_dim=WIDTH,
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )
    unet.set_attn_processor(AttnProcessor())  # plain products: PyTorch's fused bfloat16 attention is slow on a CPU
    return unet


def build_text(tokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.eos_token_id,
        )
    )


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(timestep_spacing="trailing", **NOISE)


def signal(device) -> tuple[torch.Tensor, torch.Tensor]:
    """Root of signal and of noise variance at each of the 1000 steps."""
    kept = scheduler().alphas_cumprod.to(device)
    return kept.sqrt(), (1 - kept).sqrt()


class Painter(nn.Module):
    """Text encoder and denoiser, trained together."""

    def __init__(self, tokenizer):
        super().__init__()
        self.text, self.unet = build_text(tokenizer), build_denoiser()

    def states(self, ids):
        return self.text(input_ids=ids).last_hidden_state  # [B, LENGTH, WIDTH]

    def forward(self, latents, steps, states):
        return self.unet(latents, steps, encoder_hidden_states=states).sample


def autoencoder_loss(model, batch):
    """Absolute and squared error, the same of the edges, and a little Kullback-Leibler divergence."""
    images = _images(batch)
    posterior = model.encode(images).latent_dist
    gone = model.decode(posterior.sample()).sample.float() - images
    level = posterior.kl().mean() / (LATENTS * 16 * 16)
    return _difference(gone) + 1e-4 * level, {"error": gone.detach().abs().mean() * 127.5, "kl": level.detach()}


def decoder_loss(model, batch):
    """The same without the encoder, which stays; latents a little beside the right ones, as a denoiser's are. Squares
    count more, because small parts such as eyes are few pixels with large errors."""
    images = _images(batch)
    with torch.no_grad():
        latents = model.encode(images).latent_dist.mean.float()
    gone = model.decode(latents + 0.05 * latents.std() * torch.randn_like(latents)).sample.float() - images
    return _difference(gone) + 3 * gone.square().mean(), {"error": gone.detach().abs().mean() * 127.5}


def _images(batch):
    return batch[0].float().permute(0, 3, 1, 2) / 127.5 - 1  # [B, 3, 128, 128]


def _difference(gone):
    edges = gone.diff(dim=-1).abs().mean() + gone.diff(dim=-2).abs().mean()
    return gone.abs().mean() + gone.square().mean() + edges


class DenoiserLoss:
    """v-prediction (Salimans 2022, arXiv:2202.00512); one caption in eight is empty, for guidance (Ho 2022, arXiv:2207.12598)."""

    def __init__(self, empty, device):
        self.empty = empty.to(device)
        self.keep, self.noise = signal(device)

    def __call__(self, model, batch):
        latents, ids = batch
        ids = torch.where(torch.rand(len(ids), 1, device=ids.device) < 0.125, self.empty, ids)
        # Noisy steps, which decide what is drawn where, come more often.
        steps = (1000 * torch.rand(len(ids), device=ids.device) ** 0.7).long().clamp(max=999)
        keep, noise = self.keep[steps].view(-1, 1, 1, 1), self.noise[steps].view(-1, 1, 1, 1)
        grain = torch.randn_like(latents)
        guess = model(keep * latents + noise * grain, steps, model.states(ids)).float()
        return F.mse_loss(guess, keep * grain - noise * latents), {}
