"""People, places and things that the generators write about, each known or held out."""

from functools import cache
from string import ascii_lowercase

from common.seeds import is_held

FIRST_NAMES = """Ada Adam Aisha Alan Alma Amir Ana Anton Arjun Astrid Ben Bianca Boris Carla Carlos Chen Clara Dana Daniel Diego
Dora Edith Elena Elias Emil Emma Erik Esther Farid Felix Fiona Frida George Grace Greta Hana Hannah Hassan Helen Hugo Ida Igor
Ines Iris Ivan Jack Jana Jonas Josef Julia Kai Karim Karin Kate Kofi Lars Laura Lea Leo Lena Lina Lucas Lucy Luis Maja Marco
Maria Mark Marta Max Maya Mila Mina Mohammed Nadia Nils Nina Nora Noah Olga Olivia Omar Oscar Otto Paul Paula Pedro Petra Priya
Rafael Rita Robert Rosa Ruth Sam Samira Sara Selma Simon Sofia Stefan Susan Tara Theo Tim Tina Tom Uma Vera Victor Walter Wendy
Yara Yusuf Zoe Zara""".split()
TOWNS = """Ashford Barnley Birchwood Bluewater Briarton Brookfield Camden Cedarville Clearlake Cliffside Coldspring Crownhill Dalewood
Deepwell Eastport Elmsford Fairview Fernhill Foxton Glenrock Goldcrest Granton Greenfield Hallow Harborview Hazelton Highmoor
Hillcrest Ironbridge Kingsley Lakeside Larchmont Littleton Longmeadow Maplewood Marshfield Millbrook Newbury Northgate Oakdale
Oldtown Pinehurst Ravenswood Redhill Riverton Rockport Rosedale Saltmarsh Seaview Silverton Southwick Springvale Stonebridge
Summerton Sunnyvale Thornbury Valemont Westbrook Whitby Willowdale Windham Winterton Woodstock Wrenfield""".split()
SURNAMES = """Abbott Baker Barnes Becker Bell Berg Blake Brandt Carter Clarke Costa Cruz Dahl Diaz Dubois Ellis Fischer Fletcher Foster
Garcia Grant Gray Haas Hale Hansen Hill Hoffman Holt Ito Jensen Kaya Keller Khan Kim Klein Kowalski Lang Larsen Lee Lopez Lund
Marsh Martin Meyer Moreau Nagy Nash Novak Okafor Olsen Park Patel Perez Quinn Reed Rossi Sato Schmidt Shaw Silva Singh Stone
Tanaka Torres Vance Vogel Wagner Walsh Weber West Wood Yilmaz Young Zeller""".split()
JOBS = """baker carpenter teacher nurse doctor farmer pilot painter plumber gardener tailor singer writer lawyer driver chef
dentist engineer librarian fisher miner potter weaver clockmaker photographer electrician architect sailor florist butcher
barber welder translator musician postman vet chemist guard judge cook""".split()
COLOURS = "red blue green yellow orange purple pink brown black white grey silver golden turquoise".split()
FOODS = """bread soup rice pasta pizza salad cheese apples pears plums cherries honey pancakes noodles beans carrots potatoes
tomatoes mushrooms fish dumplings olives grapes oranges bananas cake pie porridge omelette lentils""".split()
PETS = "dog cat rabbit parrot hamster turtle goat pony goldfish canary lizard mouse duck hen ferret snail".split()
THINGS = """lamp clock book basket ladder bicycle kite violin drum guitar teapot mirror umbrella suitcase blanket camera compass
hammer shovel bucket candle carpet chair desk globe jacket kettle map notebook pillow puzzle ring rope scarf telescope tent
vase wallet whistle""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
# Words that sentences are made of. As a value they make no sense, which is what they are for: to be copied.
PLAIN = """about across add after again age all alone always animal answer any apple around ask away baby back ball balloon banana beach bear bed bee
before begin behind bell best big bird both boy branch brave brief bright bring build butterfly buy calf call camel can capital car care carry case
charge chat check cheerful city class clever client climb coat collect come command company cook cost count country cover cow crow cross
curious dance dawn day deer doctor donkey door down dragon each eagle early earn eat edge elephant else empty end engine enough euro evening
every fair family far farm fast favourite feast feed few file find fine first flat floor flower folder follow food for forest found fox friend frog
from full fun garden get girl give go good goose grass great guest hand happen hat have head hedgehog help hen here hidden high hill home
hope horse host hot hour house how hundred hungry ice insect inside interest island job join joy jump just keep kernel key kind king kit knight
know lake land language large last laugh lay lazy lead leaf leg lemon less letter library lie life light like line lion list listen little live lonely
long look lose love low lunch machine mad make mammal man many market meadow meal meat medium meet middle mile milk million mini minus
mistake model money month moon more morning move much music name near neck need never new next nice night nobody noise none normal not
nothing now number object often old once one only open opposite order other out over owl own pack page pain paint paper parameter part party pass
past path peace pen people perhaps pet pig pine pirate place plan planet plant play please plus point polite port position possible post prefer
prepare press price print process profit prompt push put queen question quick quiet race rain ran rather reach read ready record rectangle
remember rent repair reply rest ride right ring ripe rise river road robot rock room roost root round row run sad safe sail salmon salt same sand
say scar school scratch sea search season seat second see seed serve set seven shall share shark sharp sheep shelf ship shop short shout show
shy side simple sing sister sit six size sleep slow small smart smile smooth snake snow soft some song soon sort sound space speak spider spring
squirrel stage stand star start station stay step stick still stone stop store storm story street strong such sugar sun sure swan sweet swim tab tail
take tall tap taste team tell ten term test than thank that then there thick thin think this ticket tidy tiger time tiny today together token tomorrow
tonight tool top touch toy trade train tree triangle trip true trust try turn two under until up upper use valley very village visit voice wait walk
wall want war warm wash watch water wave way weather week weight welcome well went whale what wheel when where which white who whole why
wide wild will win wind window wine winter wise wish with wizard wolf wonder wool word work world write wrong yard year yes yet young zero
zone""".split()

STARTS = "b br c d dr f fl g gr h j k kr l m n p pl r s sk st t tr v w z th sh ch gl".split()
VOWELS = "a e i o u ai ea ia oa ou".split()
CODAS = ["", "", "", "n", "r", "l", "s", "k", "m", "nd", "rn", "th", "x", "ld"]
TOWN_ENDS = ["ton", "ville", "burg", "ford", "mere", "haven", "stad", "wick", "dale", "port", "holm", "ley"]
STRANGE, ODD = 0.55, 0.35  # of the words that `pick` gives in training: not of the list, and of no list
_SOUNDS = [*VOWELS, "y", "ee", "oo", "au", "ie", "ei", "io", "ue"]
_ENDS = [*CODAS, *"bcdfgmptvz", "ck", "st", "nt", "ng", "sh", "ch", "rt", "mp", "ss", "ll", "tt", "gh", "que"]
COUNTRY_ENDS = ["ia", "land", "stan", "ania", "or", "esia", "ovia", "any", "ador"]


@cache
def part(words: tuple[str, ...], held: bool) -> tuple[str, ...]:
    """The known or the held-out words of a list."""
    return tuple(word for word in words if is_held(word, 0.2) == held)


def listed(rng, words: list[str], held: bool = False) -> str:
    return rng.choice(part(tuple(words), held))


def pick(rng, words: list[str], held: bool = False) -> str:
    """A word of a list; in training every second one is of another list or one that nobody knows, so that words are
    copied, not guessed."""
    chance = rng.random() if not held else 1
    if chance > STRANGE:
        return listed(rng, words, held)
    if chance > ODD and words[0][0].islower():
        return listed(rng, rng.choice([JOBS, COLOURS, FOODS, PETS, THINGS, PLAIN, PLAIN, PLAIN]))
    return odd(rng) if words[0][0].islower() else odd(rng).capitalize()


def odd(rng) -> str:
    """A word of any letters, of the part that may be trained on, which also begins as no `invented` one does."""
    while True:
        parts = [
            rng.choice(["", rng.choice(ascii_lowercase), rng.choice(STARTS)]) + rng.choice(_SOUNDS) + rng.choice(_ENDS)
            for _ in range(rng.choice([1, 2, 2, 3]))
        ]
        if rng.random() < 0.4:  # begins as a known word does
            parts[0] = listed(rng, PLAIN)[: rng.randint(2, 6)]
        word = "".join(parts)
        if 3 < len(word) < 12 and not is_held(word, 0.2):
            return word


def invented(rng, held: bool, ends: list[str] = CODAS, syllables: int | None = None) -> str:
    """A name out of syllables, of the asked part; there are far more than a training run can see."""
    while True:
        count = syllables or rng.choice([1, 2, 2])
        body = "".join(rng.choice(STARTS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(count - 1))
        word = (body + rng.choice(STARTS) + rng.choice(VOWELS) + rng.choice(ends)).capitalize()
        if len(word) > 3 and is_held(word, 0.2) == held:
            return word


def person(rng, held: bool = False) -> str:
    return pick(rng, FIRST_NAMES, held) if rng.random() < 0.5 else invented(rng, held)


def surname(rng, held: bool = False) -> str:
    return pick(rng, SURNAMES, held) if rng.random() < 0.5 else invented(rng, held)


def town(rng, held: bool = False) -> str:
    return pick(rng, TOWNS, held) if rng.random() < 0.5 else invented(rng, held, TOWN_ENDS)


def country(rng, held: bool = False) -> str:
    """A country that does not exist."""
    return invented(rng, held, COUNTRY_ENDS, 2)


def distinct(rng, draw, count: int) -> list[str]:
    """`count` different results of `draw(rng)`."""
    found: list[str] = []
    while len(found) < count:
        word = draw(rng)
        if word not in found:
            found.append(word)
    return found
