"""A plugin through its ABI, by ctypes, as far as every kind of model is opened alike."""

import ctypes as c
from collections.abc import Callable
from pathlib import Path

I32, U32, U64, F32, P = c.c_int32, c.c_uint32, c.c_uint64, c.c_float, c.c_void_p
LOG = c.CFUNCTYPE(None, P, I32, P, U64, P, U64)
NOW = c.CFUNCTYPE(U64, P)
MINOR = 0


class Str(c.Structure):
    _fields_ = [("ptr", c.c_char_p), ("len", U64)]


class Span(c.Structure):
    _fields_ = [("ptr", P), ("len", U64)]


class Host(c.Structure):
    _fields_ = [("struct_size", U32), ("abi_minor", U32), ("ctx", P), ("log", P), ("now_ns", NOW),
                *[(name, P) for name in ("alloc", "free", "map_file", "unmap", "parallel_for")]]


class Err(c.Structure):
    _fields_ = [("struct_size", U32), ("flags", U32), ("code", I32), ("cap", U32), ("message", c.c_char_p)]


class Call(c.Structure):
    _fields_ = [("struct_size", U32), ("number", U32), ("cancel", P), ("deadline_ns", U64),
                ("trace_id", U64), ("err", c.POINTER(Err))]


class Open(c.Structure):
    _fields_ = [("struct_size", U32), ("reserved", U32), ("path", Str), ("config_json", Str),
                ("budget_bytes", U64), ("opening", P), ("tell", P)]


class Parameters(c.Structure):
    _fields_ = [("struct_size", U32), ("n_seq", U32), ("n_ctx", U32), ("n_batch", U32), ("config_json", Str)]


class Plugin(c.Structure):
    _fields_ = [("struct_size", U32), ("abi_minor", U32), ("min_host_minor", U32), ("flags", U32),
                *[(name, Str) for name in ("id", "version", "license", "toolchain", "families_csv")],
                *[(name, P) for name in ("attach", "detach", "probe", "open", "close", "context_new",
                                         "context_free", "info_json", "extension")]]


def sized(kind: type[c.Structure], **values: object) -> c.Structure:
    return kind(struct_size=c.sizeof(kind), **values)


def text(string: str) -> Str:
    data = string.encode()
    return Str(data, len(data))


def function(address: int, *kinds: type, result: type | None = I32) -> Callable:
    return c.CFUNCTYPE(result, *kinds)(address)


class Caller:
    """Where calls leave their errors."""

    def __init__(self) -> None:
        self.message = c.create_string_buffer(512)
        self.err = sized(Err, cap=512, message=c.cast(self.message, c.c_char_p))
        self.call = sized(Call, err=c.pointer(self.err))

    def check(self, status: int) -> None:
        if status:
            raise RuntimeError(self.message.value.decode())


class Library(Caller):
    """A plugin, attached for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.image = c.CDLL(str(path.resolve()))
        self.image.roost_plugin_query_v1.argtypes = [U32]
        self.image.roost_plugin_query_v1.restype = c.POINTER(Plugin)
        self.plugin = self.image.roost_plugin_query_v1(MINOR).contents
        self.host = sized(Host, abi_minor=MINOR, log=c.cast(LOG(lambda *_: None), P), now_ns=NOW(lambda _: 0))
        self.this = P()
        attach = function(self.plugin.attach, P, P, P)
        self.check(attach(c.byref(self.host), c.byref(self.this), c.byref(self.call)))


class Context(Caller):
    """One context of a model of its own, open for as long as the process lives."""

    def __init__(self, library: Library, folder: Path, settings: str, sequences: int = 1) -> None:
        super().__init__()
        self.library, self.model, self.pointer = library, P(), P()
        request = sized(Open, path=text(str(folder.resolve())), config_json=text(settings))
        open = function(library.plugin.open, P, P, P, P)
        self.check(open(library.this, c.byref(request), c.byref(self.model), c.byref(self.call)))
        parameters = sized(Parameters, n_seq=sequences)
        make = function(library.plugin.context_new, P, P, P, P)
        self.check(make(self.model, c.byref(parameters), c.byref(self.pointer), c.byref(self.call)))

    def ability(self, id: str, table: type[c.Structure]) -> c.Structure:
        """The table of an extension."""
        address = function(self.library.plugin.extension, P, c.c_char_p, result=P)(self.model, id.encode())
        if not address:
            raise RuntimeError(f"the model has no {id}")
        return table.from_address(address)
