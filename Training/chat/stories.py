"""Stories to a wish: an animal or a person, a thing, a place, a wish, a trouble, a good end."""

from chat.dialogue import exchange
from common.phrases import Phrases, article
from common.seeds import is_held
from common.words import person

HEROES = "fox bear rabbit mouse cat dog owl frog hedgehog duck goat horse squirrel turtle wolf lion sailor baker girl boy robot king queen farmer dragon knight wizard".split()
OBJECTS = "boat lamp kite drum key ladder bicycle book hat clock basket balloon mirror coat bell map stone cake umbrella violin telescope flower candle rope".split()
_TRAITS = "small brave clever shy curious lazy kind old young lonely hungry cheerful".split()
_PLACES = {
    "by a river": "the river",
    "in a forest": "the trees",
    "near the sea": "the beach",
    "on a hill": "the hill",
    "in a quiet village": "the village",
    "beside a lake": "the lake",
    "at the edge of a meadow": "the meadow",
    "in a small town": "the town",
}
_WISH = Phrases(
    "[Tell me|Write|Please tell me|Can you tell me|I want|I would like|Make up] a [|short |little |nice ]story about {subject}[|, please].",
    "[A story|Story|A short story] about {subject}[|, please][.|!]",
    "[Do you know|Can you write] a story about {subject}?",
    held=("I would love to hear a story about {subject}.", "Could you invent a story about {subject}?"),
)

_OPENINGS = Phrases(
    "Once there was a {trait} {hero} named {name} who lived {place}.",
    "A {trait} {hero} named {name} lived {place}.",
    "{place_start} there lived a {trait} {hero} named {name}.",
)
_PLOTS = [
    [
        "One [morning|day], {name} found {a_object} near {spot}.",
        "It was not {name}'s, so the {hero} asked everyone who had lost it.",
        'The {friend} said, "That is my {object}! I have looked for it [everywhere|all day]."',
        "{name} gave the {object} back [with a smile|at once].",
        "To say thank you, the {friend} [shared a warm meal|baked a pie|sang a song] for {name}.",
        "From that day on, the {hero} and the {friend} were friends.",
    ],
    [
        "{name} [wanted|wished for] {a_object} more than anything.",
        "There was none to buy, so the {hero} decided to make one.",
        "First it broke, and then it broke again.",
        "The {friend} saw this and [came to help|brought better tools].",
        "Together they worked until [evening|the stars came out].",
        "At last the {object} was ready, and {name} [laughed with joy|danced around {spot}].",
    ],
    [
        "Every day {name} took the old {object} to {spot}.",
        "One [evening|day] a storm came and blew the {object} away.",
        "The {hero} was sad and searched in the rain.",
        'Then the {friend} called, "Look, it is up here!"',
        "They [climbed up|reached out] together and brought the {object} home.",
        "That night {name} slept well, and the storm was over.",
    ],
    [
        "{name} had {a_object}, but no one to share it with.",
        "One [day|morning] the {friend} sat alone near {spot}.",
        '"Would you like to see my {object}?" asked the {hero}.',
        "The {friend} nodded, and soon they both laughed.",
        "They [played|talked] until the sun went down.",
        "{name} was never lonely again.",
    ],
    [
        "The {friend} told {name} about {a_object} hidden near {spot}.",
        "The {hero} packed some bread and set out [before dawn|at once].",
        "The way was long, but {name} did not give up.",
        "Under [a flat stone|an old root] lay the {object}, [bright as new|covered with leaves].",
        "{name} carried it home and showed it to the {friend}.",
        "They agreed that it belonged to both of them.",
    ],
]
_PLOTS = [[Phrases(line) for line in plot] for plot in _PLOTS]


# Names that begin as other words do, months above all: the first piece alone does not say which it is.
_LIKE_WORDS = """Mayra Mayo Maybell Mayson Marchetta Aprila Junia Junot Julya Augusto Octavia Winterson Summerly Friday Mondal Willa Wilde
Hopewell Skyler Rayna Sunny Dawson Eastwood Northam Goodwin Longfellow Younger Strongman""".split()


def draw_pair(rng, held):
    """A hero and a thing; held-out pairs never meet in training."""
    while True:
        hero, thing = rng.choice(HEROES), rng.choice(OBJECTS)
        if is_held(f"{hero} and {thing}") == held:
            return hero, thing


def _subject(rng, hero, thing, name, trait):
    form = rng.random()
    both = f"{article(hero)} and {article(thing)}" if form < 0.6 else f"{article(hero)} with {article(thing)}"
    if form < 0.7:
        return both, [hero, thing], None, None
    if form < 0.8:
        return f"{article(trait)} {hero} and {article(thing)}", [trait, hero, thing], None, trait
    if form < 0.9:
        return f"{article(hero)} named {name} and {article(thing)}", [hero, name, thing], name, None
    return article(hero), [hero], None, None


def draw_story(rng, held=False):
    hero, thing = draw_pair(rng, held)
    name = rng.choice(_LIKE_WORDS) if not held and rng.random() < 0.1 else person(rng, held)
    trait, place = rng.choice(_TRAITS), rng.choice(list(_PLACES))
    subject, wanted, _, _ = _subject(rng, hero, thing, name, trait)
    if name not in wanted:
        name = rng.choice(NAMES)
    friend = rng.choice([other for other in HEROES if other != hero])
    slots = dict(
        hero=hero,
        object=thing,
        a_object=article(thing),
        name=name,
        trait=trait,
        place=place,
        spot=_PLACES[place],
        place_start=place,
        friend=friend,
    )
    lines = [_OPENINGS, *rng.choice(_PLOTS)]
    story = " ".join(line.draw(rng, **slots) for line in lines).replace("a old ", "an old ")
    return exchange("story", _WISH.draw(rng, held, subject=subject), story, wanted=wanted)


NAMES = "Mia Tom Lila Ben Nora Finn Ella Max Rosa Leo Pip Toby".split()
