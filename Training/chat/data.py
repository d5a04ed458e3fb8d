"""Conversations as padded batches of token numbers and loss weights."""

import numpy as np
import torch
from torch.nn import functional as F

from chat.mixture import draw_training
from chat.template import encoded
from common.blocks import Rows, batches_by_length, prepare
from common.seeds import generator

BLOCK = 10000
PROMPT_WEIGHT = 0.1  # of the user's tokens: they teach the language, the answers teach the task
LIMIT = 512


def block(tokenizer, seed: int, number: int) -> dict:
    """The conversations of one block; block `n` is the same however many there are."""
    rng = generator("chat data", seed, number)
    rows = [encoded(tokenizer, draw_training(rng).messages) for _ in range(BLOCK)]
    rows = [(ids, weights) for ids, weights in rows if len(ids) <= LIMIT]
    return {
        "ids": [np.array(ids, np.uint16) for ids, _ in rows],
        "weights": [np.array(weights, np.uint8) for _, weights in rows],
    }


def load_rows(folder, tokenizer, seed: int, blocks: int) -> Rows:
    """Makes what is missing, in processes that are forked: call it before a GPU is touched."""
    return Rows(prepare(folder, lambda number: block(tokenizer, seed, number), blocks))


def batches(rows: Rows, seed: int, budget: int):
    """Endless `(ids, weights)`."""
    rng = np.random.default_rng(seed)
    for indices in batches_by_length(rows.lengths("ids"), budget, rng):
        ids = rows.padded("ids", indices, 0)
        mine = rows.padded("weights", indices, 0).astype(np.float32)
        there = np.arange(ids.shape[1]) < rows.lengths("ids")[indices][:, None]
        yield (
            torch.from_numpy(ids),
            torch.from_numpy(np.where(there, np.maximum(mine, PROMPT_WEIGHT), 0).astype(np.float32)),
        )


def loss(model, batch):
    """Cross entropy of each next token, weighted; reports how many of the assistant's tokens are right."""
    ids, weights = batch
    logits = model(ids[:, :-1]).float().flatten(0, 1)
    targets, weights = ids[:, 1:].flatten(), weights[:, 1:].flatten()
    each = F.cross_entropy(logits, targets, reduction="none")
    spoken = weights == 1
    right = ((logits.argmax(-1) == targets) & spoken).sum() / spoken.sum().clamp(min=1)
    answers = (each * spoken).sum() / spoken.sum().clamp(min=1)
    return (each * weights).sum() / weights.sum(), {"answers": answers.detach(), "right": right}
