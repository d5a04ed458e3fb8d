"""Tiny MPNet, NomicBERT and ModernBERT models with random weights, and what transformers computes of them.

    pip install torch transformers==5.23.0 && python make_encoders.py

With these versions the files come out bit for bit; on another CPU the goldens' last digits move.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

OUT = Path(__file__).resolve().parent.parent
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["the", "city", "bee", "water", "stone", "river", "light", "##ing", "##er", "##ly"]
TEXTS = [
    "the city bees", "", "a", "water lights the stone, slowly.",
    "the river carries stones and light; the bees are leaving the city for the water",
    "one two three four five six seven eight nine ten " * 2,
]
PAIRS = [("bees in the city", text) for text in TEXTS]
SHAPE = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)

torch.set_num_threads(1)
torch.set_grad_enabled(False)


def tokenizer(specials, template):
    """WordPiece of letters and a few words; `specials` come first, in this order."""
    letters = [prefix + letter for prefix in ("", "##") for letter in LETTERS]
    vocabulary = [*specials, ".", ",", ";", *letters, *WORDS]
    unknown = next(token for token in specials if "unk" in token.lower())
    tok = Tokenizer(models.WordPiece({t: i for i, t in enumerate(vocabulary)}, unk_token=unknown))
    tok.normalizer = normalizers.BertNormalizer()
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.add_special_tokens(list(specials))
    begin, end, single, pair = template
    ids = [(token, tok.token_to_id(token)) for token in (begin, end)]
    tok.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=ids)
    return tok


BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BERT = tokenizer(BERT_TOKENS, ("[CLS]", "[SEP]", "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"))
ONE_SEGMENT = tokenizer(BERT_TOKENS, ("[CLS]", "[SEP]", "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]"))
MPNET = tokenizer(["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                  ("<s>", "</s>", "<s> $A </s>", "<s> $A </s> </s> $B </s>"))


def drawn(model, seed):
    """The model with weights that keep activations near unit size."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if weight.dim() < 2:
            weight.copy_(noise * 0.1 + (1 if "norm" in name.lower() and name.endswith("weight") else 0))
        else:
            weight.copy_(noise * (0.6 if "embed" in name or "relative" in name else 1.3 * weight.shape[1] ** -0.5))
    return model.eval()


def states(model, tok, text):
    """The last states of one text, or of a pair, and its ids."""
    encoding = tok.encode(*text) if isinstance(text, tuple) else tok.encode(text)
    inputs = dict(input_ids=torch.tensor([encoding.ids]), attention_mask=torch.ones(1, len(encoding.ids), dtype=torch.long))
    if model.config.model_type == "nomic_bert":
        inputs["token_type_ids"] = torch.tensor([encoding.type_ids])
    return encoding.ids, model(**inputs)


def write(name, config, weights, tok, golden, arrays):
    folder = OUT / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    weights = {k: v.contiguous().clone() for k, v in weights.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    versions = dict(torch=torch.__version__, transformers=transformers.__version__)
    (folder / "golden.json").write_text(json.dumps(dict(reference=versions, **golden), ensure_ascii=False, indent=1) + "\n")
    save_file({k: v.contiguous() for k, v in arrays.items()}, folder / "golden.safetensors")
    print(name, sum(f.stat().st_size for f in folder.iterdir()) // 1024, "KiB")


def encoder(name, config, model, tok, weights=None):
    """Goldens of the mean of the states and of the first one."""
    results = [states(model, tok, text) for text in TEXTS]
    hidden = [result.last_hidden_state[0] for _, result in results]
    arrays = {"pool.mean": torch.stack([h.mean(0) for h in hidden]), "pool.cls": torch.stack([h[0] for h in hidden])}
    golden = dict(texts=[dict(text=text, ids=ids) for text, (ids, _) in zip(TEXTS, results)])
    write(name, config, weights or model.state_dict(), tok, golden, arrays)


def classifier(name, config, model, tok):
    """Goldens of the logits of texts, and of pairs where there is one label."""
    texts = PAIRS if model.config.num_labels == 1 else TEXTS
    logits = torch.cat([states(model, tok, text)[1].logits for text in texts])
    write(name, config, model.state_dict(), tok, dict(texts=texts), {"logits": logits})


def mpnet():
    shape = dict(SHAPE, vocab_size=MPNET.get_vocab_size(), max_position_embeddings=132, relative_attention_num_buckets=32,
                 layer_norm_eps=1e-5, hidden_act="gelu", pad_token_id=1, bos_token_id=0, eos_token_id=2, attn_implementation="eager")
    raw = {k: v for k, v in shape.items() if k != "attn_implementation"} | {"model_type": "mpnet"}
    model = drawn(transformers.MPNetModel(transformers.MPNetConfig(**shape)), 1)
    encoder("mpnet", {**raw, "architectures": ["MPNetModel"]}, model, MPNET)
    head = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    model = drawn(transformers.MPNetForSequenceClassification(transformers.MPNetConfig(**shape, id2label={0: "LABEL_0"}, label2id={"LABEL_0": 0})), 2)
    classifier("mpnet-cross-encoder", {**raw, **head, "architectures": ["MPNetForSequenceClassification"]}, model, MPNET)


def published_nomic(weights):
    """The names that the authors' checkpoints have, where q, k and v are one matrix."""
    names = {"embeddings.LayerNorm": "emb_ln", "self_attn.o_proj": "attn.out_proj", "mlp.up_proj": "mlp.fc11", "mlp.gate_proj": "mlp.fc12",
             "mlp.down_proj": "mlp.fc2", "post_attention_layernorm": "norm1", "post_mlp_layernorm": "norm2"}
    published = {}
    for name, weight in weights.items():
        if "q_proj" in name:
            parts = [weights[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")]
            published["encoder." + name.replace("self_attn.q_proj", "attn.Wqkv")] = torch.cat(parts)
        elif "k_proj" not in name and "v_proj" not in name:
            for native, theirs in names.items():
                name = name.replace(native, theirs)
            published[("encoder." if name.startswith("layers.") else "") + name] = weight
    return published


def nomic_bert():
    shape = dict(SHAPE, vocab_size=BERT.get_vocab_size(), max_position_embeddings=128, type_vocab_size=2, layer_norm_eps=1e-12, attn_implementation="eager",
                 rope_parameters=dict(rope_type="default", rope_theta=1000.0))
    model = drawn(transformers.NomicBertModel(transformers.NomicBertConfig(**shape)), 3)
    config = dict(model_type="nomic_bert", architectures=["NomicBertModel"], vocab_size=shape["vocab_size"], n_embd=32, n_inner=64, n_layer=2, n_head=2,
                  n_positions=8192, max_trained_positions=128, type_vocab_size=2, layer_norm_epsilon=1e-12, rotary_emb_base=1000, rotary_emb_fraction=1.0,
                  rotary_emb_interleaved=False, rotary_emb_scale_base=None, qkv_proj_bias=False, mlp_fc1_bias=False, mlp_fc2_bias=False, prenorm=False,
                  parallel_block=False, use_rms_norm=False, activation_function="swiglu", causal=False)
    encoder("nomic-bert", config, model, BERT, published_nomic(model.state_dict()))


def modernbert():
    shape = dict(SHAPE, num_hidden_layers=4, vocab_size=ONE_SEGMENT.get_vocab_size(), max_position_embeddings=128, local_attention=8, pad_token_id=0,
                 bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, norm_eps=1e-5, classifier_pooling="mean", attn_implementation="eager")
    raw = {k: v for k, v in shape.items() if k != "attn_implementation"}
    raw |= dict(model_type="modernbert", global_attn_every_n_layers=3, global_rope_theta=160000.0, local_rope_theta=10000.0, hidden_activation="gelu")
    model = drawn(transformers.ModernBertModel(transformers.ModernBertConfig(**shape)), 4)
    encoder("modernbert", {**raw, "architectures": ["ModernBertModel"]}, model, ONE_SEGMENT)
    labels = {0: "calm", 1: "busy", 2: "wild"}
    head = {"id2label": {str(k): v for k, v in labels.items()}, "label2id": {v: k for k, v in labels.items()}, "problem_type": "single_label_classification"}
    config = transformers.ModernBertConfig(**shape, id2label=labels, label2id=head["label2id"])
    model = drawn(transformers.ModernBertForSequenceClassification(config), 5)
    classifier("modernbert-classifier", {**raw, **head, "architectures": ["ModernBertForSequenceClassification"]}, model, ONE_SEGMENT)


if __name__ == "__main__":
    mpnet(), nomic_bert(), modernbert()
