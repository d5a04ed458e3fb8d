"""transformers with PyTorch, as one runs it without further tools."""

from pathlib import Path

import torch
import transformers
from transformers.modeling_outputs import BaseModelOutput

VERSIONS = f"transformers {transformers.__version__}, PyTorch {torch.__version__}"


class Transformers:
    """Some sequences that read one source."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=torch.float32).eval()
        self.vocabulary = self.model.config.vocab_size
        self.start = self.model.config.decoder_start_token_id
        self.end = self.model.config.eos_token_id

    @torch.no_grad()
    def encode(self, source: list[int], sequences: int) -> None:
        states = self.model.get_encoder()(input_ids=torch.tensor([source])).last_hidden_state
        self.memory = BaseModelOutput(last_hidden_state=states.expand(sequences, -1, -1))

    @torch.no_grad()
    def step(self, tokens: list[int], position: int) -> list[int]:
        """One token for each sequence; their likeliest followers."""
        out = self.model(
            encoder_outputs=self.memory, decoder_input_ids=torch.tensor(tokens)[:, None],
            past_key_values=self.past if position else None, use_cache=True)
        self.past = out.past_key_values
        return out.logits[:, -1].argmax(-1).tolist()
