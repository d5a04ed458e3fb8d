"""What one picture took."""

from typing import NamedTuple

import numpy as np


class Drawing(NamedTuple):
    step: float  # seconds of a step of the network, the mean of all
    decoding: float  # seconds from the last of them to the bytes of the picture
    whole: float  # seconds from the prompt to those bytes
    pixels: np.ndarray  # [height, width, 3], bytes

    @classmethod
    def timed(cls, begin: float, steps: list[float], end: float, pixels: np.ndarray) -> "Drawing":
        """From points in time: `steps` are the first step's begin and every step's end."""
        return cls((steps[-1] - steps[0]) / (len(steps) - 1), end - steps[-1], end - begin, pixels)
