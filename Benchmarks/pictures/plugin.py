"""libStableDiffusion.so through the ABI of a plugin, by ctypes."""

import ctypes as c
import time
from pathlib import Path

import numpy as np
from abi import F32, U32, U64, Context, Library, P, Span, Str, function, sized, text
from drawing import Drawing


class Request(c.Structure):
    _fields_ = [*[(name, U32) for name in ("struct_size", "width", "height", "steps")], ("seed", U64),
                ("guidance", F32), ("strength", F32), ("prompt", Str), ("negative", Str),
                ("init_rgb8", Span), ("mask_u8", Span), ("extra_json", Str)]


class Progress(c.Structure):
    _fields_ = [(name, U32) for name in ("struct_size", "done", "step", "of")]


class Image(c.Structure):
    _fields_ = [*[(name, U32) for name in ("struct_size", "width", "height", "channels")],
                ("rgb8", P), ("row_stride", U64)]


class Images(c.Structure):
    _fields_ = [("struct_size", U32), ("reserved", U32),
                *[(name, P) for name in ("begin", "step", "preview", "finish", "end")]]


class StableDiffusion:
    """One open model."""

    def __init__(self, library: Library, folder: Path, settings: str, side: int) -> None:
        self.context = Context(library, folder, settings)
        images = self.context.ability("roost.image/1", Images)
        self._begin = function(images.begin, P, P, P, P)
        self._step = function(images.step, P, P, P)
        self._finish = function(images.finish, P, P, P)
        self._end = function(images.end, P, result=None)
        self.side = side

    def draw(self, prompt: str, seed: int) -> Drawing:
        """A square picture, with the steps and the guidance of the settings."""
        check, call = self.context.check, c.byref(self.context.call)
        job, progress = P(), sized(Progress)
        pixels = np.zeros((self.side, self.side, 3), np.uint8)
        image = sized(Image, width=self.side, height=self.side, rgb8=pixels.ctypes.data,
                      row_stride=pixels.strides[0])
        begin = time.perf_counter()
        request = sized(Request, width=self.side, height=self.side, seed=seed, guidance=-1,
                        prompt=text(prompt))
        check(self._begin(self.context.pointer, c.byref(request), c.byref(job), call))
        try:
            times = [time.perf_counter()]
            while not progress.done:
                check(self._step(job, c.byref(progress), call))
                times.append(time.perf_counter())
            check(self._finish(job, c.byref(image), call))
            # The last step decodes.
            return Drawing.timed(begin, times[:-1], time.perf_counter(), pixels)
        finally:
            self._end(job)
