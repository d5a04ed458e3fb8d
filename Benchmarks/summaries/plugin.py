"""libSummarizer.so through the ABI of a plugin, by ctypes."""

import ctypes as c
from pathlib import Path

import numpy as np
from abi import I32, U32, U64, Context, Library, P, function, sized


class Batch(c.Structure):
    _fields_ = [("struct_size", U32), ("n", U32), ("token", P), ("seq", P), ("pos", P), ("want", P)]


class Rows(c.Structure):
    _fields_ = [("struct_size", U32), ("n_rows", U32), ("data", P), ("row_stride", U64)]


class Decode(c.Structure):
    _fields_ = [("struct_size", U32), ("reserved", U32),
                *[(name, P) for name in ("caps", "forward", "seq_len", "seq_clear", "seq_truncate", "seq_fork")]]


class Encode(c.Structure):
    _fields_ = [("struct_size", U32), ("decoder_start", I32), ("encode", P)]


class Summarizer:
    """Some sequences of one open model."""

    def __init__(self, library: Library, folder: Path, sequences: int, vocabulary: int, settings: str) -> None:
        self.context = Context(library, folder, settings, sequences)
        decode = self.context.ability("roost.text.decode/1", Decode)
        encode = self.context.ability("roost.text.encode/1", Encode)
        self.start = encode.decoder_start
        self._encode = function(encode.encode, P, U32, P, U32, P)
        self._forward = function(decode.forward, P, P, P, P)
        self._clear = function(decode.seq_clear, P, U32, P)
        self._fork = function(decode.seq_fork, P, U32, U32, U32, P)
        self.logits = np.zeros((sequences, vocabulary), np.float32)

    def encode(self, source: list[int], sequences: int) -> None:
        """Reads a source that so many sequences share, from the first on."""
        context = self.context
        tokens = np.asarray(source, np.int32)
        for sequence in range(len(self.logits)):
            context.check(self._clear(context.pointer, sequence, c.byref(context.call)))
        context.check(self._encode(
            context.pointer, 0, tokens.ctypes.data, len(tokens), c.byref(context.call)))
        for sequence in range(1, sequences):
            context.check(self._fork(context.pointer, 0, sequence, 0, c.byref(context.call)))

    def step(self, tokens: list[int], position: int) -> np.ndarray:
        """One token for each sequence; their likeliest followers."""
        n = len(tokens)
        token = np.asarray(tokens, np.int32)
        seq, pos = np.arange(n, dtype=np.uint32), np.full(n, position, np.uint32)
        want = np.ones(n, np.uint8)
        batch = sized(Batch, n=n, token=token.ctypes.data, seq=seq.ctypes.data, pos=pos.ctypes.data,
                      want=want.ctypes.data)
        rows = sized(Rows, n_rows=n, data=self.logits.ctypes.data, row_stride=self.logits.strides[0])
        self.context.check(self._forward(
            self.context.pointer, c.byref(batch), c.byref(rows), c.byref(self.context.call)))
        return self.logits[:n].argmax(1)
