"""Small JSON objects and lists to a request."""

import json

from chat.dialogue import exchange
from common.phrases import Phrases, listing
from common.words import COLOURS, FOODS, JOBS, THINGS, distinct, person, pick, town

_FIELDS = {
    "name": lambda r, h: person(r, h),
    "age": lambda r, h: r.randint(1, 99),
    "city": lambda r, h: town(r, h),
    "job": lambda r, h: pick(r, JOBS, h),
    "colour": lambda r, h: pick(r, COLOURS, h),
    "food": lambda r, h: pick(r, FOODS, h),
    "item": lambda r, h: pick(r, THINGS, h),
    "price": lambda r, h: r.randint(1, 500),
    "count": lambda r, h: r.randint(0, 99),
    "done": lambda r, h: r.random() < 0.5,
    "open": lambda r, h: r.random() < 0.5,
    "year": lambda r, h: r.randint(1900, 2030),
    "friend": lambda r, h: person(r, h),
    "weight": lambda r, h: r.randint(1, 90),
    "active": lambda r, h: r.random() < 0.5,
    "size": lambda r, h: r.choice(["small", "medium", "large"]),
}
_OBJECT = Phrases(
    "[Write|Make|Give me|Create|Return|Output] [a JSON object|JSON|a small JSON object] with {fields}[|, please].",
    "[JSON|A JSON object] with {fields}[|, please][.|]",
    "[Put this into JSON|As JSON|Write as JSON|Convert to JSON]: {fields}[.|]",
    held=("I need a JSON object with {fields}.", "Show {fields} as JSON."),
)
_LIST = Phrases(
    "[Write|Make|Give me|Create|Return] a JSON [list|array] [of|with] {items}[|, please].",
    "[A JSON list|A JSON array] [of|with] {items}[.|]",
    "[Put this into a JSON list|As a JSON array|As a JSON list]: {items}[.|]",
    held=("I need a JSON list of {items}.", "Turn {items} into a JSON array."),
)


def _spoken(rng, key, value, style):
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return {
        "of": f"the {key} {shown}",
        "plain": f"{key} {shown}",
        "equals": f"{key} = {shown}",
        "colon": f"{key}: {shown}",
    }[style]


def draw_object(rng, held=False):
    """The answer is what `json.dumps` writes, so exact match and equal values are the same thing."""
    if rng.random() < 0.2:
        words = rng.choice([COLOURS, FOODS, THINGS, JOBS])
        items = distinct(rng, lambda r: pick(r, words, held), rng.randint(2, 3))
        return exchange("json", _LIST.draw(rng, held, items=listing(items)), json.dumps(items))
    keys = rng.sample(list(_FIELDS), rng.randint(1, 4))
    values = {key: _FIELDS[key](rng, held) for key in keys}
    style = rng.choice(["of", "plain", "equals", "colon"])
    spoken = [_spoken(rng, key, value, style) for key, value in values.items()]
    fields = listing(spoken) if style in ("of", "plain") or rng.random() < 0.5 else ", ".join(spoken)
    return exchange("json", _OBJECT.draw(rng, held, fields=fields), json.dumps(values))
