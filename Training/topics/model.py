"""BERT, Devlin 2018 (arXiv:1810.04805), with three heads on one encoder, each exported as its own checkpoint."""

import math

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
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=256,
        hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
        attn_implementation="eager",  # plain products: PyTorch's fused attention is slow on a CPU
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
        embeddings = self.bert.embeddings
        embeddings.position_embeddings.weight.data = waves(*embeddings.position_embeddings.weight.shape)

    def forward(self, task, ids, kinds, mask):
        """Logits: `[B, labels]`, for questions start and end, `[B, 2, T]`, for masked words `[B, V, T]`."""
        out = self.bert(input_ids=ids, token_type_ids=kinds, attention_mask=mask)
        if task == "words":  # the embedding reads and writes, as in the paper's masked language model
            return F.linear(out.last_hidden_state, self.bert.embeddings.word_embeddings.weight).transpose(1, 2)
        if task == "answers":
            scores = self.answers(out.last_hidden_state).float().transpose(1, 2)
            return scores.masked_fill((mask == 0)[:, None], -1e4)
        return getattr(self, task)(out.pooler_output).float()


def waves(length: int, width: int) -> torch.Tensor:
    """Sines and cosines, Vaswani 2017 (arXiv:1706.03762), section 3.5, at the size of the other embeddings: where
    positions start as these, "the token before" is learned within minutes."""
    angles = torch.outer(torch.arange(length), 10000 ** -(torch.arange(0, width, 2) / width))
    return 0.02 * math.sqrt(2) * torch.cat([angles.sin(), angles.cos()], -1)


def loss(model, batch):
    """The mean over the tasks, each with its own part of the batch; targets of -100 are not asked for."""
    total, numbers = torch.zeros((), device=next(model.parameters()).device), {}
    for task, (ids, kinds, mask, targets) in batch.items():
        logits = model(task, ids, kinds, mask)
        if task == "answers":
            part = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            right = (logits.argmax(-1) == targets).all(-1)
        else:
            part = F.cross_entropy(logits, targets)
            right = (logits.argmax(1) == targets)[targets >= 0]
        total = total + part / len(batch)
        numbers[task] = right.float().mean()
    return total, numbers
