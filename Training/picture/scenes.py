"""Scenes by chance, and what the captions say of them; some combinations are held out."""

from dataclasses import dataclass, field

import numpy as np

from common.phrases import Phrases, article
from common.seeds import is_held
from picture.drawing import BANDS, COLOURS, FIXED, KINDS, PLAIN

FINE = ("house", "boat", "face", "face")  # kinds with small parts
RADII = {"small": (10, 12.5), "": (16, 19), "large": (24, 27)}
STEP, SIZES = 8, (12, 14, 17.5, 25.5)  # pixels
COUNTS = {2: "two", 3: "three", 4: "four"}
THIRDS = {0: (31, 37), 1: (60, 68), 2: (91, 97)}
APART = {0: (24, 27), 1: (62, 66), 2: (101, 104)}  # for several, which must not touch
PLACES = {
    (0, 1): "left",
    (2, 1): "right",
    (1, 0): "top",
    (1, 2): "bottom",
    (1, 1): "middle",
    (0, 0): "top left",
    (2, 0): "top right",
    (0, 2): "bottom left",
    (2, 2): "bottom right",
}
RELATIONS = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}


@dataclass
class Item:
    kind: str
    colour: str
    x: float
    y: float
    radius: float

    def snapped(self) -> "Item":
        """Where four latents meet, in one of four sizes: a thing is then the same latents wherever it stands, and a
        small network learns each thing once."""
        near = lambda value: STEP * round(value / STEP)
        size = min(SIZES, key=lambda size: abs(size - self.radius))
        return Item(self.kind, self.colour, near(self.x), near(self.y), size)


@dataclass
class Scene:
    """`place` of a single item, `relation` of the first of two, `size` where the caption says one."""

    background: str
    items: list[Item]
    place: str = ""
    relation: str = ""
    size: str = ""
    caption: str = ""
    keys: list[str] = field(default_factory=list)  # the combinations that may be held out

    @property
    def is_held(self) -> bool:
        return any(is_held(key) for key in self.keys)


def fits(colour, ground) -> bool:
    """Whether a colour stands out from every band of a background."""
    bands = [PLAIN[ground]] if ground in PLAIN else BANDS[ground]
    return all(np.abs(np.subtract(COLOURS[colour], band)).sum() > 150 for band in bands)


def _draw_ground(rng):
    return rng.choice(list(PLAIN)) if rng.random() < 0.8 else rng.choice(list(BANDS))


def _draw_look(rng, ground, kinds=tuple(KINDS)):
    """A kind and a colour that can be seen on the background."""
    while True:
        kind = rng.choice(kinds)
        colour = FIXED.get(kind) or rng.choice(list(COLOURS))
        dark_parts = kind in ("house", "face", "boat", "tree") and ground == "black"
        if fits(colour, ground) and not dark_parts and not (kind == "face" and colour == "black"):
            return kind, colour


def noun(kind, colour, plural=False) -> str:
    word = kind if not plural else {"cross": "crosses", "diamond": "diamonds"}.get(kind, kind + "s")
    return word if kind in FIXED else f"{colour} {word}"


def _at(rng, column, row, thirds=THIRDS):
    return rng.uniform(*thirds[column]), rng.uniform(*thirds[row])


def _single(rng, ground):
    (kind, colour), size, cell = _draw_look(rng, ground), rng.choice(list(RADII)), rng.choice(list(PLACES))
    x, y = _at(rng, *cell)
    place = PLACES[cell]
    return Scene(
        ground,
        [Item(kind, colour, x, y, rng.uniform(*RADII[size]))],
        place=place,
        size=size,
        keys=[f"{colour} {kind} {place}", f"{size} {colour} {kind}"],
    )


def _several(rng, ground):
    (kind, colour), count, size = _draw_look(rng, ground), rng.choice([2, 3, 4]), rng.choice(["small", ""])
    cells = rng.sample(list(PLACES), count)
    radii = (10, 12) if size else (13, 14.5)
    items = [Item(kind, colour, *_at(rng, *cell, APART), rng.uniform(*radii)) for cell in cells]
    return Scene(ground, items, size=size, keys=[f"{count} {colour} {kind}"])


def _pair(rng, ground):
    """One item beside or above another of another look."""
    first, second = _draw_look(rng, ground), _draw_look(rng, ground)
    while second == first:
        second = _draw_look(rng, ground)
    relation = rng.choice(list(RELATIONS))
    dx, dy = RELATIONS[relation]
    gap, along = rng.uniform(24, 29), rng.uniform(-8, 8)
    x, y = 64 + dx * gap + dy * along, 64 + dy * gap + dx * along
    items = [Item(*first, x, y, rng.uniform(14, 19)), Item(*second, 128 - x, 128 - y, rng.uniform(14, 19))]
    return Scene(
        ground,
        items,
        relation=relation,
        keys=[f"{noun(*first)} {noun(*second)}", f"{noun(*first)} {relation} {second[0]}"],
    )


_WHERE = {
    "left": "[on the left|at the left|on the left side]",
    "right": "[on the right|at the right|on the right side]",
    "top": "[at the top|on top]",
    "bottom": "[at the bottom|down at the bottom]",
    "middle": "[in the middle|in the center|in the centre]",
    "top left": "[in the top left|in the top left corner]",
    "top right": "[in the top right|in the top right corner]",
    "bottom left": "[in the bottom left|in the bottom left corner]",
    "bottom right": "[in the bottom right|in the bottom right corner]",
}
_GROUNDS = {
    name: Phrases(
        f"[on|on a|against a] {name} [background|backdrop]"
        if name in PLAIN
        else {"meadow": "[on a meadow|in a meadow|over green grass]", "sea": "[on the sea|at sea|over the sea]"}[name]
    )
    for name in [*PLAIN, *BANDS]
}
_FRAMES = Phrases(
    "{what} {ground}",
    "{what} {ground}",
    "[a picture of|a drawing of|an image of|] {what}[,|] {ground}",
    "{ground}, {what}",
)
_RELATED = {
    "left of": "[to the left of|left of]",
    "right of": "[to the right of|right of]",
    "above": "[above|over]",
    "below": "[below|under]",
}
_SIZES = {"small": ["small", "little", "small"], "large": ["large", "big", "large"], "": [""]}
_RELATED = {name: Phrases(text) for name, text in _RELATED.items()}
_WHERE = {name: Phrases(text) for name, text in _WHERE.items()}


def _words(rng, scene) -> str:
    first = scene.items[0]
    size = rng.choice(_SIZES[scene.size])
    if scene.relation:
        second = scene.items[1]
        return f"{article(noun(first.kind, first.colour))} {_RELATED[scene.relation].draw(rng).lower()} {article(noun(second.kind, second.colour))}"
    name = noun(first.kind, first.colour, plural=len(scene.items) > 1)
    if len(scene.items) > 1:
        return f"{COUNTS[len(scene.items)]} {size + ' ' if size else ''}{name}"
    where = _WHERE[scene.place].draw(rng).lower()
    return f"{article(size + ' ' + name if size else name)} {where}"


def draw_crowd(rng) -> Scene:
    """Five to nine different things and no caption: what the autoencoder learns most from, above all the small parts
    of things that have them."""
    ground = _draw_ground(rng)
    cells = rng.sample(list(PLACES), rng.randint(5, 9))
    looks = [_draw_look(rng, ground, (*KINDS, *FINE, *FINE)) for _ in cells]
    items = [Item(*look, *_at(rng, *cell, APART), rng.uniform(11, 18)) for look, cell in zip(looks, cells)]
    return Scene(ground, [item.snapped() for item in items])


def draw_example(rng, held: bool | None = False) -> Scene:
    """A scene with its caption, of the asked part; `None` takes either."""
    while True:
        make = rng.choices([_single, _several, _pair], [4, 3, 4])[0]
        scene = make(rng, _draw_ground(rng))
        scene.items = [item.snapped() for item in scene.items]
        if held is None or scene.is_held == held:
            ground = _GROUNDS[scene.background].draw(rng).lower()
            scene.caption = " ".join(
                _FRAMES.draw(rng, what=_words(rng, scene), ground=ground).lower().replace(" ,", ",").split()
            )
            return scene
