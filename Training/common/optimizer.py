"""Muon for the hidden layers, AdamW for everything else, behind one optimizer's interface."""

import torch
from torch import nn

NARROW = 8  # a layer to or from fewer channels than this reads or writes, and is no hidden layer


class MuonAndAdamW:
    """Muon (Jordan 2024, here `torch.optim.Muon`) orthogonalizes the momentum of a matrix; its update is scaled to
    the size of AdamW's (Liu 2025, arXiv:2502.16982), and `rate` times `muon` is its learning rate. A convolution is
    the matrix `[out, in * height * width]`. Embeddings, narrow layers, gains and biases take AdamW. A parameter's own
    `rate`, if it has one, scales Muon's."""

    def __init__(self, model, rate: float, decay: float, betas: tuple, muon: float, fused: bool):
        hidden, plain, small = _sorted(model)
        if not muon:
            hidden, plain = [], hidden + plain
        groups = [{"params": plain, "weight_decay": decay}, {"params": small, "weight_decay": 0.0}]
        self.parts = [torch.optim.AdamW(groups, lr=rate, betas=betas, fused=fused)]
        # Muon takes matrices only: these share the memory of the parameters that they stand for.
        self.flat = [(p, nn.Parameter(p.detach().flatten(1))) for p in hidden]
        self.shares = [[1.0, 1.0]]  # of the rate, for each group of each part
        if hidden:
            matrices: dict[float, list] = {}
            for parameter, matrix in self.flat:
                matrices.setdefault(muon * getattr(parameter, "rate", 1.0), []).append(matrix)
            muons = [{"params": group} for group in matrices.values()]
            self.parts.append(torch.optim.Muon(muons, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
            self.shares.append(list(matrices))
        self.set_rate(rate)

    def set_rate(self, rate: float) -> None:
        for part, shares in zip(self.parts, self.shares):
            for group, share in zip(part.param_groups, shares, strict=True):
                group["lr"] = rate * share

    def step(self) -> None:
        """Updates the parameters and clears their gradients."""
        for parameter, matrix in self.flat:
            matrix.grad = None if parameter.grad is None else parameter.grad.flatten(1)
            parameter.grad = None
        for part in self.parts:
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def _sorted(model):
    """Weights of hidden layers, other arrays that decay, and gains, biases and single numbers, which do not."""
    layers = [m.weight for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    tied = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    inner = {id(w) for w in layers if min(w.shape[:2]) >= NARROW and id(w) not in tied}
    wanted = [p for p in model.parameters() if p.requires_grad]
    return (
        [p for p in wanted if id(p) in inner],
        [p for p in wanted if p.dim() >= 2 and id(p) not in inner],
        [p for p in wanted if p.dim() < 2],
    )
