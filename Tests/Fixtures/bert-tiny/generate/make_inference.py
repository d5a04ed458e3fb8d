"""A tiny model of natural language inference with random weights, and what transformers computes of it: the logits of pairs,
and the labels that its zero-shot pipeline finds.

    pip install torch transformers==5.23.0 && python make_inference.py

With these versions the files come out bit for bit; on another CPU the goldens' last digits move.
"""
import json

import torch
import transformers
from make_encoders import BERT, OUT, SHAPE, TEXTS, drawn, write

LABELS = ["contradiction", "neutral", "entailment"]
PAIRS = [(text, "the bees are in the city") for text in TEXTS] + [
    ("water", "light"), ("a stone. " * 20, "the light of the river"),
    ("light", "the city, the river and the stones " * 3),
]
CANDIDATES = ["city", "water", "light"]


def main():
    config = dict(SHAPE, vocab_size=BERT.get_vocab_size(), max_position_embeddings=64, type_vocab_size=2, pad_token_id=0,
                  hidden_act="gelu", layer_norm_eps=1e-12)
    labels = dict(id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
    model = drawn(transformers.BertForSequenceClassification(
        transformers.BertConfig(**config, **labels, attn_implementation="eager")), 11)
    tok = transformers.PreTrainedTokenizerFast(
        tokenizer_object=BERT, model_max_length=64, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    pairs, logits = [], []
    for first, second in PAIRS:
        whole = len(tok(first, second)["input_ids"])
        inputs = tok(first, second, truncation="longest_first", max_length=64, return_tensors="pt")
        pairs.append(dict(a=first, b=second, whole=whole, read=inputs["input_ids"].shape[1]))
        logits.append(model(**inputs).logits[0])
    find = transformers.pipeline("zero-shot-classification", model=model, tokenizer=tok)

    def scores(text, several):
        found = find(text, CANDIDATES, multi_label=several)
        return [dict(zip(found["labels"], found["scores"]))[label] for label in CANDIDATES]

    zero_shot = [dict(text=text, one=scores(text, False), several=scores(text, True)) for text in TEXTS if text]
    golden = dict(labels=LABELS, pairs=pairs, candidates=CANDIDATES, zero_shot=zero_shot)
    raw = dict(config, **labels, model_type="bert", architectures=["BertForSequenceClassification"])
    write("inference", raw, model.state_dict(), BERT, golden, {"logits": torch.stack(logits)})
    (OUT / "inference" / "tokenizer_config.json").write_text(json.dumps(
        dict(tokenizer_class="BertTokenizerFast", model_max_length=64, do_lower_case=True), indent=1) + "\n")


if __name__ == "__main__":
    main()
