"""The trained network as a Hugging Face folder and as GGUF."""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

from chat.model import Llama
from chat.template import END, JINJA, SPECIAL
from chat.tokenizer import PRE
from common.export import write_json, write_tensors


def write_folder(folder: Path, model: Llama, tokenizer) -> None:
    """config.json, safetensors (F16), tokenizer.json: what `AutoModelForCausalLM` reads."""
    end = tokenizer.token_to_id(END)
    write_json(
        folder / "config.json",
        {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "tie_word_embeddings": True,
            "attention_bias": False,
            "mlp_bias": False,
            "bos_token_id": 0,
            "eos_token_id": end,
            "rope_scaling": None,
            "torch_dtype": "float32",
            **model.c.as_dict(),
        },
    )
    write_json(folder / "generation_config.json", {"bos_token_id": 0, "eos_token_id": end, "do_sample": False})
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": None,
            "eos_token": END,
            "pad_token": SPECIAL[0],
            "model_max_length": model.c.max_position_embeddings,
            "clean_up_tokenization_spaces": False,
            "chat_template": JINJA,
        },
    )
    write_tensors(folder / "model.safetensors", dict(model.state_dict()))
    tokenizer.save(str(folder / "tokenizer.json"))


NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def gguf_name(name: str) -> str:
    """`model.layers.3.mlp.up_proj.weight` is `blk.3.ffn_up.weight`."""
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, number, rest = name.split(".", 3)
    return f"blk.{number}.{NAMES[rest.removesuffix('.weight')]}.weight"


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of q or k from the two-halves order to llama.cpp's, where the two of a rotated pair are neighbours."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_gguf(path: Path, model: Llama, tokenizer, kind: Type = Type.Q8_0) -> None:
    """One file; gains stay F32, matrices become `kind`. There is no output.weight: it is token_embd.weight."""
    writer = gguf.GGUFWriter(path, "llama")
    _write_description(writer, model.c, kind)
    _write_tokenizer(writer, tokenizer)
    for name, tensor in model.state_dict().items():
        values = tensor.detach().cpu().float().numpy()
        for part, heads in (("q_proj", model.c.num_attention_heads), ("k_proj", model.c.num_key_value_heads)):
            values = interleaved(values, heads) if part in name else values
        wanted = kind if values.ndim == 2 else Type.F32
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(values, wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_description(writer, c, kind):
    writer.add_name("Roost chat")
    writer.add_license("apache-2.0")
    writer.add_vocab_size(c.vocab_size)
    writer.add_context_length(c.max_position_embeddings)
    writer.add_embedding_length(c.hidden_size)
    writer.add_block_count(c.num_hidden_layers)
    writer.add_feed_forward_length(c.intermediate_size)
    writer.add_head_count(c.num_attention_heads)
    writer.add_head_count_kv(c.num_key_value_heads)
    writer.add_key_length(c.head_dim)
    writer.add_value_length(c.head_dim)
    writer.add_rope_dimension_count(c.head_dim)
    writer.add_rope_freq_base(c.rope_theta)
    writer.add_layer_norm_rms_eps(c.rms_norm_eps)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind == Type.Q8_0 else gguf.LlamaFileType.ALL_F32)


def _write_tokenizer(writer, tokenizer):
    import json

    raw = json.loads(tokenizer.to_str())
    by_id = {number: token for token, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    control, normal = int(gguf.TokenType.CONTROL), int(gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE)
    writer.add_token_list([by_id[i] for i in range(len(by_id))])
    writer.add_token_types([control if by_id[i] in SPECIAL else normal for i in range(len(by_id))])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in raw["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.token_to_id(END))
    writer.add_pad_token_id(tokenizer.token_to_id(SPECIAL[0]))
    writer.add_add_bos_token(False)
    writer.add_chat_template(JINJA)
