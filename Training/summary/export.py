"""The Hugging Face folder (config.json, safetensors F16, spiece.model) and its goldens."""

import shutil
from pathlib import Path

import torch

from common.export import write_goldens, write_json, write_tensors
from summary.data import PREFIX, held_out
from summary.tokenizer import SENTINELS

LONGEST = 200  # tokens of a text that training has seen, about: beyond, the host reads a text in parts
SETTINGS = {
    "decoder_start_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 0,
    "max_new_tokens": 96,
    "num_beams": 1,
    "do_sample": False,
}


def write_folder(folder: Path, model, spiece: Path) -> None:
    names = (
        "vocab_size d_model d_kv d_ff num_layers num_decoder_layers num_heads relative_attention_num_buckets relative_attention_max_distance "
        "dropout_rate layer_norm_epsilon initializer_factor feed_forward_proj is_encoder_decoder use_cache tie_word_embeddings"
    ).split()
    write_json(
        folder / "config.json",
        {
            "architectures": ["T5ForConditionalGeneration"],
            "model_type": "t5",
            **{name: getattr(model.config, name) for name in names},
            "n_positions": LONGEST,
            "decoder_start_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 0,
            "torch_dtype": "float32",
            "task_specific_params": {"summarization": {"prefix": PREFIX, "max_length": 96, "num_beams": 1}},
        },
    )
    write_json(folder / "generation_config.json", SETTINGS)
    tensors = {n: t for n, t in model.state_dict().items() if "embed_tokens" not in n and n != "lm_head.weight"}
    write_tensors(folder / "model.safetensors", tensors)
    shutil.copyfile(spiece, folder / "spiece.model")
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "T5Tokenizer",
            "extra_ids": SENTINELS,
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_max_length": LONGEST,
            "legacy": False,
        },
    )


def load(folder: Path):
    """The export as transformers reads it."""
    from transformers import T5ForConditionalGeneration, T5Tokenizer

    return T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval(), T5Tokenizer.from_pretrained(
        folder
    )


@torch.no_grad()
def write_golden(folder: Path, pieces, count: int = 4) -> None:
    """Ids from sentencepiece, encoder states, logits of the first step, greedy ids and text."""
    model, _ = load(folder)
    rows, arrays = [], {}
    for number, document in enumerate(held_out(count)):
        ids = torch.tensor([pieces.encode(PREFIX + document.text) + [1]])
        start = torch.zeros(1, 1, dtype=torch.long)
        arrays[f"{number}.encoder"] = model.encoder(input_ids=ids).last_hidden_state[0]
        arrays[f"{number}.logits"] = model(input_ids=ids, decoder_input_ids=start).logits[0, 0]
        greedy = model.generate(input_ids=ids, **SETTINGS)[0].tolist()
        rows.append(
            {
                "text": document.text,
                "ids": ids[0].tolist(),
                "greedy_ids": greedy,
                "expected": document.summary,
                "greedy_text": pieces.decode([i for i in greedy if 2 < i < len(pieces)]),
            }
        )
    write_goldens(folder, {"how": "transformers, float32, weights as in the file (F16)", "inputs": rows}, arrays)
