"""GGUF files of tiny encoders with random weights as llama.cpp's converter writes them, and what transformers computes
of the same weights.

    pip install torch transformers==5.23.0 sentencepiece protobuf && python make_gguf.py LLAMA_CPP

LLAMA_CPP is a source tree of llama.cpp. Its converter knows tokenizers by a hash of what they make of a text; these are
too small to be known, and are told which they are.
"""
import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

sys.path.insert(0, sys.argv[1])
from make_encoders import BERT, TEXTS, drawn

OUT = Path(__file__).resolve().parent.parent / "gguf"
PIECES = OUT.parent.parent / "tokenizers/sentencepiece/unigram.model"
SHAPE = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, attn_implementation="eager")
LABELS = {0: "calm", 1: "busy", 2: "wild"}
HEAD = dict(id2label=LABELS, label2id={v: k for k, v in LABELS.items()})
ONE = dict(id2label={0: "LABEL_0"}, label2id={"LABEL_0": 0})
MORE = ["Café naïve  city", "  the   river\tsings ", "東京 ﬁ ①"]


def byte_level(specials, template, settings):
    """A byte-level BPE of a few merges."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=specials, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tok.train_from_iterator(TEXTS + MORE, trainer)
    ids = [(name, tok.token_to_id(name)) for name in specials[:4]]
    tok.post_processor = template(dict(ids))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tok, **settings)


def roberta_tokenizer():
    return byte_level(
        ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], lambda ids: processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False),
        dict(bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>"))


def modernbert_tokenizer():
    return byte_level(
        ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"],
        lambda ids: processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]),
        dict(cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]"))


def bert_tokenizer():
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=BERT, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]")


def xlm_roberta_tokenizer():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PIECES, Path(folder) / "sentencepiece.bpe.model")
        (Path(folder) / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')
        return transformers.AutoTokenizer.from_pretrained(folder)


def convert(folder, name, pre):
    """The converter's file of a Hugging Face folder."""
    import convert_hf_to_gguf
    from conversion import ModelBase, TextModel
    raw = json.loads((folder / "config.json").read_text())
    arguments = ["", str(folder), "--outfile", str(OUT / f"{name}.gguf"), "--outtype", "f32", "--model-name", name]
    with mock.patch.object(TextModel, "get_vocab_base_pre", lambda *_: pre), mock.patch.object(sys, "argv", arguments), contextlib.ExitStack() as stack:
        if "n_embd" in raw:  # the authors' names, which transformers 5 does not read
            stack.enter_context(mock.patch.object(ModelBase, "load_hparams", lambda *_: raw))
        convert_hf_to_gguf.main()


def published(name, model, tok, pre, pooling=None, pieces=None, config=None, weights=None):
    """Writes the file, and the ids and results of texts, alone and behind the first of them."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model.config.architectures = [type(model).__name__]
        model.save_pretrained(folder)
        tok.save_pretrained(folder)
        if pieces:
            shutil.copy(pieces, folder / "sentencepiece.bpe.model")
        if config:
            (folder / "config.json").write_text(json.dumps(config))
        if weights:
            from safetensors.torch import save_file
            save_file({k: v.clone().contiguous() for k, v in weights.items()}, folder / "model.safetensors")
        if pooling:
            (folder / "1_Pooling").mkdir()
            (folder / "1_Pooling/config.json").write_text(json.dumps({f"pooling_mode_{pooling}": True}))
            (folder / "modules.json").write_text(json.dumps([{"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]))
        convert(folder, name, pre)
    texts = TEXTS + MORE
    # The tokenizer itself: to transformers an empty text is no second one.
    alone, pairs = ([tok.backend_tokenizer.encode(*parts) for parts in list] for list in (zip(texts), [(texts[0], text) for text in texts]))
    golden = {"texts": texts, "ids": [encoding.ids for encoding in alone]}
    golden |= {key: [result(model, encoding, pooling) for encoding in list] for key, list in (("values", alone), ("pair_values", pairs))}
    (OUT / f"{name}.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")


def result(model, encoding, pooling):
    inputs = {"input_ids": torch.tensor([encoding.ids])}
    if getattr(model.config, "type_vocab_size", 1) > 1:
        inputs["token_type_ids"] = torch.tensor([encoding.type_ids])
    output = model(**inputs)
    if not pooling:
        return [round(x, 7) for x in HEADS.get(type(model), lambda m, i, o: o.logits[0])(model, inputs, output).tolist()]
    states = output.last_hidden_state[0]
    return [round(x, 7) for x in (states[0] if pooling == "cls_token" else states.mean(0)).tolist()]


def without_pooler(model, inputs, output):
    """The converter leaves BERT's pooler out."""
    return model.classifier(model.bert(**inputs).last_hidden_state[0, 0])


HEADS = {transformers.BertForSequenceClassification: without_pooler}


def xlm_roberta():
    tok = xlm_roberta_tokenizer()
    shape = dict(SHAPE, vocab_size=len(tok), max_position_embeddings=258, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
                 layer_norm_eps=1e-5)
    model = drawn(transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**shape), add_pooling_layer=False), 1)
    published("xlm-roberta", model, tok, None, pooling="cls_token", pieces=PIECES)
    model = drawn(transformers.XLMRobertaForSequenceClassification(transformers.XLMRobertaConfig(**shape, **ONE)), 2)
    published("xlm-roberta-reranker", model, tok, None, pieces=PIECES)


def roberta():
    tok = roberta_tokenizer()
    shape = dict(SHAPE, vocab_size=len(tok), max_position_embeddings=130, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
                 layer_norm_eps=1e-5)
    model = drawn(transformers.RobertaForSequenceClassification(transformers.RobertaConfig(**shape, **HEAD)), 3)
    published("roberta-classifier", model, tok, "roberta-bpe")


def bert():
    tok = bert_tokenizer()
    shape = dict(SHAPE, vocab_size=len(tok), max_position_embeddings=128, type_vocab_size=2, pad_token_id=0)
    model = drawn(transformers.BertForSequenceClassification(transformers.BertConfig(**shape, **ONE)), 4)
    published("bert-cross-encoder", model, tok, "jina-v2-en")
    shape = dict(dim=32, hidden_dim=48, n_layers=2, n_heads=2, vocab_size=len(tok), max_position_embeddings=128, attn_implementation="eager")
    model = drawn(transformers.DistilBertForSequenceClassification(transformers.DistilBertConfig(**shape, **HEAD)), 5)
    published("distilbert-classifier", model, tok, "jina-v2-en")


def modernbert():
    tok = modernbert_tokenizer()
    shape = dict(SHAPE, num_hidden_layers=4, vocab_size=len(tok), max_position_embeddings=128, local_attention=8, pad_token_id=1, bos_token_id=0,
                 eos_token_id=2, cls_token_id=0, sep_token_id=2, norm_eps=1e-5, classifier_pooling="mean")
    model = drawn(transformers.ModernBertForSequenceClassification(transformers.ModernBertConfig(**shape, **HEAD)), 6)
    published("modernbert-classifier", model, tok, "modern-bert")


def nomic_bert():
    from make_encoders import published_nomic
    tok = bert_tokenizer()
    shape = dict(SHAPE, vocab_size=len(tok), max_position_embeddings=2048, type_vocab_size=2, layer_norm_eps=1e-12,
                 rope_parameters=dict(rope_type="default", rope_theta=1000.0))
    model = drawn(transformers.NomicBertModel(transformers.NomicBertConfig(**shape)), 7)
    config = dict(model_type="nomic_bert", architectures=["NomicBertModel"], vocab_size=len(tok), n_embd=32, n_inner=48, n_layer=2, n_head=2,
                  n_positions=8192, max_trained_positions=2048, type_vocab_size=2, layer_norm_epsilon=1e-12, rotary_emb_base=1000,
                  rotary_emb_fraction=1.0, rotary_emb_interleaved=False, rotary_emb_scale_base=None, qkv_proj_bias=False, mlp_fc1_bias=False,
                  mlp_fc2_bias=False, prenorm=False, activation_function="swiglu", causal=False)
    published("nomic-bert", model, tok, "jina-v2-en", pooling="mean_tokens", config=config, weights=published_nomic(model.state_dict()))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    with contextlib.chdir(tempfile.gettempdir()):
        xlm_roberta(), roberta(), bert(), modernbert(), nomic_bert()
