"""Looks at the pixels: which things there are, of what kind and colour, how many and where."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from picture.drawing import COLOURS, FIXED, HORIZON, KINDS, PLAIN, background, draw
from picture.scenes import PLACES, RELATIONS

GRID = 32  # things are compared at this size, stretched to fill it


@dataclass
class Thing:
    kind: str
    colour: str
    x: float
    y: float
    extent: float
    error: float  # mean absolute difference from the best template, 0..255


@cache
def templates():
    """Names, and each look's colours `[N, G, G, 3]` and cover `[N, G, G, 1]`, cut to its box."""
    names, paints, covers = [], [], []
    for kind in KINDS:
        for colour in [FIXED[kind]] if kind in FIXED else COLOURS:
            on_black, on_white = np.zeros((160, 160, 3), np.float32), np.full((160, 160, 3), 255, np.float32)
            for canvas in (on_black, on_white):
                draw(canvas, kind, colour, 80, 80, 60)
            cover = 1 - (on_white - on_black).mean(-1) / 255
            ys, xs = np.where(cover > 0.5)
            cut = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
            names.append((kind, colour))
            paints.append(_resized(on_black[cut]))
            covers.append(_resized(np.repeat(cover[cut][..., None] * 255, 3, -1))[..., :1] / 255)
    return names, np.stack(paints), np.stack(covers)


def _resized(pixels):
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return np.asarray(image.resize((GRID, GRID), Image.Resampling.BOX), np.float32)


def regions(mask, least=24) -> list[tuple]:
    """Boxes `(y0, y1, x0, x1)` of the connected parts with at least so many pixels."""
    labels, found = np.zeros(mask.shape, int), []
    for seed in zip(*np.where(mask)):
        if labels[seed]:
            continue
        stack, pixels = [seed], []
        labels[seed] = len(found) + 1
        while stack:
            y, x = stack.pop()
            pixels.append((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1] and mask[near] and not labels[near]:
                    labels[near] = len(found) + 1
                    stack.append(near)
        if len(pixels) >= least:
            ys, xs = zip(*pixels)
            found.append((min(ys), max(ys) + 1, min(xs), max(xs) + 1))
    return found


def things(image, ground) -> list[Thing]:
    """What stands out from the background that was asked for."""
    pixels, behind = image.astype(np.float32), background(ground)
    mask = np.abs(pixels - behind).sum(-1) > 75
    if ground not in PLAIN:
        mask[HORIZON - 2 : HORIZON + 2] &= (np.abs(pixels - behind[0, 0]).sum(-1) > 75)[HORIZON - 2 : HORIZON + 2] & (
            np.abs(pixels - behind[-1, 0]).sum(-1) > 75
        )[HORIZON - 2 : HORIZON + 2]
    return [_recognized(pixels, behind, box) for box in regions(mask)]


def _recognized(pixels, behind, box):
    y0, y1, x0, x1 = box
    names, paints, covers = templates()
    seen, ground = _resized(pixels[y0:y1, x0:x1]), _resized(behind[y0:y1, x0:x1])
    errors = np.abs(paints + (1 - covers) * ground - seen).mean((1, 2, 3))
    best = int(errors.argmin())
    return Thing(*names[best], (x0 + x1) / 2, (y0 + y1) / 2, max(y1 - y0, x1 - x0) / 2, float(errors[best]))


def _is_ground(image, ground) -> bool:
    """Whether most of the border has the background's colours."""
    edge = np.abs(image.astype(np.float32) - background(ground)).sum(-1)
    border = np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])
    return float((border < 75).mean()) > 0.8


def _third(value):
    return 0 if value < 48 else 2 if value > 80 else 1


def _placed(scene, found) -> bool:
    if scene.relation:
        first, second = scene.items
        a = [t for t in found if (t.kind, t.colour) == (first.kind, first.colour)]
        b = [t for t in found if (t.kind, t.colour) == (second.kind, second.colour)]
        dx, dy = RELATIONS[scene.relation]
        return len(a) == len(b) == 1 and (a[0].x - b[0].x) * dx + (a[0].y - b[0].y) * dy > 16
    if scene.place:
        return len(found) == 1 and PLACES[(_third(found[0].x), _third(found[0].y))] == scene.place
    return True


def _sized(scene, found) -> bool:
    extents = [thing.extent for thing in found]
    limits = {"small": (0, 15), "large": (21, 99), "": (0, 99)}[scene.size]
    return all(limits[0] <= extent <= limits[1] for extent in extents)


def check(image, scene) -> dict[str, bool]:
    """Each property that the caption asks for; `right` is all of them."""
    found, wanted = things(image, scene.background), scene.items
    verdict = {
        "background": _is_ground(image, scene.background),
        "count": len(found) == len(wanted),
        "shape": sorted(t.kind for t in found) == sorted(i.kind for i in wanted),
        "colour": sorted(t.colour for t in found) == sorted(i.colour for i in wanted),
        "position": _placed(scene, found),
        "size": _sized(scene, found),
        "clean": all(t.error < 30 for t in found),
    }
    return verdict | {"right": all(verdict.values())}
