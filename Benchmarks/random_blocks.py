"""Random weights made directly as quantized blocks: mean 0, a given standard deviation.

Speed does not depend on what the numbers are, as long as activations stay finite. Random bits with
fitting scales are made in a tenth of the time that rounding random floats would take.
"""

import numpy as np

from gguf_writer import Q4_K, Q6_K, Q8_0, ElementType


def blocks(type: ElementType, count: int, deviation: float, rng: np.random.Generator) -> bytes:
    make = {Q8_0: q8_0, Q4_K: q4_k, Q6_K: q6_k}[type]
    # In pieces, so that the memory needed is small beside the file.
    piece = 1 << 16
    sizes = [min(piece, count - start) for start in range(0, count, piece)]
    return b"".join(make(size, deviation, rng).tobytes() for size in sizes)


def q8_0(count: int, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """d f16, 32 signed bytes: d q, with q uniform in -127…127 (deviation 73.3)."""
    out = np.empty((count, 34), np.uint8)
    out[:, :2] = halves(deviation / 73.3, count, rng)
    quants = random_bytes(count, 32, rng)
    quants[quants == 128] = 129  # -128 is not a number that a quantizer makes
    out[:, 2:] = quants
    return out


def q4_k(count: int, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """d, dmin f16, scales and minima, 256 nibbles: d s q - dmin m.

    With m = s and dmin = 7.5 d this is d s (q - 7.5), of deviation 4.61 d s.
    """
    scales = rng.integers(32, 64, (count, 8), dtype=np.uint8)
    d = spread(deviation / (4.61 * 47.5), count, rng)
    out = np.empty((count, 144), np.uint8)
    out[:, 0:2] = as_bytes(d)
    out[:, 2:4] = as_bytes(7.5 * d)
    out[:, 4:16] = packed_scales(scales, scales)
    out[:, 16:] = random_bytes(count, 128, rng)
    return out


def packed_scales(scales: np.ndarray, minima: np.ndarray) -> np.ndarray:
    """Eight scales and eight minima of six bits in 12 bytes.

    Bytes 0…3 and 4…7 hold the first four of each, and in their upper two bits the upper bits of
    the last four, whose lower four bits share bytes 8…11.
    """
    first = scales[:, :4] | scales[:, 4:] >> 4 << 6
    second = minima[:, :4] | minima[:, 4:] >> 4 << 6
    last = scales[:, 4:] & 15 | (minima[:, 4:] & 15) << 4
    return np.concatenate([first, second, last], axis=1)


def q6_k(count: int, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """128 + 64 bytes of six-bit numbers, 16 signed scales, d f16: d s (q - 32), q uniform."""
    scales = rng.integers(64, 128, (count, 16), dtype=np.int8)
    scales *= rng.choice(np.array([-1, 1], np.int8), (count, 16))
    out = np.empty((count, 210), np.uint8)
    out[:, :192] = random_bytes(count, 192, rng)
    out[:, 192:208] = scales.view(np.uint8)
    out[:, 208:] = halves(deviation / (18.5 * 97), count, rng)
    return out


def random_bytes(count: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return np.frombuffer(bytearray(rng.bytes(count * width)), np.uint8).reshape(count, width)


def spread(mean: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Scales that differ from block to block as they do in a trained model."""
    return mean * rng.uniform(0.7, 1.3, count)


def halves(mean: float, count: int, rng: np.random.Generator) -> np.ndarray:
    return as_bytes(spread(mean, count, rng))


def as_bytes(values: np.ndarray) -> np.ndarray:
    return values.astype("<f2").view(np.uint8).reshape(-1, 2)
