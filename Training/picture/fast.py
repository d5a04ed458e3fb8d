"""Latent consistency distillation (Luo 2023, arXiv:2310.04378): from twenty guided steps to four without guidance.

The guidance is fixed and baked in, so that the student has exactly the teacher's layout.
"""

import copy

import torch
from torch import nn

from picture.model import signal

GUIDANCE = 4.0
GRID = torch.arange(20, 1001, 20) - 1  # the 50 steps of LCMScheduler's default


def boundary(steps):
    """c_skip and c_out of LCMScheduler: timestep scaling 10, sigma 0.5."""
    scaled = steps.float().view(-1, 1, 1, 1) * 10
    return 0.25 / (scaled**2 + 0.25), scaled / (scaled**2 + 0.25).sqrt()


class Student(nn.Module):
    """The network that learns; teacher, its text states and the follower are frozen."""

    def __init__(self, painter):
        super().__init__()
        self.unet = copy.deepcopy(painter.unet)
        self.frozen = [painter.requires_grad_(False).eval(), copy.deepcopy(self.unet).requires_grad_(False).eval()]


class ConsistencyLoss:
    def __init__(self, student, empty, device):
        self.teacher, self.follower = (part.to(device) for part in student.frozen)
        self.keep, self.noise = signal(device)
        self.empty, self.grid = empty.to(device), GRID.to(device)

    def _clean(self, unet, latents, steps, states):
        """The clean latents that a v-prediction means, and the noise."""
        keep, noise = (x[steps].view(-1, 1, 1, 1) for x in (self.keep, self.noise))
        guess = unet(latents, steps, encoder_hidden_states=states).sample.float()
        return keep * latents - noise * guess, noise * latents + keep * guess

    def consistent(self, unet, latents, steps, states):
        skip, out = boundary(steps)
        return skip * latents + out * self._clean(unet, latents, steps, states)[0]

    @torch.no_grad()
    def _step_back(self, latents, steps, before, states, nothing):
        """One DDIM step of the guided teacher, to `before`."""
        clean, grain = self._clean(self.teacher.unet, latents, steps, states)
        clean0, grain0 = self._clean(self.teacher.unet, latents, steps, nothing)
        clean, grain = clean0 + GUIDANCE * (clean - clean0), grain0 + GUIDANCE * (grain - grain0)
        return self.keep[before].view(-1, 1, 1, 1) * clean + self.noise[before].view(-1, 1, 1, 1) * grain

    @torch.no_grad()
    def follow(self, student, rate=0.05):
        """Moves the follower towards the student."""
        for old, new in zip(self.follower.parameters(), student.unet.parameters()):
            old.lerp_(new, rate)

    def __call__(self, student, batch):
        latents, ids = batch
        self.follow(student)
        with torch.no_grad():
            states, nothing = self.teacher.states(ids), self.teacher.states(self.empty.expand_as(ids))
        index = torch.randint(0, len(GRID), (len(ids),), device=ids.device)
        steps, before = self.grid[index], torch.where(index > 0, self.grid[index - 1], 0)
        noisy = self.keep[steps].view(-1, 1, 1, 1) * latents + self.noise[steps].view(-1, 1, 1, 1) * torch.randn_like(
            latents
        )
        with torch.no_grad():
            target = self.consistent(
                self.follower, self._step_back(noisy, steps, before, states, nothing), before, states
            )
        gone = self.consistent(student.unet, noisy, steps, states) - target
        return ((gone.square() + 1e-6).sqrt() - 1e-3).mean(), {}
