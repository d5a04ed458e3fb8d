"""Golden values and the load test: what transformers computes from the exported folder."""

from pathlib import Path

import torch

from chat.mixture import held_out
from chat.template import END, render
from common.export import write_goldens

KINDS = ["talk", "fact", "passage", "json", "role", "turns"]


def load(folder: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(
        folder
    )


@torch.no_grad()
def write(folder: Path, into: Path) -> None:
    """Prompts, ids, logits at the last position, greedy answers; the template must agree with our own rendering."""
    model, tokenizer = load(folder)
    prompts, arrays = [], {}
    for kind in KINDS:
        dialogue = held_out(kind, 1)[0]
        messages = [{"role": role, "content": content} for role, content in dialogue.prompt]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        if text != render(dialogue.prompt, prompt=True):
            raise ValueError(f"the template renders '{text}'")
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
        arrays[f"{kind}.logits"] = model(ids).logits[0, -1]
        out = model.generate(
            ids, max_new_tokens=100, do_sample=False, eos_token_id=tokenizer.convert_tokens_to_ids(END), pad_token_id=0
        )
        greedy = out[0, ids.shape[1] :].tolist()
        prompts.append(
            {
                "name": kind,
                "messages": messages,
                "text": text,
                "ids": ids[0].tolist(),
                "greedy_ids": greedy,
                "greedy_text": tokenizer.decode(greedy, skip_special_tokens=True),
            }
        )
    write_goldens(
        into, {"how": "transformers, float32, the F16 folder (not the Q8_0 file)", "prompts": prompts}, arrays
    )
