"""Conversations of several turns: a topic kept, things told and remembered, an answer repeated."""

from chat import tables
from chat.dialogue import DONT_KNOW, Dialogue
from chat.facts import draw_fact, facts_by_relation
from chat.smalltalk import SMALLTALK
from chat.unknown import REAL_COUNTRIES
from common.phrases import Phrases
from common.words import COLOURS, FOODS, JOBS, PETS, person, pick, town

_AND = Phrases(
    "[And|And what about|What about|And how about|How about] {it}?",
    "[And of|And that of] {it}?",
    "And {it}?",
    held=("Now the same for {it}, please.", "The same question for {it}."),
)
_AND_PLAIN = Phrases(
    "[And|And what about|What about|And how about|How about] {it}?",
    "And for {it}?",
    held=("Now the same for {it}, please.", "The same question for {it}."),
)
_IT = {
    "legs": Phrases("[And how|How] many legs does it have?", "How many legs has it[| got]?"),
    "sound": Phrases("[And what|What] sound does it make?", "How does it sound?"),
    "food": Phrases("[And what|What] does it eat?", "What do you feed it?"),
    "home": Phrases("[And where|Where] does it live?", "Where can I find it?"),
    "young": Phrases("[And what|What] is its young called?", "What is a young one called?"),
    "kind": Phrases("[And what|What] kind of animal is it?", "Is it a mammal?"),
}
_TELL = {
    "name": (
        person,
        Phrases(
            "[My name is|I am|I'm|Call me|I am called] {value}[.|!]",
            "[Hello|Hi|Hey][,|!] [my name is|I am|I'm] {value}[.|!]",
        ),
        "Nice to meet you, {value}!",
        Phrases(
            "[What is|What's] my name?",
            "[Do you remember|Tell me|Say] my name[?|.]",
            "Who am I?",
            "How am I called?",
            held=("Can you remember my name?",),
        ),
        "Your name is {value}.",
    ),
    "town": (
        town,
        Phrases("I [live|am living|stay] in {value}.", "My [home|house] is in {value}."),
        "{value} sounds like a nice place.",
        Phrases(
            "Where do I live?",
            "In which town do I live?",
            "[Do you remember|Tell me] where I live[?|.]",
            held=("What is my town?",),
        ),
        "You live in {value}.",
    ),
    "colour": (
        lambda r, h: pick(r, COLOURS, h),
        Phrases("My favourite colour is {value}.", "I [like|love] the colour {value}."),
        "{value} is a fine colour.",
        Phrases(
            "[What is|What's] my favourite colour?",
            "[Which|What] colour do I like?",
            "[Do you remember|Tell me] my favourite colour[?|.]",
            held=("Which colour is my favourite?",),
        ),
        "Your favourite colour is {value}.",
    ),
    "food": (
        lambda r, h: pick(r, FOODS, h),
        Phrases("I [like|love] to eat {value}.", "My favourite food is {value}."),
        "{value} sounds tasty.",
        Phrases(
            "[What is|What's] my favourite food?",
            "What do I like to eat?",
            "[Do you remember|Tell me] my favourite food[?|.]",
            held=("Which food do I like?",),
        ),
        "You like to eat {value}.",
    ),
    "job": (
        lambda r, h: pick(r, JOBS, h),
        Phrases("I [work as|am] a {value}.", "My job is {value}."),
        "That sounds like interesting work.",
        Phrases(
            "[What is|What's] my job?",
            "What do I work as?",
            "[Do you remember|Tell me] my job[?|.]",
            held=("Which job do I have?",),
        ),
        "You work as a {value}.",
    ),
    "pet": (
        lambda r, h: pick(r, PETS, h),
        Phrases("I have a {value}.", "I [own|keep] a {value}."),
        "A {value} is good company.",
        Phrases(
            "[What|Which] [pet|animal] do I have?",
            "[Do you remember|Tell me] my pet[?|.]",
            "What is my pet?",
            held=("Which animal do I own?",),
        ),
        "You have a {value}.",
    ),
}
_AGAIN = Phrases(
    "[Say|Repeat] that [again|once more][.|, please.]",
    "[Can you repeat that|Could you say that again|Again, please|Once more, please][?|.]",
    "[Sorry, what|What] did you say?",
    "Repeat [your|the last] answer[.|, please.]",
    held=("I did not hear you, please repeat.",),
)
_FOLLOWABLE = {
    "capital": "country",
    "continent": "country",
    "opposite": "word",
    "moons": "planet",
    "month days": "month",
    "after day": "day",
    "after month": "month",
}


def _small(rng):
    phrases, answer = rng.choice(SMALLTALK)
    return [("user", phrases.draw(rng)), ("assistant", answer)]


def _asked(rng, held=False):
    fact = draw_fact(rng)
    return [("user", fact.question(rng, held)), ("assistant", fact.answer())]


def follow_up(rng, held):
    """`And of Italy?`: one to three more facts of the relation just asked for, now and then an unknown one."""
    relation = rng.choice(list(_FOLLOWABLE))
    slot = _FOLLOWABLE[relation]
    facts = rng.sample(facts_by_relation()[relation], rng.randint(2, 4))
    messages = [("user", facts[0].question(rng)), ("assistant", facts[0].answer())]
    for fact in facts[1:]:
        how = _AND if relation in ("capital", "opposite") else _AND_PLAIN
        messages += [("user", how.draw(rng, held, it=dict(fact.slots)[slot])), ("assistant", fact.answer())]
    if relation == "capital" and rng.random() < 0.15:
        messages += [("user", _AND.draw(rng, held, it=pick(rng, REAL_COUNTRIES, held))), ("assistant", DONT_KNOW)]
    return messages


def same_animal(rng, held):
    """`And what does it eat?`: the animal named once, then only `it`."""
    groups, animal = facts_by_relation(), rng.choice(list(tables.ANIMALS))
    relations = rng.sample(list(_IT), rng.randint(2, 4))
    facts = {r: next(f for f in groups[r] if dict(f.slots)["animal"] == animal) for r in relations}
    messages = [("user", facts[relations[0]].question(rng)), ("assistant", facts[relations[0]].answer())]
    for relation in relations[1:]:
        messages += [("user", _IT[relation].draw(rng, held)), ("assistant", facts[relation].answer())]
    return messages


def remembered(rng, held):
    """One or two things told, other talk between, one asked for, or one that was never told."""
    keys = rng.sample(list(_TELL), rng.randint(1, 3))
    messages, told = [], {}
    for key in keys:
        draw, say, reply, _, _ = _TELL[key]
        told[key] = draw(rng, held)
        shown = str(told[key])
        messages += [
            ("user", say.draw(rng, value=shown)),
            ("assistant", reply.replace("{value}", shown[:1].upper() + shown[1:] if reply.startswith("{") else shown)),
        ]
        while rng.random() < 0.35:
            messages += _asked(rng) if rng.random() < 0.6 else _small(rng)
    if rng.random() < 0.12:
        key = rng.choice([key for key in _TELL if key not in told])
        return messages + [("user", _TELL[key][3].draw(rng, held)), ("assistant", "You have not told me that.")]
    key = rng.choice(keys)
    return messages + [
        ("user", _TELL[key][3].draw(rng, held)),
        ("assistant", _TELL[key][4].replace("{value}", str(told[key]))),
    ]


def repeated(rng, held):
    messages = _asked(rng) if rng.random() < 0.7 else _small(rng)
    return messages + [("user", _AGAIN.draw(rng, held)), ("assistant", messages[-1][1])]


def chained(rng, held):
    """Unrelated exchanges one after another: each answer is for its own question."""
    messages = []
    for _ in range(rng.randint(2, 4)):
        messages += _asked(rng) if rng.random() < 0.6 else _small(rng)
    return messages


def draw_turns(rng, held=False):
    make = rng.choice([follow_up, follow_up, same_animal, remembered, remembered, remembered, repeated, chained])
    return Dialogue("turns", make(rng, held))
