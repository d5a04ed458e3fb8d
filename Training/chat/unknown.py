"""Questions that nobody taught an answer to; the right answer is to say so."""

from chat.dialogue import DONT_KNOW, exchange
from chat.phrasings import PHRASINGS
from common.phrases import Phrases, article
from common.words import TOWN_ENDS, country, invented, person, pick, surname

# Real, but in none of our tables.
REAL_COUNTRIES = """Albania Algeria Angola Armenia Azerbaijan Bahrain Bangladesh Barbados Belarus Belize Benin Bhutan Botswana Brunei Burundi
Cameroon Chad Comoros Djibouti Dominica Eritrea Fiji Gabon Gambia Grenada Guatemala Guinea Guyana Haiti Honduras Kazakhstan Kiribati
Kuwait Kyrgyzstan Laos Lesotho Liberia Madagascar Malawi Mali Mauritius Moldova Monaco Montenegro Mozambique Namibia Nauru Nicaragua
Niger Oman Palau Philippines Qatar Rwanda Samoa Singapore Suriname Tajikistan Tanzania Togo Tonga Turkmenistan Tuvalu Uzbekistan
Vanuatu Yemen""".split()
REAL_ANIMALS = """giraffe zebra hippopotamus rhinoceros antelope badger beaver bison buffalo chameleon cheetah cobra cockroach dolphin
dragonfly falcon flea gazelle gorilla grasshopper hamster hedgehog heron hyena iguana jackal jaguar jellyfish koala leopard lizard
llama lobster lynx mole moose mosquito moth mule octopus orangutan ostrich otter panda panther parrot peacock pelican pigeon puma
raccoon scorpion seal snail sparrow squid stork toad turkey vulture walrus wasp weasel woodpecker worm yak""".split()

_OPEN = Phrases(
    "what did I [eat|do|buy|dream|say|wear|lose] [yesterday|today|last week|this morning|on Sunday]?",
    "what [is|was] the weather [like |][today|tomorrow|yesterday|now|in {town}]?",
    "who [won|will win|lost] the [game|match|race|election|cup] [yesterday|tomorrow|in {town}|last year|today]?",
    "what time is it[| now| in {town}]?",
    "what [day|date] is [it|it today|today]?",
    "how old is [my {kin}|{name}|{name} {surname}|the mayor of {town}]?",
    "where [is|did I leave] my [key|phone|bag|hat|book|{kin}][| now]?",
    "what is [my phone number|my address|my password|my shoe size|my bank balance]?",
    "who is [{name} {surname}|the mayor of {town}|my neighbour|my boss|the king of {country}]?",
    "how many [people|dogs|trees|houses|shops] are [there in|in] {town}?",
    "what is the [price|cost] of [gold|oil|bread|a house|milk] [today|now|in {town}]?",
    "when [was|did] {name} {surname} [born|die|married]?",
    "when was {town} [built|founded]?",
    "who wrote [the book {town}|the song {town}|this letter]?",
    "how [tall|far|long|deep|high] is [the tower of {town}|{name} {surname}|the river {town}|the lake of {town}]?",
    "what [is|are] the news [today|from {town}]?",
    "what [am I thinking|will I do|should I wear] [now|tomorrow|today]?",
    "what will [happen|be] [tomorrow|next year|in a hundred years]?",
    "how much money [do I have|has {name} {surname}]?",
    "[which|what] [language|money|food] [is used|do they have|is common] in {country}?",
    "who [rules|founded|discovered] {country}?",
    "what is the [favourite|best] [food|song|film|book] of {name} {surname}?",
    "[where|how] does {name}[| {surname}] [live|work]?",
    "[what|which] [pet|job|car] does {name}[| {surname}] have?",
    "what does my {kin} [think|want|like|do]?",
    held=(
        "can you see [me|my room|what I hold]?",
        "what number am I thinking of?",
        "which team will win next year?",
        "what is the name of my {kin}?",
        "how many inhabitants does {country} have?",
        "where was {name} {surname} born?",
        "what is the phone number of {name} {surname}?",
        "how high is the church of {town}?",
        "what did {name} {surname} say yesterday?",
        "is it raining in {town}?",
    ),
)
_KIN = "brother sister mother father uncle aunt cousin friend teacher dog cat grandmother grandfather".split()


def _open(rng, held):
    town, land = invented(rng, held, TOWN_ENDS), country(rng, held)
    return _OPEN.draw(
        rng, held, town=town, country=land, kin=rng.choice(_KIN), name=person(rng, held), surname=surname(rng, held)
    )


def _land(rng, held):
    land = pick(rng, REAL_COUNTRIES, held) if rng.random() < 0.5 else country(rng, held)
    return PHRASINGS[rng.choice(["capital", "capital", "continent"])].draw(rng, country=land)


def _city(rng, held):
    return PHRASINGS["country"].draw(rng, capital=invented(rng, held, TOWN_ENDS))


def _animal(rng, held):
    animal = pick(rng, REAL_ANIMALS, held) if rng.random() < 0.5 else invented(rng, held).lower()
    relation = rng.choice(["legs", "sound", "kind", "food", "home", "young"])
    return PHRASINGS[relation].draw(rng, animal=animal, a_animal=article(animal))


def _star(rng, held):
    planet = invented(rng, held, ["us", "on", "a", "is", "os", "une", "er"])
    return PHRASINGS[rng.choice(["planet place", "moons"])].draw(rng, planet=planet)


def _word(rng, held):
    word = invented(rng, held).lower()
    if rng.random() < 0.5:
        return PHRASINGS["opposite"].draw(rng, word=word)
    return PHRASINGS["colour"].draw(rng, thing=article(word))


_SOURCES = [_open, _open, _open, _land, _land, _city, _animal, _animal, _star, _word]


def draw_unknown(rng, held=False):
    """A question whose names (and, for open questions, patterns) are of the asked part."""
    return exchange("unknown", rng.choice(_SOURCES)(rng, held), DONT_KNOW)
