"""Consistency distillation on four nodes (Luo 2023, arXiv:2310.04378; Heek 2024, arXiv:2403.06807): from twenty guided
steps to four without guidance.

The student learns at the four noise levels that LCMScheduler visits in four steps, and only there: the guided
teacher walks from one to the next in several steps, where the student itself, a little behind, says what comes out.
The guidance is fixed and baked in, so that the student has exactly the teacher's layout.
"""

import copy

import torch
from torch import nn

from picture.model import signal

GUIDANCE = 4.0
NODES = torch.tensor([249, 499, 749, 999])  # what LCMScheduler makes of 4 steps of 20
WALK = 4  # of the teacher's steps between two nodes


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
        self.empty, self.nodes = empty.to(device), NODES.to(device)

    def _levels(self, steps):
        return self.keep[steps].view(-1, 1, 1, 1), self.noise[steps].view(-1, 1, 1, 1)

    def _clean(self, unet, latents, steps, states):
        """The clean latents that a v-prediction means, and the noise."""
        keep, noise = self._levels(steps)
        guess = unet(latents, steps, encoder_hidden_states=states).sample.float()
        return keep * latents - noise * guess, noise * latents + keep * guess

    def consistent(self, unet, latents, steps, states):
        skip, out = boundary(steps)
        return skip * latents + out * self._clean(unet, latents, steps, states)[0]

    def _step_back(self, latents, steps, before, states, nothing):
        """One DDIM step of the guided teacher, to `before`."""
        both = torch.cat([latents, latents]), torch.cat([steps, steps]), torch.cat([states, nothing])
        (clean, clean0), (grain, grain0) = (part.chunk(2) for part in self._clean(self.teacher.unet, *both))
        keep, noise = self._levels(before)
        guided = lambda given, free: free + GUIDANCE * (given - free)
        return keep * guided(clean, clean0) + noise * guided(grain, grain0)

    def _target(self, latents, index, states, nothing):
        """The clean latents at the end of the guided way from node `index`."""
        nodes = torch.cat([torch.zeros_like(self.nodes[:1]), self.nodes])
        start, end = nodes[index + 1], nodes[index]
        for walked in range(WALK):
            steps, before = (start - (start - end) * part // WALK for part in (walked, walked + 1))
            latents = self._step_back(latents, steps, before, states, nothing)
        return torch.where(
            (index == 0).view(-1, 1, 1, 1), latents, self.consistent(self.follower, latents, end, states)
        )

    def follow(self, student, rate=0.1):
        """Moves the follower towards the student."""
        for old, new in zip(self.follower.parameters(), student.unet.parameters()):
            old.lerp_(new, rate)

    def __call__(self, student, batch):
        latents, ids = batch
        index = torch.randint(0, len(self.nodes), (len(ids),), device=ids.device)
        steps = self.nodes[index]
        keep, noise = self._levels(steps)
        noisy = keep * latents + noise * torch.randn_like(latents)
        with torch.no_grad():
            self.follow(student)
            states, nothing = self.teacher.states(ids), self.teacher.states(self.empty).expand(len(ids), -1, -1)
            target = self._target(noisy, index, states, nothing)
        gone = self.consistent(student.unet, noisy, steps, states) - target
        return ((gone.square() + 1e-6).sqrt() - 1e-3).mean(), {}
