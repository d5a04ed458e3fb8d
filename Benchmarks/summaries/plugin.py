"""libSummarizer.so through the ABI of a plugin, by ctypes."""

import ctypes as c

import numpy as np

U32, I32, U64, P = c.c_uint32, c.c_int32, c.c_uint64, c.c_void_p
LOG = c.CFUNCTYPE(None, P, I32, P, U64, P, U64)
NOW = c.CFUNCTYPE(U64, P)


class Str(c.Structure):
    _fields_ = [("ptr", c.c_char_p), ("len", U64)]


class Host(c.Structure):
    _fields_ = [("struct_size", U32), ("abi_minor", U32), ("ctx", P), ("log", P), ("now_ns", NOW),
                *[(name, P) for name in ("alloc", "free", "map_file", "unmap", "parallel_for", "service")]]


class Err(c.Structure):
    _fields_ = [("struct_size", U32), ("flags", U32), ("code", I32), ("cap", U32), ("message", c.c_char_p)]


class Call(c.Structure):
    _fields_ = [("struct_size", U32), ("reserved", U32), ("cancel", P), ("deadline_ns", U64),
                ("trace_id", U64), ("err", c.POINTER(Err))]


class Open(c.Structure):
    _fields_ = [("struct_size", U32), ("n_contexts_hint", U32), ("path", Str), ("config_json", Str),
                ("budget_bytes", U64)]


class Parameters(c.Structure):
    _fields_ = [("struct_size", U32), ("n_seq", U32), ("n_ctx", U32), ("n_batch", U32), ("config_json", Str)]


class Batch(c.Structure):
    _fields_ = [("struct_size", U32), ("n", U32), ("token", P), ("seq", P), ("pos", P), ("want", P),
                ("embd", P), ("embd_stride", U32), ("reserved", U32)]


class Rows(c.Structure):
    _fields_ = [("struct_size", U32), ("n_rows", U32), ("data", P), ("row_stride", U64)]


class Plugin(c.Structure):
    _fields_ = [("struct_size", U32), ("abi_minor", U32), ("min_host_minor", U32), ("flags", U32),
                *[(name, Str) for name in ("id", "version", "license", "toolchain", "families")],
                *[(name, P) for name in ("attach", "detach", "probe", "open", "close", "context_new",
                                         "context_free", "info_json", "extension")]]


class Decode(c.Structure):
    _fields_ = [("struct_size", U32), ("reserved", U32),
                *[(name, P) for name in ("caps", "forward", "seq_len", "seq_clear", "seq_truncate", "seq_fork")]]


class Encode(c.Structure):
    _fields_ = [("struct_size", U32), ("decoder_start", I32), ("encode", P)]


def sized(kind, **values):
    return kind(struct_size=c.sizeof(kind), **values)


class Summarizer:
    """Some sequences of one open model."""

    def __init__(self, library, folder, sequences, vocabulary, settings="{}"):
        image = c.CDLL(str(library))
        image.roost_plugin_query_v1.restype = c.POINTER(Plugin)
        plugin = image.roost_plugin_query_v1(U32(1)).contents
        self.message = c.create_string_buffer(512)
        self.err = sized(Err, cap=512, message=c.cast(self.message, c.c_char_p))
        self.call = sized(Call, err=c.pointer(self.err))
        host = sized(Host, log=c.cast(LOG(lambda *_: None), P), now_ns=NOW(lambda _: 0))
        this, model, self.context = P(), P(), P()
        self.keep = (image, plugin, host)
        self._check(c.CFUNCTYPE(I32, P, P, P)(plugin.attach)(c.byref(host), c.byref(this), c.byref(self.err)))
        path, config = str(folder).encode(), settings.encode()
        request = sized(Open, path=Str(path, len(path)), config_json=Str(config, len(config)))
        self._check(c.CFUNCTYPE(I32, P, P, P, P)(plugin.open)(
            this, c.byref(request), c.byref(model), c.byref(self.call)))
        parameters = sized(Parameters, n_seq=sequences)
        self._check(c.CFUNCTYPE(I32, P, P, P, P)(plugin.context_new)(
            model, c.byref(parameters), c.byref(self.context), c.byref(self.call)))
        find = c.CFUNCTYPE(P, P, c.c_char_p)(plugin.extension)
        decode = Decode.from_address(find(model, b"roost.text.decode/1"))
        encode = Encode.from_address(find(model, b"roost.text.encode/1"))
        self.start = encode.decoder_start
        self._encode = c.CFUNCTYPE(I32, P, U32, P, U32, P)(encode.encode)
        self._forward = c.CFUNCTYPE(I32, P, P, P, P)(decode.forward)
        self._clear = c.CFUNCTYPE(I32, P, U32)(decode.seq_clear)
        self._fork = c.CFUNCTYPE(I32, P, U32, U32, U32, P)(decode.seq_fork)
        self.logits = np.zeros((sequences, vocabulary), np.float32)

    def _check(self, status):
        if status:
            raise RuntimeError(self.message.value.decode())

    def encode(self, source, sequences):
        """Reads a source that so many sequences share, from the first on."""
        tokens = np.asarray(source, np.int32)
        for sequence in range(len(self.logits)):
            self._check(self._clear(self.context, sequence))
        self._check(self._encode(self.context, 0, tokens.ctypes.data, len(tokens), c.byref(self.call)))
        for sequence in range(1, sequences):
            self._check(self._fork(self.context, 0, sequence, 0, c.byref(self.err)))

    def step(self, tokens, position):
        """One token for each sequence; their likeliest followers."""
        n = len(tokens)
        token = np.asarray(tokens, np.int32)
        seq, pos = np.arange(n, dtype=np.uint32), np.full(n, position, np.uint32)
        want = np.ones(n, np.uint8)
        batch = sized(Batch, n=n, token=token.ctypes.data, seq=seq.ctypes.data, pos=pos.ctypes.data,
                      want=want.ctypes.data)
        rows = sized(Rows, n_rows=n, data=self.logits.ctypes.data, row_stride=self.logits.strides[0])
        self._check(self._forward(self.context, c.byref(batch), c.byref(rows), c.byref(self.call)))
        return self.logits[:n].argmax(1)
