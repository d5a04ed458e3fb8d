"""Sentences with a known topic."""

from common.phrases import Phrases
from common.words import person, town

_THINGS = {
    "food": """soup;bread;pasta;cheese;salad;pancakes;stew;sauce;rice;cake;pizza;curry;roast;omelette;dessert;noodles;sandwich;fish;
butter;chocolate;coffee;tea;apple pie;potatoes;tomatoes;beans;breakfast;steak;dumplings;honey;flour;vegetables""",
    "health": """fever;headache;vaccine;bandage;pill;cough;flu;allergy;surgery;diet;blood test;broken arm;medicine;infection;check-up;
X-ray;therapy;heart attack;asthma;virus;toothache;wound;blood pressure;diabetes;sore throat;prescription;injury;cold;stomach ache""",
    "money": """loan;share price;tax;budget;bank account;interest rate;salary;invoice;mortgage;dividend;pension;debt;stock market;
currency;insurance;bond;credit card;investment;profit;inflation;rent;savings account;fund;payment;wage;price;fee;inheritance""",
    "music": """song;guitar;violin;choir;orchestra;album;melody;drum;concert;symphony;piano;singer;chorus;flute;rhythm;trumpet;band;
opera;cello;lyrics;sonata;tune;saxophone;jazz record;duet;harmony;bass;playlist;encore""",
    "sports": """match;goal;penalty;tournament;race;championship;referee;striker;marathon;final;league;serve;relay;coach;defender;medal;
football;tennis;goalkeeper;stadium;basketball;trophy;cup;swimmer;runner;sprint;team;score;injury time;title""",
    "technology": """processor;app;robot;laptop;software update;server;smartphone;database;password;browser;satellite;chip;keyboard;
website;algorithm;headset;computer;program;network;printer;camera sensor;phone;operating system;router;artificial intelligence;
hard disk;code;search engine;battery;screen""",
    "travel": """flight;hotel;passport;suitcase;train ticket;cruise;airport;tour;hostel;visa;guidebook;border;luggage;ferry;road trip;
itinerary;holiday;vacation;backpack;journey;island;tourist;sightseeing;boarding pass;excursion;camping site;travel agency;departure""",
    "weather": """storm;rain;snow;fog;heat wave;thunder;frost;wind;cloud;hail;sunshine;drizzle;flood;blizzard;breeze;temperature;
lightning;shower;hurricane;ice;drought;rainbow;humidity;gale;thunderstorm;cold front;sun;mist""",
}
_THINGS = {topic: words.replace("\n", "").split(";") for topic, words in _THINGS.items()}
TOPICS = list(_THINGS)

_PATTERNS = {
    "food": Phrases(
        "{name} [cooked|served|tasted|baked|ate] [the|some] {a} with [garlic|herbs|lemon|salt].",
        "The recipe for the {a} needs [butter|salt|two eggs|sugar].",
        "For [lunch|dinner|breakfast] we had {a} and {b}.",
        "The chef in {town} is known for {a}.",
        "Stir the {a} and let it [boil|simmer|cool].",
        "[How do I|How can you|Let us] [cook|prepare|bake] {a}?",
        "The {a} [tastes|smells] [sweet|fresh|of lemon|like {b}].",
        "[I am hungry|I would like to eat], is there any {a}?",
        held=(
            "Guests praised the {a} and asked for more {b}.",
            "A kitchen in {town} makes {a} every morning.",
            "Mix the {a} with a spoon of oil.",
        ),
    ),
    "health": Phrases(
        "The doctor [checked|treated|explained] the {a}.",
        "{name} went to the [hospital|clinic] in {town} because of a {a}.",
        "After the {a} the patient [rested|slept|felt better].",
        "The nurse [prepared|noted] the {a}.",
        "A {a} can [hurt|help|last for days].",
        "[I feel sick|I am ill|My body hurts], [I have|it may be] a {a}.",
        "[What helps|What can I do] against a {a}?",
        "The {a} and the {b} [made|kept] {name} [ill|weak|in bed].",
        held=(
            "Patients with a {a} wait in the clinic.",
            "{name} told the nurse about the {a} and the {b}.",
            "Because of the {a} {name} stayed in hospital.",
        ),
    ),
    "money": Phrases(
        "The bank [raised|lowered|reviewed] the {a}.",
        "{name} [paid|signed|worries about] the {a} and the {b}.",
        "The {a} [fell|rose] by three percent.",
        "Investors [watch|fear] the {a}.",
        "The finance office in {town} changed the {a}.",
        "[How much|How many euros] [is|was|will be] the {a}?",
        "[I|We] [need|want|have] [a lot of money|a thousand euros] for the {a}.",
        "The {a} [costs|earns|brings] [ten|fifty] thousand dollars[ a year|].",
        held=(
            "Because of the {a} the company saves money.",
            "An accountant in {town} looked at the {a}.",
            "{name} asked the bank about the {a}.",
        ),
    ),
    "music": Phrases(
        "{name} [played|practised|recorded] the {a}.",
        "The band [opened|ended] with a {a}.",
        "The audience in {town} listened to the {a} and the {b}.",
        "A {a} [sounds|echoes] through the hall.",
        "The composer wrote a {a} for [piano|strings|four voices].",
        "[I like to|We] [sing|dance|listen] to the {a}.",
        "The {a} was [loud|in tune|sung|played] on the radio.",
        "[Turn up|Play] the {a}[, please|] and the {b}.",
        held=(
            "On stage the {a} met the {b}.",
            "The radio in {town} plays the {a} again.",
            "{name} sang and the {a} followed.",
        ),
    ),
    "sports": Phrases(
        "{name} [won|lost|decided] the {a} in the last minute.",
        "The team from {town} [celebrated|trained for|missed] the {a}.",
        "The {a} ended two to one.",
        "Fans [cheered|waited for] the {a} and the {b}.",
        "The {a} was [tied|delayed] at half time.",
        "[Who won|Did you watch|When is] the {a}?",
        "[The players|The athletes|Our team] [train|play|fight] for the {a}.",
        "{name} [scored|ran|jumped|played] in the {a} against {town}.",
        held=(
            "In the stadium of {town} the {a} began.",
            "The players talked about the {a}.",
            "After the {a} the fans of {town} cheered.",
        ),
    ),
    "technology": Phrases(
        "The new {a} [runs|starts|loads] twice as fast.",
        "{name} [installed|tested|repaired] the {a}.",
        "Engineers in {town} [built|presented] a {a} with a better {b}.",
        "The {a} [crashed|stores data|needs an update].",
        "Users of the {a} reported a [bug|fault|leak].",
        "[How do I|Please] [restart|update|connect|configure] the {a}[?|.]",
        "The {a} [uses|has] [eight cores|more memory|a new chip|Wi-Fi].",
        "[Programmers|Developers] [wrote|tested] the {a} for the {b}.",
        held=(
            "A company from {town} sells a {a}.",
            "The code of the {a} was rewritten.",
            "{name} downloaded the data of the {a}.",
        ),
    ),
    "travel": Phrases(
        "{name} [booked|missed|planned] the {a} to {town}.",
        "The {a} [left|arrived] on time in {town}.",
        "Tourists [lost|need] a {a} and a {b}.",
        "Our {a} took us to the [coast|islands|mountains].",
        "Before the holiday we checked the {a}.",
        "[We travelled|I flew|They went] to {town} [with|by|for] a {a}.",
        "[How do I get|When do we leave|What is the way] to {town}? [I|We] have a {a}.",
        "[Pack|Do not forget] the {a} for [the trip|your holiday|{town}].",
        held=(
            "The journey to {town} began with a {a}.",
            "Visitors to {town} asked about the {a}.",
            "{name} took a {a} on the trip to the sea.",
        ),
    ),
    "weather": Phrases(
        "The forecast [promises|warns of] {a} in {town}.",
        "The {a} [will last|lasted] until [Sunday|evening].",
        "{a} and {b} are expected in the [north|south|hills].",
        "After the {a} the sky [cleared|turned grey].",
        "Meteorologists [measured|announced] the {a}.",
        "[Will there be|Is there] {a} [tomorrow|today|in {town}]?",
        "[It is|It will be] [cold|warm|wet|ten degrees] and there is {a}.",
        "[Take an umbrella|Stay at home|Wear a coat], {a} is coming.",
        held=(
            "Tomorrow {town} will see {a}.",
            "The {a} came from the west in the night.",
            "Over {town} the {a} grew stronger.",
        ),
    ),
}
# What can be said of anything, so that the things themselves tell the topic; only for training.
_PLAIN = Phrases(
    "{a}",
    "{a} and {b}.",
    "{name} talks about the {a}.",
    "This is about the {a} and the {b}.",
    "What do you know about {a}?",
    "In {town} they have a {a}.",
    "The {a} was new to {name}.",
    "A {a}, a {b} and more.",
    "{name} thinks of the {a} and the {b}.",
    "Do you see the {a}?",
    "The {a} in {town} is the best.",
    "The {a} is there again.",
)


def draw_topic(rng, held=False) -> tuple[str, str]:
    """One to three sentences on one of `TOPICS`."""
    topic = rng.choice(TOPICS)
    things = iter(rng.sample(_THINGS[topic], 6))
    sentences = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        slots = dict(a=next(things), b=next(things), name=person(rng, held), town=town(rng, held))
        patterns = _PLAIN if not held and rng.random() < 0.4 else _PATTERNS[topic]
        sentences.append(patterns.draw(rng, held, **slots))
    return " ".join(sentences), topic
