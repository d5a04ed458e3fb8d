"""Muon for the matrices of hidden layers, AdamW for everything else, behind one optimizer's interface."""

import torch
from torch import nn


class MuonAndAdamW:
    """Muon (Jordan 2024, PyTorch's `torch.optim.Muon`) orthogonalizes the momentum of a matrix, so that few steps and
    large batches do; its update is scaled to the size of AdamW's (Liu 2025, arXiv:2502.16982), and `rate` times
    `muon` is its learning rate. Embeddings, gains, biases and convolutions take AdamW."""

    def __init__(self, model, rate: float, decay: float, betas: tuple, muon: float, fused: bool):
        hidden, plain, small = _sorted(model)
        if not muon:
            hidden, plain = [], hidden + plain
        groups = [{"params": plain, "weight_decay": decay}, {"params": small, "weight_decay": 0.0}]
        self.parts = [torch.optim.AdamW(groups, lr=rate, betas=betas, fused=fused)]
        if hidden:
            self.parts.append(
                torch.optim.Muon(hidden, lr=rate * muon, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
            )
        self.scales = [1.0, muon]

    def set_rate(self, rate: float) -> None:
        for part, scale in zip(self.parts, self.scales):
            for group in part.param_groups:
                group["lr"] = rate * scale

    def step(self) -> None:
        for part in self.parts:
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def _sorted(model):
    """Matrices of linear layers, other arrays that decay, and gains, biases and single numbers, which do not."""
    linear = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
    linear -= {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}  # a tied head
    wanted = [p for p in model.parameters() if p.requires_grad]
    hidden = [p for p in wanted if id(p) in linear]
    return (
        hidden,
        [p for p in wanted if p.dim() >= 2 and id(p) not in linear],
        [p for p in wanted if p.dim() < 2],
    )
