"""Facts: questions in many phrasings, one full answer and one short answer for each."""

from dataclasses import dataclass
from functools import cache

from chat import tables
from chat.phrasings import PHRASINGS
from common.phrases import article, fill
from common.words import DAYS, MONTHS

ANSWERS = {
    "capital": ("The capital of {country} is {capital}.", "{capital}."),
    "country": ("{capital} is the capital of {country}.", "{country}."),
    "continent": ("{country} is in {continent}.", "{continent}."),
    "legs": ("{A} has {legs} legs.", "{legs}."),
    "sound": ("{A} {sound}.", "It {sound}."),
    "kind": ("{A} is {kind}.", "{kind}."),
    "food": ("{A} eats {food}.", "{food}."),
    "home": ("{A} lives in {home}.", "{home}."),
    "young": ("A young {animal} is called {young}.", "{young}."),
    "planet place": ("{planet} is the {ordinal} planet from the sun.", "{ordinal}."),
    "place planet": ("The {ordinal} planet from the sun is {planet}.", "{planet}."),
    "planet fame": ("{planet} is {fame}.", "{planet}."),
    "moons": ("{planet} has {moons}.", "{moons}."),
    "unit": ("There are {count} {parts} in {whole}.", "{count}."),
    "after day": ("The day after {day} is {next}.", "{next}."),
    "before day": ("The day before {next} is {day}.", "{day}."),
    "after month": ("The month after {month} is {next}.", "{next}."),
    "before month": ("The month before {next} is {month}.", "{month}."),
    "month days": ("{month} has {days} days.", "{days}."),
    "month place": ("{month} is the {ordinal} month of the year.", "{ordinal}."),
    "opposite": ("The opposite of {word} is {other}.", "{other}."),
    "colour": ("{thing} is {colour}.", "{colour}."),
    "sides": ("{A} has {sides} sides.", "{sides}."),
    "sum": ("{a} plus {b} is {c}.", "{c}."),
    "difference": ("{a} minus {b} is {c}.", "{c}."),
    "product": ("{a} times {b} is {c}.", "{c}."),
    "larger": ("{c} is larger.", "{c}."),
    "smaller": ("{c} is smaller.", "{c}."),
    "number after": ("{c} comes after {a}.", "{c}."),
}


@dataclass(frozen=True)
class Fact:
    relation: str
    slots: tuple

    def question(self, rng, held=False) -> str:
        return PHRASINGS[self.relation].draw(rng, held, **dict(self.slots))

    def answer(self, short=False) -> str:
        return fill(ANSWERS[self.relation][short], dict(self.slots))


def _fact(relation, **slots):
    return Fact(relation, tuple(slots.items()))


def _countries():
    for country, capital in tables.CAPITALS.items():
        yield _fact("capital", country=country, capital=capital)
        yield _fact("country", country=country, capital=capital)
    for continent, countries in tables.CONTINENTS.items():
        yield from (_fact("continent", country=country, continent=continent) for country in countries.split())


def _animals():
    for animal, (legs, sound, kind, food, home, young) in tables.ANIMALS.items():
        common = {"animal": animal, "a_animal": article(animal), "A": article(animal)}
        legs = "no" if legs == "0" else legs
        yield _fact("legs", legs=legs, **common)
        yield _fact("sound", sound=sound, **common)
        yield _fact("kind", kind=article(kind) if kind != "fish" else "a fish", **common)
        yield _fact("food", food=food, **common)
        yield _fact("home", home=home, **common)
        yield _fact("young", young=article(young), **common)


def _planets():
    for planet, (place, fame, moons) in tables.PLANETS.items():
        ordinal = tables.ORDINALS[place]
        yield _fact("planet place", planet=planet, ordinal=ordinal)
        yield _fact("place planet", planet=planet, ordinal=ordinal)
        yield _fact("planet fame", planet=planet, fame=fame)
        yield _fact("moons", planet=planet, moons=moons)


def _calendar():
    for i, day in enumerate(DAYS):
        yield _fact("after day", day=day, next=DAYS[(i + 1) % 7])
        yield _fact("before day", day=day, next=DAYS[(i + 1) % 7])
    for i, month in enumerate(MONTHS):
        yield _fact("after month", month=month, next=MONTHS[(i + 1) % 12])
        yield _fact("before month", month=month, next=MONTHS[(i + 1) % 12])
        yield _fact("month days", month=month, days=tables.MONTH_DAYS[i])
        yield _fact("month place", month=month, ordinal=tables.ORDINALS[i + 1])


def _things():
    for whole, parts, count in tables.UNITS:
        whole_name = "an hour" if whole == "hour" else article(whole).replace("an euro", "a euro")
        yield _fact("unit", whole=whole_name, parts=parts, count=count)
    for word, other in tables.OPPOSITES:
        yield _fact("opposite", word=word, other=other)
        yield _fact("opposite", word=other, other=word)
    for thing, colour in tables.THING_COLOURS.items():
        yield _fact("colour", thing=thing, colour=colour)
    for shape, sides in tables.SIDES.items():
        yield _fact("sides", a_shape=article(shape), A=article(shape), sides=sides)


def _sums():
    for a in range(21):
        for b in range(21):
            yield _fact("sum", a=a, b=b, c=a + b)
            if b <= a:
                yield _fact("difference", a=a, b=b, c=a - b)
            if a <= 10 and b <= 10:
                yield _fact("product", a=a, b=b, c=a * b)
    yield from (_fact("number after", a=a, c=a + 1) for a in range(100))


def comparison(rng) -> Fact:
    """Which of two numbers below a hundred is larger or smaller."""
    a, b = rng.sample(range(100), 2)
    relation = rng.choice(["larger", "smaller"])
    return _fact(relation, a=a, b=b, c=max(a, b) if relation == "larger" else min(a, b))


@cache
def facts_by_relation() -> dict[str, list[Fact]]:
    """Every fact in the tables; comparisons are drawn instead, there are too many to list."""
    groups: dict[str, list[Fact]] = {}
    for source in (_countries(), _animals(), _planets(), _calendar(), _things(), _sums()):
        for fact in source:
            groups.setdefault(fact.relation, []).append(fact)
    return groups


# How often a relation is asked, beside the others; the rest count 1.
WEIGHTS = {"capital": 4, "country": 2, "continent": 2, "sum": 3, "difference": 2, "product": 2, "opposite": 2}


def draw_fact(rng) -> Fact:
    groups = facts_by_relation()
    names = list(groups) + ["comparison"]
    name = rng.choices(names, [WEIGHTS.get(n, 1) for n in names])[0]
    return comparison(rng) if name == "comparison" else rng.choice(groups[name])
