"""lora-tiny/: LoRA adapters of tiny models, as PEFT saves them, with the logits that PEFT computes.

usage: make_lora.py FIXTURES       (the folder that holds llama-tiny and decoders-tiny)

Needs torch, transformers, peft, safetensors and gguf; the versions are in the README.
"""
import json
import pathlib
import shutil
import sys

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
torch.set_grad_enabled(False)
FIXTURES = pathlib.Path(sys.argv[1])
OUT = pathlib.Path(__file__).resolve().parent.parent
TOKENS = [[17, 101, 5, 62, 90, 111, 8, 33], [100, 2, 2, 50, 41]]

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
VARIANTS = {
    # All linear maps, some with a rank or an alpha of their own.
    "every-map": ("llama-tiny/base", dict(
        r=2, lora_alpha=6, target_modules=[*ATTENTION, "gate_proj", "up_proj", "down_proj", "lm_head"],
        rank_pattern={"down_proj": 3}, alpha_pattern={"q_proj": 9, "layers.1.self_attn.k_proj": 2})),
    # Few maps of some layers, rank-stabilized.
    "stabilized": ("llama-tiny/base", dict(
        r=4, lora_alpha=3, use_rslora=True, target_modules=["q_proj", "k_proj", "down_proj"], layers_to_transform=[0, 2])),
    # Queries, keys and values as one map, gate and up as one.
    "fused": ("llama-tiny/phi3", dict(r=3, lora_alpha=6, target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])),
    # Rows in another order than the network's, a tied head.
    "reordered": ("decoders-tiny/cohere", dict(r=2, lora_alpha=4, target_modules=[*ATTENTION, "up_proj"])),
    # An activation behind the map.
    "squared": ("decoders-tiny/nemotron", dict(r=2, lora_alpha=4, target_modules=["up_proj", "down_proj", "v_proj"])),
    # Rows that go through few experts each.
    "routed": ("decoders-tiny/mixtral", dict(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"])),
}
# Those that are stored as GGUF too: PEFT's names, the file's, and the heads whose rows are paired.
GGUF_NAMES = {"self_attn.q_proj": ("attn_q", "num_attention_heads"), "self_attn.k_proj": ("attn_k", "num_key_value_heads"),
              "mlp.down_proj": ("ffn_down", None)}


def rotary_pairs(rows, heads):
    """The rows of each head, a half of it and the other taken in turn, as GGUF files of Llama have them."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def write_gguf(folder, config, alpha):
    writer = gguf.GGUFWriter(folder / "adapter.gguf", "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        *_, layer, group, module, part, _ = name.split(".")
        stored, heads = GGUF_NAMES[f"{group}.{module}"]
        if part == "lora_B" and heads:
            tensor = rotary_pairs(tensor, config[heads])
        writer.add_tensor(f"blk.{layer}.{stored}.weight.{part.lower()}", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(name, model_folder, options):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    source = FIXTURES / model_folder
    model = AutoModelForCausalLM.from_pretrained(source, torch_dtype=torch.float32, attn_implementation="eager").eval()
    plain = [model(torch.tensor([tokens])).logits[0, -1] for tokens in TOKENS]
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **options)).eval()
    generator = torch.Generator().manual_seed(len(name))
    for key, parameter in adapted.named_parameters():
        if "lora_" in key:
            # Multiples of 1/256, which F16 and BF16 hold too.
            parameter.data = (torch.randn(parameter.shape, generator=generator) * 24).round() / 256
    logits = [adapted(torch.tensor([tokens])).logits[0, -1] for tokens in TOKENS]
    for a, b in zip(plain, logits):
        print(name, "changes the logits by up to", float((a - b).abs().max()))
    adapted.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = model_folder
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    save_file({f"logits.{index}": row.numpy() for index, row in enumerate(logits)}, folder / "golden.safetensors")
    (folder / "golden.json").write_text(json.dumps({"model": model_folder, "tokens": TOKENS}) + "\n")
    if name == "stabilized":
        write_gguf(folder, json.loads((source / "config.json").read_text()), options["lora_alpha"] * options["r"] ** 0.5)


for name, (model, options) in VARIANTS.items():
    if sys.argv[2:] and name not in sys.argv[2:]:
        continue
    make(name, model, options)
