"""Greedy answers, many prompts at a time."""

from collections import defaultdict

import torch

from chat.model import Cache
from chat.template import END, render
from common.device import device


@torch.no_grad()
def answers(model, tokenizer, prompts: list, limit: int = 160, batch: int = 64) -> list[str]:
    """The model's greedy answer to each list of messages; prompts of equal length share a batch."""
    encoded = [tokenizer.encode(render(messages, prompt=True)).ids for messages in prompts]
    groups = defaultdict(list)
    for index, ids in enumerate(encoded):
        groups[len(ids)].append(index)
    model.eval()
    found = [""] * len(prompts)
    for group in groups.values():
        for start in range(0, len(group), batch):
            part = group[start : start + batch]
            for index, ids in zip(part, _greedy(model, [encoded[i] for i in part], limit, tokenizer.token_to_id(END))):
                found[index] = tokenizer.decode(ids, skip_special_tokens=True)
    return found


def _greedy(model, prompts, limit, end):
    ids = torch.tensor(prompts, device=device())
    cache, produced, start = Cache(), [], 0
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device())
    for _ in range(limit):
        logits = model(ids, start, cache)[:, -1]
        start += ids.shape[1]
        ids = logits.argmax(-1, keepdim=True)
        produced.append(ids)
        done |= ids[:, 0] == end
        if done.all():
            break
    rows = torch.cat(produced, 1).tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]
