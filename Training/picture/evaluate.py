"""How many held-out combinations the checker finds in the pictures, at 20 steps and at 4."""

from collections import Counter

from common.card import percent
from common.seeds import generator
from picture import fast
from picture.checker import check
from picture.model import scheduler
from picture.sampling import paint
from picture.scenes import draw_example

BARS = {"twenty": 90, "four": 75}


def held_out(count: int, seed: int = 1) -> list:
    """Scenes that hold at least one combination which training never drew."""
    rng, found = generator("picture test", seed), {}
    while len(found) < count:
        scene = draw_example(rng, True)
        found.setdefault(scene.caption, scene)
    return list(found.values())


def score(scenes, pictures, show: int = 4) -> dict:
    """Percent of the scenes for each property, and for all of them together."""
    verdicts = [check(picture, scene) for picture, scene in zip(pictures, scenes)]
    counts = Counter(name for verdict in verdicts for name, is_right in verdict.items() if is_right)
    for scene, verdict in [(s, v) for s, v in zip(scenes, verdicts) if not v["right"]][:show]:
        print(
            f"  {scene.caption!r}: not {[name for name, is_right in verdict.items() if not is_right and name != 'right']}"
        )
    return {name: percent(counts[name], len(scenes)) for name in verdicts[0]}


def measured(parts: dict, share: float = 1.0) -> dict:
    """`parts` holds text, autoencoder, tokenizer, unet and, if it was trained, fast."""
    scenes = held_out(max(16, int(500 * share)))
    captions = [scene.caption for scene in scenes]
    common = (parts["text"], parts["autoencoder"], parts["tokenizer"])
    numbers = {"twenty": score(scenes, paint(parts["unet"], *common, scheduler(), captions, 20, fast.GUIDANCE))}
    if "fast" in parts:
        numbers["four"] = score(scenes, paint(parts["fast"], *common, scheduler(), captions, 4, 1))
    numbers["bars"] = {
        name: "met" if numbers.get(name, {}).get("right", 0) >= bar else "not met" for name, bar in BARS.items()
    }
    return numbers
