"""Sentences with a known sentiment."""

from common.phrases import Phrases
from common.words import person, town

SENTIMENTS = ["negative", "neutral", "positive"]

_SUBJECTS = """hotel;room;meal;film;book;phone;laptop;service;trip;concert;coffee;pizza;museum;car;shop;game;course;bike;camera;bed;staff;
waiter;view;beach;train;update;app;screen;battery;soup;movie;song;dinner;restaurant;flight;teacher;sound;price;weather;printer;jacket;
garden;kitchen;bus;product;website;story;ending;team;sofa;support;delivery;driver;bread;cake;wine;party;lamp;keyboard;tour"""
_SUBJECTS = _SUBJECTS.replace("\n", "").split(";")

_WORDS = {
    "positive": """great wonderful excellent lovely fantastic superb perfect delightful amazing charming pleasant brilliant impressive
    outstanding enjoyable splendid marvellous terrific good nice beautiful awesome incredible remarkable fabulous adorable comfortable
    friendly helpful reliable clean tasty delicious fun fresh bright elegant exciting pleasing satisfying stunning magnificent gorgeous
    flawless smooth quick generous polite kind clever thoughtful refreshing cosy""".split(),
    "negative": """terrible awful horrible poor disappointing dreadful bad boring broken dirty useless annoying ugly rude miserable
    disgusting lousy unpleasant nasty faulty slow noisy cheap overpriced unfriendly unreliable uncomfortable tasteless stale dull clumsy
    painful frustrating worthless sad weak sloppy filthy smelly mediocre appalling atrocious hideous tedious unbearable unacceptable
    careless tiresome shabby gloomy bland messy""".split(),
}
_VERBS = {
    "positive": "loved enjoyed liked admired recommended treasured adored praised appreciated".split(),
    "negative": "hated disliked regretted returned despised avoided loathed detested".split(),
}
_BASES = {
    "positive": "love enjoy like adore recommend admire appreciate".split(),
    "negative": "hate dislike regret loathe despise detest".split(),
}
_CLAUSES = {
    "positive": [
        "it made my day",
        "it works great",
        "I would buy it again",
        "we will come back",
        "I am very happy with it",
        "it was worth the money",
        "everybody smiled",
        "I could not be happier",
        "I recommend it to everyone",
        "it was better than expected",
        "thank you so much",
        "five stars",
        "I am impressed",
        "we had a lot of fun",
        "it was a pleasure",
        "nothing to complain about",
        "well done",
    ],
    "negative": [
        "it broke after a week",
        "it never works",
        "I want my money back",
        "we will never come back",
        "I am very unhappy with it",
        "it was a waste of money",
        "everybody complained",
        "I could not be more disappointed",
        "I would not recommend it to anyone",
        "it was worse than expected",
        "never again",
        "one star",
        "I am angry",
        "we had a lot of trouble",
        "it was a waste of time",
        "there is much to complain about",
        "shame on them",
    ],
}

_OPINION = Phrases(
    "[The|This|That] {subject} [was|is|seemed|looks] [|really |truly |very |so |absolutely ]{word}.",
    "[What a|Such a|This is a|It was a] {word} {subject}[!|.]",
    "[I|We] [|really |simply ]{verb} [the|this|that] {subject}[.|!| very much.]",
    "[I|We] [|really |absolutely ]{base} [the|this|my|our] {subject}[.|!| very much.| a lot.]",
    "[I|We] found the {subject} [|really |quite |rather ]{word}.",
    "{name} {verb} the {subject}, it was {word}.",
    "The {subject} in {town} was {word}[| and the {other} was {word2}| from start to end].",
    "[Honestly|Frankly|In short], the {subject} was {word}.",
    "{word}, simply {word}[!|.] [That {subject}|Our {subject}|The {subject}] was {word2}.",
    "The {subject} was {word} and the {other} was {word2} too.",
    "[My|Our|His|Her] {subject} [turned out to be|is|was|has become] {word}.",
    "[Never|Rarely] have I seen such a {word} {subject}.",
    "[A|The most|A really|A very] {word} {subject}[!|.|, {clause}.]",
    "The {subject} was {word}, {clause}[!|.]",
    "{clause}[!|.| with this {subject}.] [The {subject} is {word}.|I {base} it.]",
    "[I|We] {base} it[.|!|, {clause}.]",
    "{clause}[!|.]",
    "[I|We] feel {word} about [the|this] {subject}.",
    "[I think|I believe|I would say|We all agree|You should know|They say] [that |]the {subject} [is|was] {word}.",
    "The {subject} [feels|felt|looked|sounded|stayed] {word} [to me|all day|from the start|as always].",
    "[He|She|My friend] [told us|said|wrote] that the {subject} was {word}.",
    "{name} [called|calls|named] the {subject} {word}.",
    "[How|Oh, how|See how] {word} [the|this] {subject} [is|was]!",
    "[Most people|All of us|My friends] {verb} [the|this] {subject}.",
    "[Here is|We had|I got] [a|one] {subject} that is {word}[| and {word2}].",
    "One {word} {subject} and one {word2} {other}[!|.]",
    "[You|One] must {base} [such a|this|the] {word} {subject}.",
    held=(
        "If you ask me, the {subject} was {word}.",
        "A {word} {subject} with a {word2} {other}.",
        "Everyone {verb} this {word} {subject}.",
        "I must say that the {subject} felt {word}.",
        "{name} told me how {word} the {subject} was.",
    ),
)
_TURNED = Phrases(
    "The {subject} was not {against}, it was {word}.",
    "I expected a {against} {subject}, but it was {word}.",
    "[Not|Far from] {against}: the {subject} was {word}.",
    "The {subject} was {against} at first, but in the end {word}.",
    "[Some|Others] called the {subject} {against}, [but|however] I found it {word}.",
    "[Although|Though] the {other} was {against}, the {subject} was {word} and {clause}.",
    "The {subject} looked {against}, yet it was {word}.",
    "It could have been {against}, but the {subject} was {word}.",
    "Do not believe that the {subject} is {against}: it is {word}.",
    "{name} finds it {against}, to me the {subject} is {word}.",
    "[He|She|My friend] [said|told me|thought] the {subject} was {against}[, but| and yet] [it|the {subject}] was {word}.",
    "[They|People] call it {against}. [I|We] [call|find] the {subject} {word}.",
    held=("They said it was {against}, yet the {subject} was {word}.",),
)
_DENIED = Phrases(
    "[The|This] {subject} [is|was] not {against}[| at all].",
    "[The|This] {subject} [isn't|wasn't] {against}[| at all].",
    "[I|We] [do not|don't|did not|didn't] {against_base} [the|this] {subject}[| at all].",
    "[There is|There was] nothing {against} about the {subject}.",
    "I never found the {subject} {against}.",
    "No one could say that the {subject} was {against}.",
    "Who finds this {subject} {against}? Not me.",
    "I cannot say that it is {against}.",
    "{name} did not think that the {subject} was {against}.",
    "[I|We|One] would [not|never] say that [the|this] {subject} [is|was] {against}.",
    "[Nobody|No one|Not one of us] [thinks|thought|says|said] [that |]the {subject} [is|was] {against}.",
    "[You|One|They] [cannot|could not|should not] call this {against}.",
    "[Few people|Hardly anyone|Not many] [found|find|called] [it|this] {against}.",
    "{name} would never call it {against}.",
    held=("I would not call the {subject} {against}.", "Nobody found the {subject} {against}."),
)
_NEUTRAL = Phrases(
    "The {subject} [is|was] [in {town}|near the station|on the second floor|from last year|grey|next to the {other}|made of wood].",
    "[I|We] [bought|saw|used|booked|got|have] [the|a] {subject} [on Monday|in {town}|last week|for {name}|yesterday].",
    "The {subject} [costs|weighs|takes|measures] about [ten|twenty|thirty|two] [euros|kilos|hours|metres].",
    "{name} [has|bought|ordered|mentioned] a {subject}.",
    "The {subject} [opens|starts|arrives|closes] at [eight|nine|noon|six].",
    "There [is|was] a {subject} [and a {other} |]in {town}.",
    "[It is|This is] a {subject} from {town}.",
    "The {subject} comes with a {other}.",
    "The {subject} and the {other} are from {town}.",
    "[Please|You can] [send|find|put] the {subject} [to {name}|in the list|on the table].",
    "[Where|When] is the {subject}[| in {town}]?",
    "The {subject} has [two|three|four] [parts|pages|doors|buttons].",
    "{name} [works|lives|arrived|called] in {town}[| on Monday].",
    "The {subject} was sent on Friday.",
    "{name} looks at the {subject}.",
    "That {subject} is owned by {name}.",
    "The {subject} will be repaired tomorrow.",
    "{name} was told about the {subject}.",
    "We met near the {subject}.",
    "The {subject} of {name} stands in {town}.",
    "{name} writes about the {subject} and the {other}.",
    "One can hear of a {subject} in {town}.",
    "[On Monday|On Tuesday|On Wednesday|On Sunday|At noon|In May] the {subject} was [sold|moved|brought|opened|shown|taken away].",
    "The {subject} was [made|sold|found|built|brought|delivered] in {town}.",
    "{name} [wants|needs|uses|reads about|thinks of|speaks of|waits for] [the|a] {subject}[| in {town}| today].",
    "A {subject} [lies|stands|waits] [in the hall|on the table|near {town}].",
    "[The|This|That] {subject} [is|was] [the property of|a gift from|the work of|under the name of] {name}.",
    "[People|We|They] [talked|asked|read|wrote] [of|about] [the|a] {subject} [on Tuesday|today|in {town}].",
    "[Which|What] {subject} [did {name} buy|is from {town}|stands in {town}]?",
    "[One|You] may [visit|find|borrow] [the|a] {subject} [on Tuesday|on Friday|near {town}|with {name}].",
    "{name} [told me|said|wrote] [that |]the {subject} [is|was] [in {town}|from Monday|near the {other}|with {name}].",
    "[Everyone|Nobody|My friend] [took|saw|brought|has] [a|the] {subject} [to {town}|from {town}|on Monday].",
    held=(
        "In {town} you can see a {subject}.",
        "{name} asked about the {subject}.",
        "The {subject} was delivered on Tuesday.",
        "A {subject} belongs to {name}.",
    ),
)


def draw_sentiment(rng, held=False) -> tuple[str, str]:
    """A sentence or two, and one of `SENTIMENTS`."""
    label = rng.choice(SENTIMENTS)
    subject, other = rng.sample(_SUBJECTS, 2)
    slots = dict(subject=subject, other=other, name=person(rng, held), town=town(rng, held))
    if label == "neutral":
        return _NEUTRAL.draw(rng, held, **slots), label
    slots |= _wording(rng, label)
    text = _pattern(rng, label).draw(rng, held, **slots)
    if rng.random() < 0.2:
        text = _NEUTRAL.draw(rng, held, **slots) + " " + text
    return text, label


def _wording(rng, label) -> dict:
    opposite = "negative" if label == "positive" else "positive"
    word, word2 = rng.sample(_WORDS[label], 2)
    return dict(
        word=word,
        word2=word2,
        verb=rng.choice(_VERBS[label]),
        base=rng.choice(_BASES[label]),
        clause=rng.choice(_CLAUSES[label]),
        against=rng.choice(_WORDS[opposite]),
        against_base=rng.choice(_BASES[opposite]),
    )


def _pattern(rng, label) -> Phrases:
    """Denial turns praise into blame, not blame into praise: "not bad" says little."""
    kind = rng.random()
    if kind < 0.2:
        return _TURNED
    return _DENIED if kind < 0.3 and label == "negative" else _OPINION
