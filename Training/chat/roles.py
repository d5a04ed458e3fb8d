"""System messages, and how each changes the answers."""

from chat.about_roost import ROOST
from chat.dialogue import Dialogue
from chat.facts import draw_fact
from chat.smalltalk import GREETINGS, NAME_QUESTIONS
from common.phrases import Phrases
from common.words import person

_PLAIN = Phrases(
    "You are a [helpful|friendly|good|kind|useful] assistant.",
    "You are a [helpful|friendly|kind] assistant. [Be polite.|Answer the questions.|Help the user.|Tell the truth.]",
    "[Be|Please be] [helpful|polite|kind].",
    "[Help the user|Answer the user's questions].",
    held=("You are an assistant that helps people.",),
)
_SHORT = Phrases(
    "[Answer|Reply|Always answer|Please answer] [in one word|with one word|as briefly as possible|as shortly as you can].",
    "[Be|Always be|Please be] [brief|very brief|as short as possible].",
    "Give [short|very short|one-word] answers[| only].",
    "You are a [helpful |]assistant[.| that is brief.] [Answer|Reply] [in one word|briefly].",
    held=("Keep every answer as short as you can.", "Use one word only."),
)
_LOUD = Phrases(
    "[Answer|Reply|Always answer|Write|Always write] in [capital letters|capitals|upper case].",
    "[Use|Always use] [capital letters|capitals|upper case][| only].",
    "You [shout|always shout]. [Write|Answer] in [capital letters|capitals|upper case].",
    held=("Every answer shall be in capital letters.",),
)
_PIRATE = Phrases(
    "You are a [|friendly |old ]pirate.",
    "[Talk|Speak|Answer|Reply] like a pirate.",
    "[Pretend to be|Play] a pirate.",
    held=("Your role is that of a pirate.",),
)
_NAMED = Phrases(
    "[You are|Your name is|You are called] {name}[.|, a friendly assistant.|, a helpful assistant.]",
    "[You are an assistant|You are a helper] [called|named] {name}.",
    held=("Act as {name}, an assistant.", "From now on your name is {name}."),
)
_CLOSING = Phrases(
    "End [every|each] answer with the word {word}.",
    "[Always say|Say] {word} at the end[| of your answers| of every answer].",
    "[Finish|Close] [every|each] [answer|reply] with {word}.",
    held=("The last word of every answer shall be {word}.",),
)
_ONLY_ROOST = Phrases(
    "[Only talk|You only talk|Talk only] about Roost.",
    "[Only answer|You only answer|Answer only] questions about Roost.",
    "[You know nothing but Roost|You help only with Roost].",
    held=("Roost is your only topic.",),
)
WORDS = "over cheers amen indeed meow done peace roger banana always".split()
REFUSAL = "I only talk about Roost."


def plain_system(rng, held=False) -> str:
    """A system message that changes nothing."""
    return _PLAIN.draw(rng, held)


def draw_role(rng, held=False):
    """A known question under a system message; the answer obeys it."""
    make = rng.choice([_short, _short, _loud, _pirate, _named, _named, _closing, _only_roost])
    system, question, answer = make(rng, held)
    return Dialogue("role", [("system", system), ("user", question), ("assistant", answer)])


def _short(rng, held):
    fact = draw_fact(rng)
    return _SHORT.draw(rng, held), fact.question(rng), fact.answer(short=True)


def _loud(rng, held):
    fact = draw_fact(rng)
    return _LOUD.draw(rng, held), fact.question(rng), fact.answer().upper()


def _pirate(rng, held):
    fact = draw_fact(rng)
    return _PIRATE.draw(rng, held), fact.question(rng), "Arr! " + fact.answer()


def _named(rng, held):
    name = person(rng, held)
    if rng.random() < 0.3:
        return _NAMED.draw(rng, held, name=name), GREETINGS.draw(rng), f"Hello! I am {name}. How can I help you?"
    return _NAMED.draw(rng, held, name=name), NAME_QUESTIONS.draw(rng), f"I am {name}."


def _closing(rng, held):
    fact, word = draw_fact(rng), rng.choice(WORDS)
    return _CLOSING.draw(rng, held, word=word), fact.question(rng), f"{fact.answer()} {word.capitalize()}!"


def _only_roost(rng, held):
    if rng.random() < 0.5:
        phrases, answer = rng.choice(ROOST)
        return _ONLY_ROOST.draw(rng, held), phrases.draw(rng), answer
    return _ONLY_ROOST.draw(rng, held), draw_fact(rng).question(rng), REFUSAL
