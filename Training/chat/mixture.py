"""The training mixture, and the held-out sets, both drawn from the generators by seed."""

from chat import more
from chat.about_roost import ROOST
from chat.dialogue import Dialogue, exchange
from chat.facts import draw_fact, facts_by_relation
from chat.objects import draw_object
from chat.passages import draw_passage
from chat.roles import draw_role, plain_system
from chat.smalltalk import SMALLTALK
from chat.stories import draw_story
from chat.turns import draw_turns
from chat.unknown import draw_unknown
from common.seeds import generator


def draw_known(rng, held=False) -> Dialogue:
    return _about(rng, draw_fact(rng), held)


def _about(rng, fact, held) -> Dialogue:
    """In training every second question is one of those that no test draws from, here and below."""
    if not held and rng.random() < 0.5:
        question = more.FACTS[fact.relation].draw(rng, **dict(fact.slots))
    else:
        question = fact.question(rng, held)
    return exchange("fact", question, fact.answer())


def draw_sum(rng, held=False) -> Dialogue:
    """Sums, differences and products alone: each is a fact of its own, and there are many."""
    return _about(rng, rng.choice(facts_by_relation()[rng.choice(["sum", "difference", "product"])]), held)


def draw_roost(rng, held=False) -> Dialogue:
    phrases, answer = rng.choice(ROOST)
    if not held and rng.random() < 0.5:
        phrases = more.ROOST[answer]
    return exchange("roost", phrases.draw(rng, held), answer)


def draw_talk(rng, held=False) -> Dialogue:
    phrases, answer = rng.choice(SMALLTALK)
    if not held and rng.random() < 0.5:
        phrases = more.TALK[answer]
    return exchange("talk", phrases.draw(rng, held), answer)


KINDS = {
    "fact": draw_known,
    "sum": draw_sum,
    "roost": draw_roost,
    "talk": draw_talk,
    "unknown": draw_unknown,
    "passage": draw_passage,
    "story": draw_story,
    "json": draw_object,
    "role": draw_role,
    "turns": draw_turns,
}
SHARES = {
    "fact": 14,
    "sum": 8,
    "roost": 5,
    "talk": 5,
    "unknown": 8,
    "passage": 40,
    "story": 8,
    "json": 9,
    "role": 9,
    "turns": 6,
}


def draw_training(rng) -> Dialogue:
    """One conversation of the mixture, some of them carelessly typed, some under a plain system message."""
    kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
    dialogue = KINDS[kind](rng)
    if kind in ("fact", "sum", "roost", "talk", "unknown", "turns"):
        dialogue.messages = [careless(rng, message) for message in dialogue.messages]
    if dialogue.messages[0][0] == "user" and rng.random() < 0.25:
        dialogue.messages.insert(0, ("system", plain_system(rng)))
    return dialogue


def careless(rng, message):
    """Now and then a user writes small letters only, or no mark at the end."""
    role, text = message
    if role != "user" or rng.random() > 0.2:
        return message
    style = rng.random()
    if style < 0.6:
        text = text.lower() if style < 0.3 else text[:1].lower() + text[1:]
    return role, text.rstrip("?.!") if style > 0.2 and len(text) > 3 else text


def held_out(kind: str, count: int, seed: int = 1, **more) -> list[Dialogue]:
    """The fixed test set of a kind: held-out phrasings or entities only, no two alike."""
    rng, found = generator("chat test", kind, seed), {}
    for _ in range(count * 20):
        dialogue = KINDS[kind](rng, True, **more)
        found.setdefault(tuple(dialogue.prompt), dialogue)
        if len(found) == count:
            break
    return list(found.values())
