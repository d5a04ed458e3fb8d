"""BERT, Devlin 2018 (arXiv:1810.04805), with three heads on one encoder, each exported as its own checkpoint."""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel

from topics.opinions import SENTIMENTS
from topics.subjects import TOPICS

TASKS = {"sentiment": SENTIMENTS, "topic": TOPICS, "answers": None}


def configuration(vocabulary: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=256,
        hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
    )


class Heads(nn.Module):
    """Encoder, pooler and heads; names below each head are those of transformers' classes."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.config = configuration(vocabulary)
        self.bert = BertModel(self.config)
        self.sentiment = nn.Linear(self.config.hidden_size, len(SENTIMENTS))
        self.topic = nn.Linear(self.config.hidden_size, len(TOPICS))
        self.answers = nn.Linear(self.config.hidden_size, 2)

    def forward(self, task, ids, kinds, mask):
        """Logits: `[B, labels]`, or for questions start and end, `[B, 2, T]`."""
        out = self.bert(input_ids=ids, token_type_ids=kinds, attention_mask=mask)
        if task == "answers":
            scores = self.answers(out.last_hidden_state).float().transpose(1, 2)
            return scores.masked_fill((mask == 0)[:, None], -1e4)
        return getattr(self, task)(out.pooler_output).float()


def loss(model, batch):
    """The mean over the three tasks, each with its own part of the batch."""
    total, numbers = torch.zeros((), device=next(model.parameters()).device), {}
    for task, (ids, kinds, mask, targets) in batch.items():
        logits = model(task, ids, kinds, mask)
        part = (
            F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            if task == "answers"
            else F.cross_entropy(logits, targets)
        )
        total = total + part / len(batch)
        right = logits.argmax(-1) == targets
        numbers[task] = (right.all(-1) if right.dim() == 2 else right).float().mean()
    return total, numbers
