"""Kinds of texts that know their facts: how each fact is said, what is said besides, and the summary."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from common.phrases import VOWEL, Phrases, article
from common.words import DAYS, MONTHS, PLAIN, THINGS, distinct, invented, listed, odd, person, pick, surname, town


@dataclass
class Kind:
    """`lines` say one or more facts each, in order; `fillers` say nothing that a summary needs.

    `summary` is filled with the facts; `keys` are the facts that it must keep.
    """

    facts: Callable
    lines: list[Phrases]
    fillers: Phrases
    summary: str
    keys: list[str]


def _day(rng):
    return rng.choice(DAYS)


def _word(rng):
    return listed(rng, PLAIN) if rng.random() < 0.5 else odd(rng)


def _of(rng, held, choices: str, *frames: str):
    """One of the choices; in training every second one is a frame with any word in it, so that it is read, not known."""
    if held or rng.random() < 0.5:
        return rng.choice(choices.split(";"))
    return VOWEL.sub(r"\1n ", re.sub("#", lambda _: _word(rng), rng.choice(frames)))


def _thing(rng, held):
    return listed(rng, THINGS) if held else pick(rng, THINGS)


def _opening(rng, held):
    return dict(
        place=_of(rng, held, "library;bridge;school;market;museum;station;clinic;theatre", "#", "# house", "# #"),
        town=town(rng, held),
        day=_day(rng),
        mayor=f"{person(rng, held)} {surname(rng, held)}",
        cost=rng.randint(2, 98),
        months=rng.randint(3, 40),
    )


OPENING = Kind(
    _opening,
    [
        Phrases(
            "The [new |]{place} in {town} [opened|was opened|opened its doors] on {day}.",
            "On {day} the [new |]{place} [opened|was opened] in {town}.",
            "{town} has a new {place}: it [opened|was opened] on {day}.",
            held=(
                "{day} was the day on which {town} got its new {place}.",
                "Since {day} people in {town} can use the new {place}.",
            ),
        ),
        Phrases(
            "[Mayor|The mayor,] {mayor}[|,] cut the ribbon.",
            "{mayor} [gave a speech|welcomed the guests|opened the door].",
            "The first visitor was {mayor}.",
            held=("A short speech was given by {mayor}.",),
        ),
        Phrases(
            "[The work|The building|It] cost {cost} million euros.",
            "{cost} million euros were [spent|needed].",
            "The price was {cost} million euros.",
            held=("In the end the bill was {cost} million euros.",),
        ),
        Phrases(
            "[The work|Building it] took {months} months.",
            "It was built in {months} months.",
            held=("{months} months passed before it was finished.",),
        ),
    ],
    Phrases(
        "[Many people|Families|Children and parents] came [to see it|to look around|in spite of the rain].",
        "There was music and [cake|soup|coffee].",
        "[Some|A few] neighbours [had doubts at first|had waited for years].",
        "A brass band played [until noon|for an hour].",
        held=("Everyone got a free drink.", "The sun was shining."),
    ),
    "The new {place} in {town} opened on {day}. It cost {cost} million euros.",
    ["place", "town", "day", "cost"],
)


def _storm(rng, held):
    return dict(
        hazard=_of(rng, held, "storm;fire;flood;landslide;hailstorm", "#", "# storm", "# fire"),
        town=town(rng, held),
        day=_day(rng),
        count=rng.randint(3, 90),
        hurt=rng.randint(2, 19),
        chief=f"{person(rng, held)} {surname(rng, held)}",
    )


STORM = Kind(
    _storm,
    [
        Phrases(
            "A {hazard} [hit|struck|reached] {town} on {day}.",
            "On {day} a {hazard} [hit|struck|surprised] {town}.",
            "[People in|The people of] {town} were [surprised|frightened] by a {hazard} on {day}.",
            held=("It was on {day} that a {hazard} came over {town}.", "{town} saw a {hazard} on {day}."),
        ),
        Phrases(
            "{count} houses were [damaged|hit].",
            "[It|The {hazard}] damaged {count} houses.",
            "[In all|Altogether] {count} houses [suffered|were damaged].",
            held=("The damage: {count} houses.",),
        ),
        Phrases(
            "{hurt} people were [hurt|injured|taken to hospital].",
            "[Doctors|Nurses] treated {hurt} people.",
            "The {hazard} hurt {hurt} people.",
            held=("For {hurt} people the day ended in hospital.",),
        ),
        Phrases(
            "Fire chief {chief} [thanked the helpers|asked for patience|spoke of a hard day].",
            "{chief}, who leads the fire brigade, [praised the helpers|was there all night].",
            held=("The helpers were led by {chief}.",),
        ),
    ],
    Phrases(
        "[Roads|Two roads|The school] [stayed closed|were blocked for hours].",
        "[The power|Electricity] was gone [for a while|until the morning].",
        "Neighbours [helped each other|brought blankets].",
        "The [cause|reason] is [not known|being studied].",
        held=("Trees lay on the road.", "Shops gave out water."),
    ),
    "A {hazard} hit {town} on {day}. {count} houses were damaged and {hurt} people were hurt.",
    ["hazard", "town", "day", "count", "hurt"],
)


def _contest(rng, held):
    first, second = distinct(rng, lambda r: person(r, held), 2)
    return dict(
        winner=first,
        second=second,
        town=town(rng, held),
        contest=_of(
            rng,
            held,
            "chess tournament;baking contest;bicycle race;poetry prize;swimming race;running race;singing contest;quiz",
            "# race",
            "# contest",
            "# prize",
            "# quiz",
            "# tournament",
            "# cup",
        ),
        points=rng.randint(11, 99),
    )


CONTEST = Kind(
    _contest,
    [
        Phrases(
            "{winner} [won|has won|took first place in] the {contest} in {town}.",
            "The {contest} in {town} [was won by|went to] {winner}.",
            "The winner of the {contest} in {town} is {winner}.",
            held=(
                "In {town}, {winner} came first in the {contest}.",
                "First place in the {contest} in {town}: {winner}.",
            ),
        ),
        Phrases(
            "{winner} [got|reached|scored] {points} points.",
            "[The jury gave|It was] {points} points[| in the end].",
            "With {points} points the result was clear.",
            held=("The final count was {points} points.",),
        ),
        Phrases(
            "[Second place went to|Second was] {second}.",
            "{second} [came second|was second|took second place].",
            "{second} was close but only second.",
            held=("Behind came {second} in second place.",),
        ),
    ],
    Phrases(
        "[The audience|The crowd] [clapped|cheered] for minutes.",
        "[It|The final] was [exciting|close] until the end.",
        "[The prize is|There was] a [cup|basket of fruit|small medal].",
        "Next year there will be [another one|a new one].",
        held=("Photographs were taken afterwards.", "The evening ended with a dance."),
    ),
    "{winner} won the {contest} in {town} with {points} points. {second} came second.",
    ["winner", "contest", "town", "points", "second"],
)


def _project(rng, held):
    return dict(
        project=invented(rng, held),
        percent=rng.randint(5, 95),
        problem=_of(
            rng,
            held,
            "the late delivery;the missing staff;the old software;the high price;the noisy machine;the bad weather;the broken pump;the open contract",
            "the # #",
            "the missing #",
            "the old #",
            "the broken #",
        ),
        lead=person(rng, held),
        day=_day(rng),
        step=_of(
            rng,
            held,
            "call the supplier;write a new plan;repair the pump;test the machine;hire two people;visit the site;check the contract;order new parts",
            "# the #",
            "find a new #",
            "send the #",
            "ask the # for a #",
            "look at the #",
        ),
    )


PROJECT = Kind(
    _project,
    [
        Phrases(
            "[This is the report on|Report on|Here is the state of] project {project}.",
            "Project {project}[: weekly report.| is under way.]",
            held=("What follows concerns project {project}.",),
        ),
        Phrases(
            "{percent} percent [of the work |]is [done|finished|complete].",
            "[So far|Up to now] we have [done|finished] {percent} percent.",
            "The work stands at {percent} percent.",
            held=("We are {percent} percent through.",),
        ),
        Phrases(
            "The [main|biggest|largest] problem is {problem}.",
            "[What|The thing that] [holds us up|worries us] is {problem}.",
            "We [lose|have lost] time because of {problem}.",
            held=("Our greatest trouble is {problem}.",),
        ),
        Phrases(
            "{lead} will {step} [by|before] {day}.",
            "[By|Before] {day}, {lead} will {step}.",
            "It was agreed that {lead} will {step} by {day}.",
            held=("The next step is for {lead} to {step} by {day}.",),
        ),
    ],
    Phrases(
        "The [team|group] met [twice|three times] this week.",
        "The mood [is good|was calm].",
        "[All other|The other] tasks go as planned.",
        "[The budget|Money] is not a concern.",
        "[Minutes|Notes] are in the folder.",
        held=("Nothing else is new.", "The next report follows soon."),
    ),
    "Project {project} is {percent} percent done. The main problem is {problem}. {lead} will {step} by {day}.",
    ["project", "percent", "problem", "lead", "step", "day"],
)


def _sales(rng, held):
    return dict(
        company=invented(rng, held, ["ex", "ora", "tec", "ix", "um", "on"]),
        count=rng.randint(100, 9900),
        product=_thing(rng, held) + "s",
        month=rng.choice(MONTHS),
        percent=rng.randint(2, 60),
        way=rng.choice(["more", "fewer"]),
        city=town(rng, held),
    )


SALES = Kind(
    _sales,
    [
        Phrases(
            "[The company|The firm] {company} [sold|has sold] {count} {product} in {month}.",
            "In {month}, {company} sold {count} {product}.",
            "{company} reports {count} {product} sold in {month}.",
            held=("{month} brought {company} sales of {count} {product}.",),
        ),
        Phrases(
            "That is {percent} percent {way} than [a year ago|the year before|in the last year].",
            "A year [ago|before], it would have been different: now it is {percent} percent {way}.",
            "This means {percent} percent {way} than a year ago.",
            held=("Compared with last year it is {percent} percent {way}.",),
        ),
        Phrases(
            "The [best|strongest] shop was the one in {city}.",
            "[Most|Most of them] were sold in {city}.",
            "{city} was the best place[| for sales].",
            held=("No shop sold as much as the one in {city}.",),
        ),
    ],
    Phrases(
        "[The board|The owner] is [content|careful].",
        "Prices [stayed the same|did not change].",
        "[A new|Another] shop [is planned|may follow].",
        "Advertising [cost little|was cut].",
        held=("Staff will get a bonus.", "The figures are not final."),
    ),
    "{company} sold {count} {product} in {month}, {percent} percent {way} than a year ago. The best place was {city}.",
    ["company", "count", "product", "month", "percent", "way", "city"],
)


def _meeting(rng, held):
    a, b = distinct(rng, lambda r: person(r, held), 2)
    return dict(
        a=a, b=b, town=town(rng, held), day=_day(rng), hour=rng.randint(7, 21), thing=article(_thing(rng, held))
    )


MEETING = Kind(
    _meeting,
    [
        Phrases(
            "{a}: [Hi|Hello|Hey] {b}, [shall we meet|do you have time|can we see each other] on {day}?",
            "{a}: {b}, are you free on {day}?",
            held=("{a}: Dear {b}, what about {day}?",),
        ),
        Phrases(
            "{b}: [Yes|Sure|Gladly][,|!] [where|in which town]?",
            "{b}: [Good idea|Why not]. Where?",
            held=("{b}: Of course, tell me where.",),
        ),
        Phrases(
            "{a}: [In|Let us meet in|Come to] {town}[, please| ], at {hour} o'clock.",
            "{a}: At {hour} o'clock in {town}.",
            held=("{a}: {town} would be nice, say at {hour} o'clock.",),
        ),
        Phrases(
            "{b}: [Fine|Good|All right], [I will bring|I bring] {thing}.",
            "{b}: Then I will bring {thing}[| with me].",
            held=("{b}: You will see me there with {thing}.",),
        ),
    ],
    Phrases(
        "{a}: [How are you?|It is so warm today.|I slept badly.|The garden is growing.]",
        "{b}: [I am fine.|Work is quiet.|My cat says hello.|I was in the shop today.]",
        held=("{a}: I read a good book.", "{b}: My bus was late again."),
    ),
    "{a} and {b} will meet in {town} on {day} at {hour} o'clock. {b} will bring {thing}.",
    ["a", "b", "town", "day", "hour", "thing"],
)


def _favour(rng, held):
    a, b = distinct(rng, lambda r: person(r, held), 2)
    return dict(
        a=a,
        b=b,
        task=_of(
            rng,
            held,
            "feed the cat;water the plants;fix the bicycle;paint the fence;pick up a parcel;look after the dog;carry a table;mow the lawn",
            "# the #",
            "clean the #",
            "wait for the #",
            "carry a #",
            "bring a # to the #",
        ),
        reason=_of(
            rng, held, "work;a trip;a bad back;an exam;a wedding;a cold;a visit;a course", "a #", "my #", "the #"
        ),
        day=_day(rng),
    )


FAVOUR = Kind(
    _favour,
    [
        Phrases(
            "{a}: [Hi|Hello] {b}, [could you|can you|would you] {task} [for me |]on {day}?",
            "{a}: {b}, I need help: [could|can] you {task} on {day}?",
            held=("{a}: May I ask you, {b}, to {task} on {day}?",),
        ),
        Phrases(
            "{b}: [Why|What is the matter|Why can't you do it yourself]?",
            "{b}: [Oh, what|What] happened?",
            held=("{b}: Is something wrong?",),
        ),
        Phrases(
            "{a}: [It is because of|I can't because of] {reason}.",
            "{a}: [The reason is|I have] {reason}.",
            held=("{a}: {reason} keeps me from it.",),
        ),
        Phrases(
            "{b}: [Then of course|No problem|Gladly][,|!] I will do it.",
            "{b}: [All right|Sure], I [will help|can do that].",
            held=("{b}: You can count on me.",),
        ),
    ],
    MEETING.fillers,
    "{a} asks {b} to {task} on {day} because of {reason}. {b} agrees.",
    ["a", "b", "task", "day", "reason"],
)

KINDS = {
    "opening": OPENING,
    "storm": STORM,
    "contest": CONTEST,
    "project": PROJECT,
    "sales": SALES,
    "meeting": MEETING,
    "favour": FAVOUR,
}
