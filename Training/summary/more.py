"""Further ways to say the facts, of training alone: ways of one line are parted by semicolons, lines by empty ones.

No test draws from them. The more there are, the less a new sentence surprises; the same is true of sentences that
say nothing, which `chatter` makes without end."""

from common.phrases import Phrases
from common.words import PLAIN, listed, person, town


def _lines(text: str) -> list[Phrases]:
    return [Phrases(*(way.strip() for way in line.split(";"))) for line in text.strip().split("\n\n")]


_OPENING = """
{town} got a new {place} on {day};a new {place} was opened in {town} on {day}.;The doors of the new {place} in {town} were opened on {day}.;
People in {town} have had a new {place} since {day}.;In {town}, the new {place} opened its doors on {day}.;The new {place} of {town} is open: the first day was {day}.;
{day} brought a new {place} to {town}.;The waiting is over: on {day} {town} opened its {place}.;For {town} the new {place} came on {day}.;
Visitors saw the new {place} in {town} for the first time on {day}.;It was {day} when the new {place} in {town} opened.;A {place} was what {town} needed, and on {day} it opened.;
On {day}, {town} celebrated its new {place}.;Everybody in {town} talks about the new {place}, which opened on {day}.;From {day} on, {town} has a new {place}.;
{town}, {day}: the new {place} is open.;Since it opened on {day}, the new {place} in {town} has been full.;The new {place}, opened on {day}, is the pride of {town}.

{mayor} was there and shook hands.;Among the guests was {mayor}.;A speech of {mayor} was heard first.;The key was handed to {mayor}.;{mayor} spoke to the crowd.;First to speak was {mayor}.;
The guests listened to {mayor}.;It was {mayor} who opened the door.;"We are proud of it," said {mayor}.;{mayor} called it a good day.;There were a few words by {mayor}.;{mayor} planted a tree.

It had a price of {cost} million euros.;{cost} million euros was the price.;They paid {cost} million euros for it.;The cost came to {cost} million euros.;All in all it cost {cost} million euros.;
For {cost} million euros it was built.;The bill came to {cost} million euros.;The costs were {cost} million euros.;A sum of {cost} million euros was paid.;With {cost} million euros it was not cheap.;
It was paid for with {cost} million euros.;The whole came to {cost} million euros in the end.;Altogether {cost} million euros went into it.;In sum, {cost} million euros were paid.

Workers needed {months} months.;After {months} months it was done.;The builders were busy for {months} months.;It stood ready after {months} months.;The workers were at it for {months} months.;
It was finished in {months} months.;{months} months of work lie behind the builders.;Only {months} months were needed.;In all it took {months} months.;For {months} months the place was a building site.;
{months} months went by until the end of the work.;The end came after {months} months.
"""
_STORM = """
A {hazard} came to {town} on {day}.;{town} was hit by a {hazard} on {day}.;A {hazard} in {town} caused fear on {day}.;On {day}, {town} had a {hazard}.;The {hazard} reached {town} on {day}.;
{day} was a hard day for {town}: a {hazard} came.;In {town} there was a {hazard} on {day}.;{day} brought a {hazard} to {town}.;No one in {town} will forget the {hazard} of {day}.;
A {hazard} went through {town} on {day}.;After the {hazard} of {day}, {town} counts its losses.;A {hazard} was seen in {town} on {day}.;People in {town} saw a {hazard} come near on {day}.;
The {hazard} that came on {day} hit {town}.;On {day} it happened: a {hazard} in {town}.;{town} lived through a {hazard} on {day}.;There has been a {hazard} in {town}, which came on {day}.;{town}, {day}: a {hazard} has hit the town.

Damaged were {count} houses.;{count} houses have damage.;It hit {count} houses.;There is damage to {count} houses.;{count} houses must be repaired.;The number of damaged houses is {count}.;
At {count} houses there was damage.;{count} roofs and houses were broken.;Of all houses, {count} were damaged.;It left {count} houses damaged.;The helpers counted {count} damaged houses.;
{count} houses could not be saved from damage.;Firemen saw damage at {count} houses.;{count} families found their houses damaged.

Hurt were {hurt} people.;{hurt} people had to see a doctor.;There were {hurt} people who were hurt.;The number of people hurt is {hurt}.;The hospital took in {hurt} people.;
{hurt} people lie in hospital.;An ambulance came for {hurt} people.;Among the people of the town {hurt} were hurt.;{hurt} persons were injured.;It left {hurt} people hurt.;
In hospital there are {hurt} people now.;Doctors looked after {hurt} people who were hurt.;{hurt} people did not get away unhurt.;Injured: {hurt} people.

{chief} of the fire brigade had no sleep.;"We did what we could," said {chief}.;The fire brigade under {chief} worked all night.;At the head of the helpers was {chief}.;
Orders came from {chief}.;{chief} told people to stay at home.;{chief} led the work.;The work was in the hands of {chief}.;A word of thanks came from {chief}.;{chief} gave the orders.;The fire chief, {chief}, was tired.
"""
_CONTEST = """
{winner} is the winner of the {contest} in {town}.;In the {contest} in {town}, {winner} won.;{town} has seen a great {contest}, and {winner} won it.;{winner} was the best in the {contest} in {town}.;
The {contest} in {town} has a winner: {winner}.;Nobody could beat {winner} in the {contest} in {town}.;{winner} beat everyone in the {contest} in {town}.;Winner of the {contest} in {town}: {winner}.;
At the {contest} in {town} {winner} was the best.;First in the {contest} in {town} was {winner}.;The first prize of the {contest} in {town} goes to {winner}.;
It was {winner} who won the {contest} in {town}.;{town}: {winner} wins the {contest}.;Best of all in the {contest} in {town} was {winner}.;In {town} there was a {contest}. It was won by {winner}.;
The {contest} took place in {town}, and the winner was {winner}.;{winner}, who came to {town} for the {contest}, won it.;On the first place of the {contest} in {town} stands {winner}.

The result was {points} points.;{points} points were enough.;There were {points} points for the winner.;It took {points} points to win.;The points at the end: {points}.;
The judges gave {points} points.;In the end there were {points} points.;The winner had {points} points.;{points} points stood on the board.;At the end the board showed {points} points.;
{points} points is a good result.;With {points} points the contest was decided.;The prize was won with {points} points.

{second} had to be content with the second place.;The second prize went to {second}.;Next was {second}.;Number two was {second}.;Right behind was {second}.;{second} got the second prize.;
{second} lost by little and was second.;The second place is for {second}.;In second place: {second}.;On the second place is {second}.;Second in the end was {second}.;{second} followed in second place.;
Close behind, {second} took second place.;Silver went to {second}.
"""
_PROJECT = """
Project {project}: how it stands.;This week's news of project {project}.;News from project {project}.;These are the notes on project {project}.;About project {project} there is this to say.;
In project {project} the work goes on.;Here is how project {project} is doing.;The report of project {project} for this week.;Subject: project {project}.;We write to you about project {project}.;
Dear all, this is about project {project}.;Project {project} has had a busy week.;The state of project {project} is as follows.;Our work on project {project} goes on.;A short report on project {project}.

Of the work, {percent} percent is behind us.;{percent} percent has been reached.;Done so far: {percent} percent.;We have reached {percent} percent.;It is {percent} percent complete.;
{percent} percent of everything is ready.;At the moment {percent} percent is done.;We can report {percent} percent.;The team has finished {percent} percent.;By now {percent} percent is ready.;
We have come to {percent} percent.;As of today it is {percent} percent done.;The share of finished work is {percent} percent.;This week we reached {percent} percent.

We have a problem with {problem}.;The trouble is {problem}.;{problem} is the main problem.;{problem} makes it hard.;Our main worry is {problem}.;It is {problem} that slows us down.;
Most of the trouble comes from {problem}.;Everything waits because of {problem}.;The one thing that goes wrong is {problem}.;What troubles us most is {problem}.;The problem is still {problem}.;
Our problem of the week: {problem}.;There is one problem, {problem}.;Without {problem} we would be faster.;{problem} costs us time.;The biggest worry is {problem}.;The greatest obstacle is {problem}.

{lead} has to {step} by {day}.;{lead} is to {step} until {day}.;Task for {lead}: {step} by {day}.;{lead} said: "I will {step} by {day}.";Next, {lead} will {step}, by {day}.;
As a next step, {lead} will {step} by {day}.;It is up to {lead} to {step} by {day}.;We asked {lead} to {step} by {day}.;{day} is the day by which {lead} will {step}.;{lead} wants to {step} by {day}.;
{lead} has promised to {step} by {day}.;The plan is that {lead} will {step} by {day}.;Until {day}, {lead} has time to {step}.;Our next step: {lead} will {step} by {day}.;Then {lead} should {step}, at the latest on {day}.
"""
_SALES = """
{count} {product} were sold by {company} in {month}.;In {month} the company {company} sold {count} {product}.;{company} had a busy {month} and sold {count} {product}.;Sales of {company} in {month}: {count} {product}.;
{month} was the month in which {company} sold {count} {product}.;{company} could sell {count} {product} in {month}.;{count} {product} left the shops of {company} in {month}.;
For {company}, {month} meant {count} sold {product}.;{company} says that it sold {count} {product} in {month}.;The {month} of {company}: {count} {product} sold.;In {month} people bought {count} {product} from {company}.;
{company} counted {count} sold {product} in {month}.;With {count} {product} sold, {month} is over for {company}.;The figures of {company} for {month} show {count} {product}.;
Customers bought {count} {product} from {company} in {month}.;{company} presents its figures: {count} {product} in {month}.;{product}: {company} sold {count} of them in {month}.

This is {percent} percent {way} than last year.;It is {percent} percent {way} than a year ago.;A year ago the number was different: it is {percent} percent {way} now.;Last year things were different, it is {percent} percent {way}.;
Compared to a year ago, these are {percent} percent {way}.;Against last year: {percent} percent {way}.;{percent} percent {way} than a year ago, that is the result.;The year before had another number: now {percent} percent {way}.;
Beside last year's number it is {percent} percent {way}.;The change: {percent} percent {way}.;So there were {percent} percent {way} than a year ago.;{percent} percent {way} were sold than the year before.;
Seen against the same month a year ago, it was {percent} percent {way}.

The shop in {city} sold most.;In {city} the sales were highest.;The shop in {city} was in front.;{city} came first among the shops.;The highest number came from {city}.;{city} sold more than any other place.;
The best result came from {city}.;Among the shops, {city} is the best.;Nowhere were there more buyers than in {city}.;Business was best in {city}.;At the top is the shop in {city}.;
Of all places, {city} had the best sales.;The best of the shops is in {city}.;First is {city}.;No place did better than {city}.
"""
_MEETING = """
{a}: {b}, can we meet on {day}?;{a}: Do you have a minute on {day}, {b}?;{a}: Hi {b}! Is {day} good for you?;{a}: {b}, let us see each other on {day}.;{a}: How about {day}, {b}?;
{a}: I want to see you on {day}, {b}.;{a}: {b}! It has been long. {day}?;{a}: Good morning {b}, would {day} suit you?;{a}: Hello {b}, I would like to meet you on {day}.;{a}: {b}, what are you doing on {day}?;
{a}: My dear {b}, will you come on {day}?;{a}: Could we talk on {day}, {b}?;{a}: Shall we say {day}, {b}?;{a}: {b}, {day} would be a good day to meet.

{b}: Which place?;{b}: With pleasure. At what place?;{b}: That suits me. Where shall I go?;{b}: I would like that. Where?;{b}: Where do we meet?;{b}: Fine, but where?;{b}: I am free. In what town?;
{b}: {day} is good. Where?;{b}: What place do you like?;{b}: I will come. Tell me the town.;{b}: Great, {a}! Where do you want to meet?;{b}: Of course. Which town?;{b}: Yes, I have time. And the place?

{a}: {town}, at {hour} o'clock.;{a}: I will wait in {town} at {hour} o'clock.;{a}: Be in {town} at {hour} o'clock.;{a}: How about {town} at {hour} o'clock?;{a}: We meet at {hour} o'clock in {town}.;
{a}: {hour} o'clock, in {town}.;{a}: My train to {town} comes at {hour} o'clock.;{a}: I like {town}. At {hour} o'clock?;{a}: I thought of {town}, {hour} o'clock.;{a}: Can you be in {town} at {hour} o'clock?;
{a}: Take the bus to {town} and be there at {hour} o'clock.;{a}: What do you think of {town}, about {hour} o'clock?;{a}: Let us say {hour} o'clock in {town}.

{b}: I will have {thing} with me.;{b}: Good, I have {thing} for you and bring it.;{b}: Shall I bring {thing}? Yes, I will.;{b}: I come with {thing}.;{b}: That is good. I will take {thing} with me.;
{b}: Wonderful, and I will bring you {thing}.;{b}: I will be there and bring {thing}.;{b}: Then I come and bring {thing}.;{b}: Great. {thing} is what I will bring.;{b}: See you then. I will bring {thing}.;
{b}: I will not forget {thing}.;{b}: Look for me, I carry {thing}.;{b}: Yes. I will be the one with {thing}.
"""
_FAVOUR = """
{a}: {b}, could you {task} on {day}?;{a}: {b}, would you be so kind and {task} on {day}?;{a}: Please {task} on {day}, {b}.;{a}: Will you {task} on {day}, {b}?;{a}: I need somebody to {task} on {day}. Can you, {b}?;
{a}: {b}, I have a wish: {task} on {day}, please.;{a}: Dear {b}, can you help me and {task} on {day}?;{a}: On {day}, {b}, could you {task}?;{a}: {b}, are you free to {task} on {day}?;
{a}: Would it be possible that you {task} on {day}, {b}?;{a}: {b}, do me a favour and {task} on {day}.;{a}: It would help me, {b}, if you could {task} on {day}.;{a}: Hey {b}, who can {task} on {day}? You?;
{a}: I want to ask you something, {b}: will you {task} on {day}?;{a}: Do you have time to {task} on {day}, {b}?

{b}: Tell me why.;{b}: And why not you?;{b}: Is there a reason?;{b}: Are you not at home?;{b}: What keeps you from it?;{b}: You can't?;{b}: Hm, why?;{b}: Are you all right?;{b}: What is it?;{b}: For what reason?;
{b}: Why do you ask me?;{b}: Has something happened, {a}?;{b}: Oh, are you in trouble?

{a}: I have no time because of {reason}.;{a}: {reason} is the reason.;{a}: {reason} takes all my time.;{a}: Because of {reason}.;{a}: There is {reason}, so I can't.;{a}: It is {reason}.;{a}: You know, {reason}.;
{a}: Well, {reason} came between.;{a}: I am not free: {reason}.;{a}: Sorry, it is because of {reason}.;{a}: The cause is {reason}.;{a}: I am busy with {reason}.;{a}: Because there is {reason} on that day.;
{a}: {reason}, I am afraid.;{a}: That day I have {reason}.

{b}: Yes, I will.;{b}: I will do it for you.;{b}: Then I will help.;{b}: Sure thing.;{b}: I am glad to help.;{b}: Of course I will.;{b}: For you, yes.;{b}: Consider it done.;{b}: I see. I will do it.;
{b}: I understand, and I will help you.;{b}: Yes, of course.;{b}: Leave it to me.;{b}: With pleasure.;{b}: You have my word.
"""
LINES = {
    name: _lines(text)
    for name, text in {
        "opening": _OPENING,
        "storm": _STORM,
        "contest": _CONTEST,
        "project": _PROJECT,
        "sales": _SALES,
        "meeting": _MEETING,
        "favour": _FAVOUR,
    }.items()
}

_REMARKS = Phrases(
    "The {x} [was|is|stayed|seemed|looked] {y}.",
    "[Some|A few|Many|Several|Other] {x}s [were|are|stayed|became] {y}.",
    "[There was|There is|It needs|One could see] [a|another|no|some] {x}.",
    "[Nobody|Everybody|Somebody|No one|Everyone] [knows|likes|spoke of|saw|asked for|got] the {x}.",
    "{name} [likes|saw|found|has|wrote about|told us of] a {x}.",
    "[Later|After that|In the evening|At first|Meanwhile|As always] the {x} [went on|was closed|was {y}|stood still].",
    "[We|They|You|I] [had|saw|hope for|need|talked about] a {y} {x}.",
    "[My|Our|Your|Her|His] {x} [was late|is {y}|came again|is over].",
    "[A|The] {x} and [a|the] {z} [came|stood there|were sold|were too {y}].",
    "The {x} in {place} [is|was] {y}.",
    "[Nothing|Not much|A little|Enough] [of the {x} is left|was said|is known of the {x}|changed].",
    "[What|How] [a {x}|{y} it is]!",
    "{y} {x}s [lay|stood|were] [on|by|behind] the {z}.",
    "[The next|Another|A second|The last] {x} [comes|follows|will be|was] [soon|next week|in the {z}|later].",
    "It [rained|was warm|was cold|was late|was quiet|snowed] [all day|that day|for hours|until the {z}].",
    "[Free|Cold|Hot|Old|New] {x}s were [given out|sold|taken|shown].",
)


def chatter(rng) -> str:
    """A sentence that no summary needs."""
    word = lambda: listed(rng, PLAIN)
    return _REMARKS.draw(rng, x=word(), y=word(), z=word(), name=person(rng), place=town(rng))
