"""ONNX Runtime: the model exported from PyTorch, as it is and with dynamic int8 products."""

import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

KINDS = {
    "ONNX Runtime F32": None,
    "ONNX Runtime int8": {},
    "ONNX Runtime int8, per channel": {"per_channel": True},
}


class OnnxRuntime:
    """One kind of the model in a session of its own."""

    def __init__(self, model: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"])

    def run(self, texts: list[list[int]], seconds: float) -> tuple[list[float], np.ndarray]:
        """The seconds of each of several calls, and the vectors."""
        ids = np.array(texts, dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vectors = self.session.run(None, inputs)[0]
        times: list[float] = []
        while len(times) < 3 or sum(times) < seconds:
            begin = time.perf_counter()
            self.session.run(None, inputs)
            times.append(time.perf_counter() - begin)
        return times, vectors


class Sentence(torch.nn.Module):
    """What a sentence embedding is: the mean of the states, with length 1."""

    def __init__(self, model: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(states.dtype)
        return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1))


def export(model: Path, folder: Path) -> dict[str, Path]:
    """The files of all kinds, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / f"{model.name}.onnx"
    if not plain.exists():
        ids = torch.randint(1, 100, (2, 9))
        axes = {0: "batch", 1: "length"}
        torch.onnx.export(
            Sentence(model), (ids, torch.ones_like(ids)), str(plain), dynamo=False,
            opset_version=17, input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}})
    files = {}
    for name, options in KINDS.items():
        files[name] = plain
        if options is not None:
            files[name] = plain.with_suffix(".channel.onnx" if options else ".int8.onnx")
            if not files[name].exists():
                quantize_dynamic(plain, files[name], weight_type=QuantType.QInt8, **options)
    return files
