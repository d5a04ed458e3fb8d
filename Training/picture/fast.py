"""Progressive distillation (Salimans 2022, arXiv:2202.00512; with guidance Meng 2023, arXiv:2210.03142): from twenty
guided steps to four without guidance.

The student learns at the four noise levels that the sampler visits in four steps, and only there: the guided teacher
walks from one to the next in several steps, the student learns to be there in one. The guidance is fixed and baked
in, so that the student has exactly the teacher's layout.
"""

import copy

import torch
from torch import nn

from picture.model import signal

GUIDANCE = 1.75  # more draws more things than were asked for
NODES = torch.tensor([249, 499, 749, 999])  # what DDIMScheduler makes of 4 trailing steps
WALK = 4  # of the teacher's steps between two nodes


class Student(nn.Module):
    """The network that learns; the teacher with its text states is frozen."""

    def __init__(self, painter):
        super().__init__()
        self.unet = copy.deepcopy(painter.unet)
        self.frozen = [painter.requires_grad_(False).eval()]  # in a list, so that it is no part of this module


class DistillationLoss:
    def __init__(self, student, empty, device):
        self.teacher = student.frozen[0].to(device)
        keep, noise = signal(device)
        # Level 0 is the clean end, level n + 1 step n of the schedule.
        self.keep = torch.cat([torch.ones_like(keep[:1]), keep])
        self.noise = torch.cat([torch.zeros_like(noise[:1]), noise])
        self.empty, self.nodes = empty.to(device), NODES.to(device) + 1

    def _levels(self, levels):
        return self.keep[levels].view(-1, 1, 1, 1), self.noise[levels].view(-1, 1, 1, 1)

    def _clean(self, unet, latents, levels, states):
        """The clean latents that a v-prediction means, and the noise."""
        keep, noise = self._levels(levels)
        guess = unet(latents, levels - 1, encoder_hidden_states=states).sample.float()
        return keep * latents - noise * guess, noise * latents + keep * guess

    def _step_back(self, latents, levels, before, states, nothing):
        """One DDIM step of the guided teacher, to `before`."""
        both = torch.cat([latents, latents]), torch.cat([levels, levels]), torch.cat([states, nothing])
        (clean, clean0), (grain, grain0) = (part.chunk(2) for part in self._clean(self.teacher.unet, *both))
        keep, noise = self._levels(before)
        guided = lambda given, free: free + GUIDANCE * (given - free)
        return keep * guided(clean, clean0) + noise * guided(grain, grain0)

    def target(self, latents, start, end, states, nothing):
        """The clean latents that lead a single DDIM step from level `start` to where the teacher is at level `end`."""
        there = latents
        for walked in range(WALK):
            levels, before = (start - (start - end) * part // WALK for part in (walked, walked + 1))
            there = self._step_back(there, levels, before, states, nothing)
        (keep, noise), (keep_there, noise_there) = self._levels(start), self._levels(end)
        share = noise_there / noise
        return (there - share * latents) / (keep_there - share * keep)

    def __call__(self, student, batch):
        latents, ids = batch
        index = torch.randint(0, len(self.nodes), (len(ids),), device=ids.device)
        start, end = self.nodes[index], torch.cat([torch.zeros_like(self.nodes[:1]), self.nodes])[index]
        keep, noise = self._levels(start)
        noisy = keep * latents + noise * torch.randn_like(latents)
        with torch.no_grad():
            states, nothing = self.teacher.states(ids), self.teacher.states(self.empty).expand(len(ids), -1, -1)
            target = self.target(noisy, start, end, states, nothing)
        gone = self._clean(student.unet, noisy, start, states)[0] - target
        return ((gone.square() + 1e-6).sqrt() - 1e-3).mean(), {}
