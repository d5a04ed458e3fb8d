"""Anti-aliased drawing by signed distance: the cover of a pixel is 0.5 - distance, between 0 and 1."""

import numpy as np

SIDE = 128
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 160, 70),
    "blue": (45, 80, 215),
    "yellow": (242, 205, 40),
    "orange": (240, 125, 25),
    "purple": (135, 55, 175),
    "pink": (245, 140, 190),
    "black": (25, 25, 28),
    "white": (248, 248, 248),
}
PLAIN = {
    "white": (248, 248, 248),
    "black": (25, 25, 28),
    "grey": (150, 150, 150),
    "beige": (228, 212, 176),
    "light blue": (160, 208, 245),
}
# Two bands: above and below the horizon.
BANDS = {"meadow": ((160, 208, 245), (120, 190, 85)), "sea": ((190, 225, 250), (20, 120, 150))}
HORIZON = 84
MAIN = None  # the colour that the caption names


def _box(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _star(points=5, outer=1.08, inner=0.46):
    angles = np.arange(2 * points) * np.pi / points - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return list(zip(radii * np.cos(angles), radii * np.sin(angles)))


def _rays(count=8):
    for angle in np.arange(count) * 2 * np.pi / count:
        tip, left, right = (angle, 1.08), (angle - 0.38, 0.5), (angle + 0.38, 0.5)
        yield "polygon", [(r * np.cos(a), r * np.sin(a)) for a, r in (tip, left, right)], COLOURS["yellow"]


_CROSS = [
    (-0.35, -1),
    (0.35, -1),
    (0.35, -0.35),
    (1, -0.35),
    (1, 0.35),
    (0.35, 0.35),
    (0.35, 1),
    (-0.35, 1),
    (-0.35, 0.35),
    (-1, 0.35),
    (-1, -0.35),
    (-0.35, -0.35),
]
_MOUTH = [(-0.5, 0.25), (-0.3, 0.32), (0, 0.36), (0.3, 0.32), (0.5, 0.25), (0.38, 0.5), (0, 0.66), (-0.38, 0.5)]
_DARK, _BROWN, _ROOF, _SAIL, _PANE = (40, 35, 45), (115, 75, 45), (120, 50, 45), (70, 80, 110), (255, 240, 170)
# What a kind is made of, in units of its radius, y downwards, later parts on top.
KINDS = {
    "circle": [("disc", (0, 0, 1), MAIN)],
    "square": [("polygon", _box(-0.88, -0.88, 0.88, 0.88), MAIN)],
    "triangle": [("polygon", [(0, -0.95), (1, 0.8), (-1, 0.8)], MAIN)],
    "star": [("polygon", _star(), MAIN)],
    "diamond": [("polygon", [(0, -1.1), (0.75, 0), (0, 1.1), (-0.75, 0)], MAIN)],
    "ring": [("ring", (0, 0, 1, 0.55), MAIN)],
    "cross": [("polygon", _CROSS, MAIN)],
    "house": [
        ("polygon", _box(-0.72, -0.1, 0.72, 1), MAIN),
        ("polygon", [(0, -1), (1, -0.1), (-1, -0.1)], _ROOF),
        ("polygon", _box(-0.2, 0.4, 0.2, 1), _DARK),
        ("polygon", _box(0.35, 0.15, 0.6, 0.4), _PANE),
    ],
    "tree": [
        ("polygon", _box(-0.15, 0.2, 0.15, 1), _BROWN),
        ("disc", (0, -0.45, 0.55), COLOURS["green"]),
        ("disc", (-0.42, 0, 0.48), COLOURS["green"]),
        ("disc", (0.42, 0, 0.48), COLOURS["green"]),
    ],
    "sun": [*_rays(), ("disc", (0, 0, 0.6), COLOURS["yellow"])],
    "boat": [
        ("polygon", _box(-0.1, -1, 0.1, 0.4), _BROWN),
        ("polygon", [(0.1, -0.9), (0.9, 0.36), (0.1, 0.36)], _SAIL),
        ("polygon", [(-1, 0.35), (1, 0.35), (0.65, 0.9), (-0.65, 0.9)], MAIN),
    ],
    "face": [
        ("disc", (0, 0, 1), MAIN),
        ("disc", (-0.36, -0.28, 0.14), _DARK),
        ("disc", (0.36, -0.28, 0.14), _DARK),
        ("polygon", _MOUTH, _DARK),
    ],
}
FIXED = {"tree": "green", "sun": "yellow"}  # kinds with one colour, which captions need not say


def _polygon_distance(x, y, points):
    """Signed distance to a polygon, negative inside (the even-odd rule)."""
    nearest, inside = np.full(x.shape, np.inf), np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
        dx, dy = bx - ax, by - ay
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
        nearest = np.minimum(nearest, (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2)
        if ay != by:
            inside ^= ((y < ay) != (y < by)) & (x < ax + (y - ay) / (by - ay) * dx)
    return np.where(inside, -1, 1) * np.sqrt(nearest)


def _distance(part, geometry, x, y):
    if part == "polygon":
        return _polygon_distance(x, y, geometry)
    away = np.hypot(x - geometry[0], y - geometry[1])
    return away - geometry[2] if part == "disc" else np.maximum(away - geometry[2], geometry[3] - away)


def draw(canvas, kind, colour, cx, cy, radius):
    """Draws onto `canvas` `[H, W, 3]` (0..255), in place; only the box around the item is touched."""
    height, width = canvas.shape[:2]
    reach = 1.2 * radius + 2
    x0, x1 = max(0, int(cx - reach)), min(width, int(cx + reach) + 1)
    y0, y1 = max(0, int(cy - reach)), min(height, int(cy + reach) + 1)
    y, x = np.mgrid[y0:y1, x0:x1] + 0.5
    x, y = (x - cx) / radius, (y - cy) / radius
    for part, geometry, own in KINDS[kind]:
        cover = np.clip(0.5 - radius * _distance(part, geometry, x, y), 0, 1)[..., None]
        paint = np.array(COLOURS[colour] if own is MAIN else own)
        canvas[y0:y1, x0:x1] += cover * (paint - canvas[y0:y1, x0:x1])


def background(name, side=SIDE):
    canvas = np.empty((side, side, 3), np.float32)
    if name in PLAIN:
        canvas[:] = PLAIN[name]
    else:
        canvas[:HORIZON], canvas[HORIZON:] = BANDS[name]
    return canvas


def draw_scene(scene):
    """The picture `[128, 128, 3]`, bytes."""
    canvas = background(scene.background)
    for item in scene.items:
        draw(canvas, item.kind, item.colour, item.x, item.y, item.radius)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)
