"""Short texts about people and events that exist nowhere else, and questions on them."""

from dataclasses import dataclass

from chat import more
from chat.dialogue import NOT_IN_TEXT, Dialogue, exchange
from common.phrases import Phrases, article, fill
from common.words import COLOURS, DAYS, FOODS, JOBS, PETS, THINGS, distinct, odd, part, person, pick, town


@dataclass
class Attribute:
    """One thing a text can say: how to draw its value, say it, ask for it, answer."""

    draw: object
    says: Phrases
    asks: Phrases
    full: str
    short: str = "{value}."


def _a(draw, says, asks, full, held=()):
    return Attribute(draw, Phrases(*says), Phrases(*asks, held=tuple(held)), full)


_PEOPLE = {
    "job": _a(
        lambda r, h: pick(r, JOBS, h),
        [
            "{who} [works as|is|has long been] a {value}.",
            "{who} earns a living as a {value}.",
            "By trade {who} is a {value}.",
        ],
        [
            "[what|which] job does {name} have?",
            "what does {name} do for a living?",
            "what is {name}'s [job|work|trade|profession]?",
        ],
        "{name} is a {value}.",
        ["what does {name} work as?"],
    ),
    "town": _a(
        town,
        [
            "{who} [lives|has a house|rents a room|stays] in {value}.",
            "{who} moved to {value} [last year|long ago|in spring].",
            "The home of {name} is in {value}.",
        ],
        [
            "where does {name} live?",
            "in [which|what] [town|place] does {name} live?",
            "[what|which] is {name}'s [town|home town]?",
        ],
        "{name} lives in {value}.",
        ["where is the home of {name}?"],
    ),
    "age": _a(
        lambda r, h: r.randint(6, 95),
        [
            "{who} is {value}[| years old].",
            "{who} turned {value} [this year|last week|in May].",
            "The age of {name} is {value}.",
        ],
        ["how old is {name}?", "what is {name}'s age?", "what is the age of {name}?"],
        "{name} is {value} years old.",
        ["what age does {name} have?"],
    ),
    "pet": _a(
        lambda r, h: pick(r, PETS, h),
        [
            "{who} [has|keeps|owns|takes care of] a {value}.",
            "A {value} lives with {name}.",
            "{who} adopted a {value} [last year|in summer].",
        ],
        [
            "[what|which] [pet|animal] does {name} [have|keep|own]?",
            "what is {name}'s pet?",
            "what kind of pet does {name} have?",
        ],
        "{name} has a {value}.",
        ["which animal belongs to {name}?"],
    ),
    "colour": _a(
        lambda r, h: pick(r, COLOURS, h),
        [
            "{who} [likes|loves|prefers] the colour {value}.",
            "{name}'s favourite colour is {value}.",
            "{who} paints everything {value}.",
        ],
        [
            "[what|which] colour does {name} [like|love|prefer]?",
            "what is {name}'s favourite colour?",
            "which is the favourite colour of {name}?",
        ],
        "{name} likes the colour {value}.",
        ["which colour is the favourite of {name}?"],
    ),
    "food": _a(
        lambda r, h: pick(r, FOODS, h),
        [
            "{who} [likes|loves] to eat {value}.",
            "{name}'s favourite food is {value}.",
            "{who} eats {value} [every day|for lunch|in the evening].",
        ],
        [
            "what does {name} [like to eat|eat|love to eat]?",
            "what is {name}'s favourite food?",
            "[what|which] food does {name} [like|love]?",
        ],
        "{name} likes to eat {value}.",
        ["which food is the favourite of {name}?"],
    ),
    "friend": _a(
        person,
        [
            "{who} [has a friend called|is a friend of|often meets] {value}.",
            "{name}'s best friend is {value}.",
            "{who} went to school with {value}.",
        ],
        [
            "who is {name}'s [friend|best friend]?",
            "who is [a|the] friend of {name}?",
            "what is the name of {name}'s friend?",
        ],
        "{name}'s friend is {value}.",
        ["how is the friend of {name} called?"],
    ),
    "thing": _a(
        lambda r, h: article(pick(r, THINGS, h)),
        [
            "{who} [bought|found|lost|carries|repaired] {value} [yesterday|on the way|at the market|today].",
            "{who} got {value} as a present.",
        ],
        [
            "[what|which thing] did {name} [buy|find|lose|get|repair]?",
            "what thing is told of {name}?",
            "what does {name} have to do with?",
        ],
        "It was {value}.",
        ["which object is mentioned with {name}?"],
    ),
}

_EVENTS = {
    "day": _a(
        lambda r, h: r.choice(DAYS),
        ["{who} [takes place|is|begins] on {value}.", "{who} will be held on {value}."],
        ["on [which|what] day is {name}?", "when is {name}?", "[what|which] day does {name} take place?"],
        "{Name} is on {value}.",
        ["which day is {name} on?"],
    ),
    "place": _a(
        town,
        ["{who} [is held|takes place|happens] in {value}.", "{value} is the place of {name}."],
        ["where is {name}[| held]?", "in [which|what] [town|place] is {name}?", "where does {name} take place?"],
        "{Name} is in {value}.",
        ["which town has {name}?"],
    ),
    "hour": _a(
        lambda r, h: f"{r.randint(6, 22)}:{r.choice(['00', '15', '30', '45'])}",
        ["{who} [starts|begins|opens] at {value}.", "The doors of {name} open at {value}."],
        [
            "at [what|which] time does {name} [start|begin|open]?",
            "when does {name} [open|start]?",
            "[what|which] hour does {name} start?",
        ],
        "{Name} starts at {value}.",
        ["how late does {name} begin?"],
    ),
    "price": _a(
        lambda r, h: r.randint(2, 99),
        ["[a ticket|a seat|a place] [for|at] {name} costs {value} euros.", "{who} costs {value} euros."],
        [
            "how much [does {name} cost|is {name}|is a ticket for {name}]?",
            "what is the price of {name}?",
            "what does {name} cost?",
        ],
        "{Name} costs {value} euros.",
        ["how many euros does {name} cost?"],
    ),
    "host": _a(
        person,
        ["{value} [runs|organizes|leads|prepares] {name}.", "{who} is [led|organized|run] by {value}."],
        [
            "who [runs|organizes|leads|prepares] {name}?",
            "by whom is {name} organized?",
            "who is [in charge of|behind] {name}?",
        ],
        "{value} organizes {name}.",
        ["who is the head of {name}?"],
    ),
    "guests": _a(
        lambda r, h: r.randint(20, 900),
        ["{value} [people|guests|visitors] [come|are expected] at {name}.", "{who} has room for {value} people."],
        [
            "how many [people|guests|visitors] [come|are expected] at {name}?",
            "for how many people is {name}?",
            "how many [guests|people] does {name} have?",
        ],
        "{value} people come to {name}.",
        ["what number of guests does {name} have?"],
    ),
}
_EVENT_NAMES = """the spring fair;the book market;the summer concert;the chess evening;the bicycle race;the garden party;the village feast;the flower show;
the school play;the winter market;the boat race;the music night;the cooking class;the art show;the kite day;the quiz evening""".replace(
    "\n", ""
).split(";")

_MODIFIERS = """spring summer autumn winter night evening morning book music dance garden village school city harbour river street
family children science cheese wine apple bread flower tree dog cat horse bird kite boat train bicycle film jazz poetry photo pottery garden
sewing knitting painting running swimming climbing skating fishing baking reading singing big little old new first last red green
blue golden silver open annual""".split()
_OCCASIONS = """fair market concert evening race party feast show play night class day walk camp dance meeting festival tour contest dinner
workshop lunch parade picnic lesson match cup sale talk ball quiz circle""".split()

_WRAPS = Phrases(
    "{text}\n\n{question}",
    "[Read this|Read this text|Here is a text|Read the following]: {text}\n\n[Question: |]{question}",
    "[Text|Context|Passage]: {text}\n[Question: |\n]{question}",
    "{question}\n\n[Text|Context|Passage]: {text}",
    "[Answer from the text|Use this text|Use the context]: {text} {question}",
    "{text} {question}",
)
_SYSTEMS = Phrases(
    "[Answer from this text|Use this text|Context|Answer the question from this text|Here is what you know]: {text}"
)
_READ = Phrases("[Read this|Here is a text|Read this text]: {text}", "{text}")
READY = "I have read it. What would you like to know?"


def _two_events(rng, held) -> list[str]:
    """Events of the list; in training mostly ones that are made up, so that a name is read and not known."""
    if held:
        return rng.sample(part(tuple(_EVENT_NAMES), held), 2)
    return distinct(rng, _event, 2)


def _event(rng) -> str:
    name = f"the {rng.choice(_MODIFIERS) if rng.random() < 0.7 else odd(rng)} {rng.choice(_OCCASIONS)}"
    return rng.choice(part(tuple(_EVENT_NAMES), False)) if rng.random() < 0.3 or name in _EVENT_NAMES else name


class Text:
    """A passage with its values by subject and attribute."""

    def __init__(self, rng, held, count=None):
        self.rng, self.held = rng, held
        self.table = _PEOPLE if rng.random() < 0.65 else _EVENTS
        names = distinct(rng, lambda r: person(r, held), 2) if self.table is _PEOPLE else _two_events(rng, held)
        self.names = names[: rng.choice([1, 2, 2])]
        self.pronoun = {name: rng.choice(["he", "she"]) if self.table is _PEOPLE else "it" for name in self.names}
        keys = [(name, key) for name in self.names for key in self.table]
        chosen = rng.sample(keys, min(len(keys), count or rng.randint(2, 6)))
        chosen.sort(key=lambda key: self.names.index(key[0]) if rng.random() < 0.8 else rng.random())
        self.values = {key: self.table[key[1]].draw(rng, held) for key in chosen}
        self.missing = [key for key in keys if key not in self.values and key[0] in {k[0] for k in chosen}]
        self.text = " ".join(self._sentences())

    def _sentences(self):
        previous = None
        for (name, key), value in self.values.items():
            who = self.pronoun[name] if name == previous and self.rng.random() < 0.5 else name
            yield self.table[key].says.draw(self.rng, who=who, name=name, value=value)
            previous = name

    def asked(self, name, key, held_asks=False) -> str:
        """A question; in training every second one is among those that no test draws from."""
        asks = more.PASSAGES[key] if not (self.held or held_asks) and self.rng.random() < 0.5 else self.table[key].asks
        return asks.draw(self.rng, held_asks, name=name)

    def ask(self, short=False, held_asks=False):
        """A question and its answer; one in eight asks for what the text leaves out."""
        asked = (
            self.rng.choice(self.missing)
            if self.missing and self.rng.random() < 0.12
            else self.rng.choice(list(self.values))
        )
        name, key = asked
        question = self.asked(name, key, held_asks)
        if asked not in self.values:
            return question, NOT_IN_TEXT
        attribute = self.table[key]
        return question, fill(
            attribute.short if short else attribute.full, {"name": name, "Name": name, "value": self.values[asked]}
        )


def draw_passage(rng, held=False, held_asks=False):
    """One question on a text in the prompt, or two after a text given before, or a text in the system role."""
    text, form = Text(rng, held), rng.random()
    question, answer = text.ask(held_asks=held_asks)
    if form < 0.6:
        return exchange("passage", _WRAPS.draw(rng, text=text.text, question=question), answer)
    if form < 0.8:
        system = _SYSTEMS.draw(rng, text=text.text)
        return Dialogue("passage", [("system", system), ("user", question), ("assistant", answer)])
    again, second = text.ask(held_asks=held_asks)
    opening = [("user", _READ.draw(rng, text=text.text)), ("assistant", READY)]
    return Dialogue(
        "passage", opening + [("user", question), ("assistant", answer), ("user", again), ("assistant", second)]
    )
