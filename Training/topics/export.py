"""Three Hugging Face folders: `sentiment`, `topic`, `answers`, F16, and goldens beside each."""

from pathlib import Path

import torch

from common.export import write_goldens, write_json, write_tensors
from topics.data import LIMIT, held_out, passage_tokens
from topics.evaluate import LONGEST, best_span
from topics.model import TASKS

CLASSES = {
    "sentiment": "BertForSequenceClassification",
    "topic": "BertForSequenceClassification",
    "answers": "BertForQuestionAnswering",
}


def write_folder(folder: Path, model, tokenizer, task: str) -> None:
    config = model.config.to_diff_dict() | {
        "architectures": [CLASSES[task]],
        "model_type": "bert",
        "torch_dtype": "float32",
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
    }
    labels = TASKS[task]
    if labels:
        config |= {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    write_json(folder / "config.json", {key: value for key, value in config.items() if key != "dtype"})
    head = "qa_outputs" if task == "answers" else "classifier"
    tensors = {
        f"bert.{name}": value
        for name, value in model.bert.state_dict().items()
        if task != "answers" or not name.startswith("pooler")
    }
    tensors |= {f"{head}.{name}": value for name, value in getattr(model, task).state_dict().items()}
    write_tensors(folder / "model.safetensors", tensors)
    tokenizer.save(str(folder / "tokenizer.json"))
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocabulary), encoding="utf-8")
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "model_max_length": LIMIT,
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "mask_token": "[MASK]",
        },
    )


def load(folder: Path, task: str):
    """The export as transformers reads it."""
    import transformers

    model = getattr(transformers, CLASSES[task]).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval(), transformers.AutoTokenizer.from_pretrained(folder)


def write_golden(folder: Path, task: str, count: int = 8) -> None:
    """What transformers computes from the folder, for held-out texts."""
    description, arrays = (_golden_answers if task == "answers" else _golden_labels)(*load(folder, task), task, count)
    write_goldens(folder, {"reference": "transformers, float32 from the F16 weights", **description}, arrays)


@torch.no_grad()
def _golden_labels(model, tokenizer, task, count):
    cases, logits = [], []
    for text, _ in held_out(task, count):
        inputs = tokenizer(text, return_tensors="pt")
        logits.append(model(**inputs).logits[0])
        label = model.config.id2label[int(logits[-1].argmax())]
        cases.append({"text": text, "ids": inputs.input_ids[0].tolist(), "label": label})
    return {"cases": cases}, {"logits": torch.stack(logits)}


@torch.no_grad()
def _golden_answers(model, tokenizer, task, count):
    cases, arrays = [], {}
    for number, example in enumerate(held_out(task, count) + held_out("unanswerable", count)):
        inputs = tokenizer(example.question, example.passage, return_tensors="pt")
        out = model(**inputs)
        starts, ends = out.start_logits[0], out.end_logits[0]
        cases.append(_answer_case(example, starts, ends, inputs.encodings[0]))
        arrays |= {f"{number}.start_logits": starts, f"{number}.end_logits": ends}
    return {"max_answer_tokens": LONGEST, "cases": cases}, arrays


def _answer_case(example, starts, ends, encoding) -> dict:
    """The best piece of the passage, its probability among the pieces, and that of "no answer" beside them."""
    first, last = best_span(starts.tolist(), ends.tolist(), encoding)
    start, end = encoding.offsets[first][0], encoding.offsets[last][1]
    places = passage_tokens(encoding)
    score = starts[places].softmax(0)[places.index(first)] * ends[places].softmax(0)[places.index(last)]
    none = starts[[0, *places]].softmax(0)[0] * ends[[0, *places]].softmax(0)[0]
    return {
        "question": example.question,
        "passage": example.passage,
        "ids": encoding.ids,
        "answer": example.passage[start:end],
        "start": start,
        "end": end,
        "score": float(score),
        "no_answer": float(none),
    }
