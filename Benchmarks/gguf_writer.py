"""Writes GGUF version 3 files whose tensors are made one at a time."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Callable

ALIGNMENT = 32

UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9


@dataclass(frozen=True)
class ElementType:
    """A block of `size` numbers takes `bytes` bytes; `id` is GGUF's number for the type."""

    id: int
    size: int
    bytes: int


F32 = ElementType(0, 1, 4)
Q8_0 = ElementType(8, 32, 34)
Q4_K = ElementType(12, 256, 144)
Q6_K = ElementType(14, 256, 210)


@dataclass(frozen=True)
class Tensor:
    """`make()` gives the bytes, when it is their turn to be written."""

    name: str
    shape: tuple[int, ...]  # row-major: the last axis is contiguous
    type: ElementType
    make: Callable[[], bytes]

    @property
    def byte_count(self) -> int:
        count = 1
        for extent in self.shape:
            count *= extent
        return count // self.type.size * self.type.bytes


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def strings(items: list[str]) -> tuple[int, bytes]:
    return ARRAY, struct.pack("<IQ", STRING, len(items)) + b"".join(map(string, items))


def int32s(items: list[int]) -> tuple[int, bytes]:
    return ARRAY, struct.pack(f"<IQ{len(items)}i", INT32, len(items), *items)


def scalar(value: bool | int | float | str) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    return STRING, string(value)


def write(file: BinaryIO, metadata: dict[str, tuple[int, bytes]], tensors: list[Tensor]) -> None:
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, (kind, value) in metadata.items():
        header += string(key) + struct.pack("<I", kind) + value
    offset = 0
    for tensor in tensors:
        extents = tensor.shape[::-1]
        header += string(tensor.name) + struct.pack(f"<I{len(extents)}Q", len(extents), *extents)
        header += struct.pack("<IQ", tensor.type.id, offset)
        offset += padded(tensor.byte_count)
    file.write(header.ljust(padded(len(header)), b"\0"))
    for tensor in tensors:
        data = tensor.make()
        assert len(data) == tensor.byte_count, tensor.name
        file.write(data)
        file.write(b"\0" * (padded(len(data)) - len(data)))


def padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
