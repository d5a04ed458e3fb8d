"""Further ways to ask, of training alone: the more there are, the less a new one surprises.

No test draws from them; ways are parted by semicolons."""

from common.phrases import Phrases


def _ways(groups: dict[str, str]) -> dict[str, Phrases]:
    return {key: Phrases(*(way.strip() for way in ways.split(";"))) for key, ways in groups.items()}


FACTS = _ways(
    {
        "capital": """the capital of {country}, please.;{country}: what is its capital?;which is the main city of {country}?;{country} is governed from which city?;
for {country}, name the capital.;what capital has {country}?;where does the government of {country} sit?;[remind me|I forgot]: the capital of {country}?;
{country} has which capital?;about {country}: which city is the capital?;say the capital of {country}.;is there a capital of {country}, and which?""",
        "country": """{capital} is a capital, but of what?;whose capital is {capital}?;{capital}: capital of which country?;which nation has {capital} as its capital?;
the country with the capital {capital} is which one?;{capital} belongs to what country as its capital?;{capital} is the main city of what nation?;
say which country is governed from {capital}.;for what state is {capital} the capital?;which land is ruled from {capital}?;in which country is {capital} the capital?""",
        "continent": """{country}: which continent?;is {country} in Europe, Asia or Africa?;{country} lies on what continent?;
the continent of {country} is which one?;say on which continent {country} lies.;{country} is part of which continent?;where on earth do I look for {country}?""",
        "legs": """{a_animal}: how many legs?;with how many legs does {a_animal} walk?;on how many legs does {a_animal} go?;
how many legs do we find on {a_animal}?;how many legs has {a_animal} got?;does {a_animal} have legs, and how many?;say how many legs {a_animal} has.;
if I look at {a_animal}, how many legs do I see?;legs of {a_animal}: how many?""",
        "sound": """{a_animal}: which sound?;which sound comes out of {a_animal}?;what do we hear from {a_animal}?;how does {a_animal} call?;
say what {a_animal} sounds like.;what can you hear when {a_animal} is near?;what is the noise of {a_animal}?""",
        "kind": """{a_animal}: mammal, bird or something else?;in which class of animals is {a_animal}?;what animal class has {a_animal}?;of what kind is {a_animal}?;
say which kind of animal {a_animal} is.;{a_animal} counts as what class of animal?;which class is {a_animal} in?;what is {a_animal}: a bird, a fish or a mammal?;
name the class of {a_animal}.;how is {a_animal} classed?;what class does {a_animal} belong to?""",
        "food": """{a_animal}: what food?;which food does {a_animal} need?;what is food for {a_animal}?;what should I give {a_animal} to eat?;say what {a_animal} feeds on.;
of what does {a_animal} live?;what is on the menu of {a_animal}?;what keeps {a_animal} fed?""",
        "home": """{a_animal}: where is its home?;in which place does {a_animal} stay?;what place is home to {a_animal}?;say where {a_animal} has its home.;
where would I look for {a_animal}?;in what place is {a_animal} at home?;where does one see {a_animal}?""",
        "young": """a small {animal} is called what?;young {animal}: which word?;what word means a young {animal}?;how do we name a young {animal}?;
{a_animal} has young: what are they called?;say the word for a baby {animal}.;what is the young {animal} called?;which name has a baby {animal}?""",
        "planet place": """{planet}: which place from the sun?;how far out is {planet}, by number?;{planet} comes at which place from the sun?;
say the place of {planet} from the sun.;in the row of planets, where is {planet}?;if I count from the sun, which number is {planet}?;by its place from the sun, {planet} is which planet?""",
        "place planet": """the {ordinal} planet: which is it?;at the {ordinal} place from the sun, which planet is there?;from the sun, which planet is the {ordinal}?;
say the {ordinal} planet from the sun.;what is the {ordinal} planet called?;how is the {ordinal} planet from the sun named?;counted from the sun, what planet is the {ordinal} one?""",
        "planet fame": """which one of the planets is {fame}?;say which planet is {fame}.;{fame}: which one?;of all planets, which is {fame}?;
I look for {fame}.;how is {fame} named?;do you know {fame}?;{fame} is which planet?""",
        "moons": """{planet}: how many moons?;how many moons go round {planet}?;say how many moons {planet} has.;what number of moons has {planet}?;
around {planet}, how many moons are there?;is there a moon at {planet}, or more than one?;moons of {planet}: what number?""",
        "unit": """{whole}: how many {parts}?;into how many {parts} is {whole} divided?;say how many {parts} are in {whole}.;what number of {parts} is {whole}?;
how many {parts} do we count in {whole}?;of how many {parts} is {whole} made up?;{parts} in {whole}: how many?;to fill {whole}, how many {parts} are needed?""",
        "after day": """{day}: what comes next?;following {day}, which day is it?;{day} is over. Which day begins?;the day that follows {day} is which?;say which day comes after {day}.;
one day later than {day} is what day?;when {day} ends, what day begins?;{day} and then which day?;today {day}, tomorrow what?;{day} is followed by which day?;after {day}, what day do we have?""",
        "before day": """{next}: what was before it?;ahead of {next}, which day is it?;{next} has come. Which day is over?;say which day comes before {next}.;
one day earlier than {next} is what day?;before it was {next}, what day was it?;today {next}, yesterday what?;{next} comes after which day?;before {next}, what day do we have?;what day goes ahead of {next}?""",
        "after month": """{month}: what month comes next?;following {month}, which month is it?;{month} is over. Which month begins?;the month that follows {month} is which?;
say which month comes after {month}.;one month later than {month} is what month?;{month} and then which month?;{month} is followed by which month?;after {month}, what month do we have?""",
        "before month": """{next}: what month was before it?;ahead of {next}, which month is it?;{next} has come. Which month is over?;say which month comes before {next}.;
one month earlier than {next} is what month?;{next} comes after which month?;before {next}, what month do we have?;what month goes ahead of {next}?;the month that was before {next} is which?""",
        "month days": """{month}: how many days?;of how many days is {month}?;say how many days {month} has.;how many days long is {month}?;after how many days is {month} over?;
what number of days has {month}?;days in {month}: how many?""",
        "month place": """{month}: which month of the year by number?;in the row of months, where is {month}?;say the number of {month} in the year.;{month} comes at which place in the year?;
at what place of the year is {month}?;if I count the months, which is {month}?;what number has {month} among the months?;the place of {month} in the year?""",
        "opposite": """{word}: what is the opposite?;what is not {word} but the opposite?;say the opposite of {word}.;the other end of {word} is what?;not {word} but what?;
what stands against {word}?;turn {word} around: which word is it?;{word} has which opposite?;which is the opposite word to {word}?""",
        "colour": """{thing}: which colour?;what colour do we see on {thing}?;how is {thing} coloured?;say the colour of {thing}.;in what colour do I paint {thing}?;
which colour comes with {thing}?;what colour would you give {thing}?;when I look at {thing}, what colour is it?;with which colour would I draw {thing}?""",
        "sides": """{a_shape}: how many sides?;with how many sides is {a_shape} drawn?;say how many sides {a_shape} has.;how many sides do we find on {a_shape}?;
what number of sides has {a_shape}?;{a_shape} is made of how many sides?;sides of {a_shape}: what number?""",
        "sum": """{a} and {b} together?;{a} and {b} make what?;if I have {a} and get {b} more, how many have I?;put {a} and {b} together: how many?;count {a} and {b} together.;
what do {a} and {b} make?;say what {a} plus {b} is.;{b} added to {a} is what?;what comes out at {a} plus {b}?;what is the result of {a} plus {b}?;when I add {b} to {a}, what is it?""",
        "difference": """if I have {a} and give away {b}, how many are left?;{a} without {b} is what?;say what {a} minus {b} is.;{b} taken from {a} is what?;
what remains of {a} without {b}?;from {a} take {b}: how many remain?;what is the result of {a} minus {b}?;what comes out at {a} minus {b}?;I take {b} from {a}. What is left?;
what is left of {a} after I take {b}?;when {b} is taken away from {a}, what is it?;what is the difference of {a} and {b}?""",
        "product": """{a} rows of {b} make what?;say what {a} times {b} is.;{a} by {b} is what?;what is the result of {a} times {b}?;what comes out at {a} times {b}?;
what do {a} times {b} make?;{b} taken {a} times is what?;if {a} is multiplied by {b}, what is it?;{a} bags with {b} apples in each: how many apples?""",
        "larger": """{a}, {b}: the larger one?;compare {a} and {b}: which is more?;{a} and {b}: say the larger.;{a} against {b}: which is the larger number?;I have {a} and {b}. Which is larger?;
between {a} and {b}, which is bigger?;which one of {a} and {b} is the larger?;what is more, {a} or {b}?;take {a} and {b}: the larger one is?;the bigger of the two numbers {a} and {b}?""",
        "smaller": """{a}, {b}: the smaller one?;compare {a} and {b}: which is less?;{a} and {b}: say the smaller.;{a} against {b}: which is the smaller number?;I have {a} and {b}. Which is smaller?;
between {a} and {b}, which is lower?;which one of {a} and {b} is the smaller?;what is less, {a} or {b}?;take {a} and {b}: the smaller one is?;the lower of the two numbers {a} and {b}?""",
        "number after": """{a}: what number is next?;following {a}, which number is it?;{a} and then which number?;one more than {a} is what?;I count to {a}. What comes?;say the number after {a}.;
{a} is followed by which number?;the number that follows {a} is which?;when I count, what comes after {a}?;after {a}, what number do we have?;count one further than {a}.;start at {a} and count one on.""",
    }
)

TALK = _ways(
    {
        "Hello! How can I help you?": """oh, hello!;good to meet you.;hello, is somebody there?;hi, it is me.;hello again!;hi again.;a warm hello to you!;
why, hello there!;hello, how lovely to see you!;anybody home?;I say hello.;hello, I am new here.;yo!;well hi!;so, hi.;hey you!;welcome!""",
        "Good morning! How can I help you?": """I wish you a good morning.;hello and good morning!;what a lovely morning, hello!;good morning, dear assistant!;good morning, how nice to see you!;
good morning, old friend!;the sun is up, good morning!""",
        "Good evening! How can I help you?": """I wish you a good evening.;hello and good evening!;what a lovely evening, hello!;good evening, dear assistant!;good evening, how nice to see you!;
good evening, old friend!;the sun is down, good evening!""",
        "Good night! Sleep well.": """I wish you a good night.;I am tired, good night.;sleep well!;it is late, I will sleep now.;good night, dear assistant!;time for bed.;
good night, old friend!;I will go to bed now.""",
        "I am well, thank you. How can I help you?": """how is your day?;how goes it?;is everything well with you?;what's up?;how is life?;are things going well?;
how are you feeling?;all well with you?;how is everything?;how have things been with you?;hello, how is everything going?;how has your day been?;I hope you are well?;hey, how goes it?""",
        "You are welcome!": """I am grateful.;thanks, friend.;thank you kindly.;that helped, thanks!;a thousand thanks.;thanks so much for that.;my thanks to you!;
how kind, thank you.;thank you for the answer!;thanks for explaining.;I am thankful for that.;thank you for helping me.;that was a great help, thanks.;ta!;three cheers, thank you!;
cheers, mate!;cheers, that helps.;I want to thank you.;I really thank you for that.""",
        "Goodbye! Come back any time.": """I will go now.;I am going home now.;until tomorrow!;until later!;see you tomorrow.;time to go.;I am done for today, bye.;take care!;
have a nice day, bye!;so, goodbye then.;I am off to work.;right, I'm off then.;I'm off home, bye.;well, I must be off.;I am going. Farewell!;catch you later!;
we will meet again!;see you around.;until we meet again.;well, see you then!""",
        "I am a small language model that runs in Roost.": """what exactly are you?;are you alive?;is this a person?;am I chatting with a machine?;who is there?;who is answering me?;
with whom do I speak?;say who you are.;are you a program?;is there a human behind this?;do I talk to a person here?;am I speaking to a computer?;who is speaking?;
are you real?;I want to know who you are.;what am I talking with?;is it a human who writes this?""",
        "I can answer simple questions, read a short text for you, tell stories and write small JSON objects.": """can you help?;can you help me, please?;please help!;please help me.;
I could use some help.;I want some help.;what are you for?;for what can I use you?;what do you do?;show me what you can do.;what things can you do?;what is it that you can do?;list your skills.;
what kind of help do you give?;which tasks can you do?;how can you be of use?;in which way are you useful?;give me some help.;help, please!;could you help me with something?;help me out.;
I am stuck, help me.;help! I am lost.;who can help me here?""",
        "I am the chat model of Roost.": """may I know your name?;what name do you have?;and your name?;which name do you go by?;how may I call you?;say who you are by name.;your name?;
could you give me your name?;what is it you are called?;under what name do you run?;I would like to know your name.;please, what is your name?;does the assistant have a name?;
name yourself.;please tell me how you are called.""",
        "I was trained from scratch by the people who make Roost.": """whose work are you?;who is your maker?;who are the people that made you?;who trained this model?;by whom were you trained?;
how did you come to be?;what is your origin?;tell me who made you.;who did you learn from?;which people built you?;you were made by whom?;who stands behind you?""",
        "I am very small: a few million parameters.": """what is your size?;how many weights do you have?;say how big you are.;your size, please.;of what size is this model?;
is this a big model?;how much do you weigh in parameters?;are you a tiny model?;I wonder how large you are.;what number of parameters do you have?;give me your size.""",
        "Why did the model cross the road? To get to the other token.": """a joke, please.;give me a joke.;I would love a joke.;can you tell a joke?;do you know something funny?;
let me hear a joke.;can you make me laugh?;please make me laugh.;try to make me laugh.;make me laugh a little.;I need to laugh.;I want to laugh.;cheer me up with a joke.;be funny.;
how about a joke?;do you have any jokes?;please say something funny.;one joke, please!;would you make us laugh?;it is time for a joke.;make us laugh!""",
        "Good! What else can I do for you?": """oh, good.;well, fine.;very good.;that sounds good.;oh, I see.;I see, good.;ah, now I see.;I see what you mean.;I understand.;understood.;right.;
sure.;that is fine with me.;excellent!;splendid.;lovely!;okay then.;ok, good.;yes, right.;yes, that is right.;yeah.;aha.;so I see.;good to know.;that makes sense.;well, all right then.""",
        "All right. I am here when you need me.": """oh, never mind that.;never mind, it is fine.;never mind, I found it.;it is nothing, never mind.;well, never mind then.;forget it.;
it does not matter.;no, nothing more.;no, nothing.;I need nothing else.;no, I am fine.;that was all.;that will be all.;nothing more, thanks.;not today.;no need.;I have no more questions.;no, not now.;
no, that is everything.;I want nothing, thank you.;maybe later.;not any more, thanks.""",
        "Thank you, that is kind of you.": """you are so clever!;how clever you are!;you did well.;you did that well.;that was well done.;very well done!;oh, well done!;it is well done, I think.;
good work on that.;such nice work!;that was nice work.;what nice work you do.;nice work, little model.;I am impressed.;you are a good assistant.;you are really helpful.;I am fond of you.;
what a good answer!;you are brilliant.;you work well.;a fine job!;that was a good job.;how nice you are!;what a nice model.;you know a lot!;such a smart model!""",
        "I am sorry. I am a small model and I make mistakes.": """no, that is wrong.;this is wrong.;that can't be right.;your answer is wrong.;this answer is not right.;you made a mistake.;
there is a mistake in this.;that was wrong.;that is false.;I don't believe that.;is that not wrong?;you got that wrong.;this can not be true.;your answer has a mistake.;oh no, wrong!;
it seems to be a mistake.;what a bad answer.""",
    }
)

ROOST = _ways(
    {
        "Roost is a small native host that serves many kinds of AI models. Each model family is a plugin.": """Roost: what is that?;what kind of program is Roost?;what sort of thing is Roost?;
I have never heard of Roost. What is it?;say what Roost is.;could you explain Roost to me?;please explain Roost.;please explain what Roost does.;I would like to know what Roost is.;
for what is Roost used?;who or what is Roost?;why is there Roost?;what is the purpose of Roost?;give me a summary of Roost.;can you describe what Roost is for?;what do people do with Roost?;
in short, what is Roost?;what is this program, Roost?;what is Roost good for?""",
        "Type make run in the folder of Roost. It builds, serves and prints the address.": """Roost: how do I start it?;I want to start Roost.;which command starts the server?;start Roost, please: how?;
what must I type to start Roost?;how does one run Roost?;how do I launch the server?;say how Roost is started.;what do I type to run it?;how do I get going with Roost?;
the command to start Roost?;run Roost: which command?;where do I begin with Roost?;I would like to run Roost.;what do I do to run Roost?;give me the command that runs Roost.""",
        "Type make test. It runs every test.": """tests of Roost: how?;I want to test Roost.;what do I type to run the tests?;say how the tests are run.;which command tests Roost?;
how does one test Roost?;the command for the tests?;where are the tests started?;give me the command for the tests.;how would I test Roost?;what is the way to test Roost?;
is there a test for Roost, and how do I run it?;test everything: how?;can you tell me how to test Roost?""",
        "Roost listens on 127.0.0.1, port 8080.": """Roost: which port?;the port of Roost, please.;what is the port of Roost?;say the address of Roost.;at what address is Roost?;which number has the port?;
where does Roost serve?;where is Roost reached?;at which port do I reach Roost?;how do I reach Roost from a client?;to which address do I send requests?;on which port can I find Roost?;
which address must I use to reach Roost?;what address has the server?;where on this machine does Roost listen?;my client needs the address of Roost.""",
        "A plugin is a library that runs one family of models behind a C interface.": """plugin: what is that?;what does plugin mean?;say what a plugin is.;what are plugins in Roost?;
I don't know what a plugin is.;please explain plugins.;what is meant by a plugin?;could you tell me about plugins?;what is the role of a plugin?;which part is a plugin?;can you explain a plugin to me?;
for what are there plugins?""",
        "Include the C header roost_plugin.h and write the functions of the table, or use the Swift kit.": """my own plugin: how?;I want to write a plugin.;say how to write a plugin.;
what is the way to write a plugin?;how does one make a plugin?;how is a new plugin made?;where do I begin with a plugin?;which header does a plugin need?;what must a plugin have?;
how would I build my own plugin?;writing plugins: where do I begin?;what are the steps to write a plugin?;how are plugins written and built?""",
        "In any language that can speak the C interface: C, C++, Rust, Swift and others.": """plugins: which language?;which language is right for a plugin?;say in which language plugins are written.;
may I write plugins in Rust?;must a plugin be written in Swift?;could a plugin be written in Go?;what languages are there for plugins?;languages for plugins?;which languages work to write a plugin?;
I only know C. Can I write a plugin?;what programming language do plugins need?;in which languages do plugins work?""",
        "Only that model restarts. Each model runs in a process of its own, and its streams go on.": """what comes after a crash?;my model crashed.;my model has crashed. What happens?;a worker died. What now?;
does everything stop when a model crashes?;say what happens at a crash.;what do I do when a model crashed?;a model has died. And now?;when one model crashes, what happens to the others?;
the model crashed, what will Roost do?;is everything lost after a crash?;how does Roost handle a crash?;what if a plugin crashes?;one of my models crashed, is that bad?""",
        "Use roost models reload with the model's name. The old one serves until the new one is ready.": """reload a model: how?;I want to reload a model.;say how to reload a model.;
how does one replace a model?;which command replaces a model?;how can a model be swapped?;what do I type to reload a model?;how are models reloaded?;is it possible to reload a model while it serves?;
I have a new version of a model. How do I load it?;reload: what is the command?;how is a running model replaced?;what must I do to update a model?""",
        "The settings are in the file plugins.toml.": """settings: which file?;the file with the settings?;say where the settings are.;what file are the settings in?;which file must I edit?;
where does Roost keep its settings?;where do I change the settings?;in what file is the configuration?;I want to change a setting.;where is Roost configured?;what is the name of the configuration file?;
which file configures Roost?;how are settings changed?;the configuration of Roost: where is it?""",
        "Type roost config check. It says what is wrong before anything starts.": """check my settings: how?;I want to check the settings.;are my settings right? How do I see?;say how to check the configuration.;
which command finds mistakes in the settings?;how does one check plugins.toml?;is there a check of the configuration?;what do I type to check my configuration?;is my configuration wrong? How do I find out?;
how can I test my settings for errors?;there is an error in my settings, how do I find it?;find mistakes in plugins.toml: how?;how do I see errors in the configuration?;can my settings be checked?""",
        "Put the GGUF file or the Hugging Face folder into Models, or name it in plugins.toml.": """add a model: how?;I want to add a model.;new model: where does it go?;say where models go.;
which folder is for models?;what folder holds the models?;in what folder must a model be?;where are models kept?;where should a model file go?;I have a GGUF file. What now?;
where must I put a GGUF file?;I downloaded a model. Where do I put it?;which place is for my models?;models folder?;how does one add a model to Roost?;the folder for models is which?;
to which folder do I copy a model?;how do I get my own model into Roost?;I have a new model, where do I put the file?;in which place does Roost look for models?""",
        "Roost reads GGUF files and Hugging Face folders with safetensors. Nothing is converted.": """formats of models?;which formats of models are there?;say which files Roost reads.;what model files can Roost load?;
which types of model files work?;is GGUF supported?;are safetensors supported?;must models be converted?;in what format must a model be?;what kinds of files are read by Roost?;
what sort of model can Roost load?;which format should my model have?;does Roost accept safetensors?;will Roost accept my GGUF file?;what types of files does Roost take?;what model formats does Roost know?""",
        "Roost speaks the OpenAI API, so clients of that API work unchanged.": """API: which one?;say which API Roost has.;which interface do clients use?;does my OpenAI client work?;is there an OpenAI API in Roost?;
will OpenAI clients work with Roost?;what API is there for clients?;how do clients talk to Roost?;what API does the server have?;can a client of OpenAI use Roost?;which API should my program use?;
over which API do I talk to Roost?""",
        "No. Roost runs on your own machine, and the demo models are in the repository.": """offline: does it work?;must I be online to use Roost?;say if Roost needs the internet.;does Roost send anything to the internet?;
can I use Roost without internet?;without a network, does Roost work?;is a network needed?;is the cloud needed to run Roost?;is Roost a cloud service?;do I have to be online?;
will it run without the internet?;do I need a network to use Roost?;must there be internet for Roost?""",
        "No, a normal processor is enough.": """GPU: needed?;is a GPU needed?;say if Roost needs a GPU.;without a GPU, does Roost run?;must there be a graphics card?;which processor does Roost need?;
is a laptop enough for Roost?;what machine do I need for Roost?;do I have to have a GPU?;is a normal computer enough?;will Roost run without a GPU?;is a CPU enough to run Roost?;
I have no GPU. Can I run Roost?;must I buy a graphics card?""",
        "Roost is under the Apache 2.0 licence.": """licence?;the licence of Roost, please.;say which licence Roost has.;is Roost free to use?;may I use Roost at work?;may I use Roost in my company?;
can I use Roost for free?;can anyone use Roost?;what are the terms of Roost?;which licence is it?;am I allowed to use Roost?;is it allowed to sell Roost?;may everybody use Roost?;how is Roost licensed?""",
        "Roost is written in Swift, with kernels in C.": """Roost: written in what?;which language do the people of Roost write?;say in which language Roost is written.;the language of Roost?;
what programming language is Roost in?;which programming language is behind Roost?;what was Roost written in?;which language was Roost made with?;is it Swift that Roost is written in?;
in what language did they write Roost?;the code of Roost is in which language?""",
        "Type roost chat in a terminal.": """chat in a terminal: how?;I want to chat in the terminal.;say how to chat in a terminal.;what do I type to chat?;how does one chat with a model?;
the command for a chat?;which command is for chatting?;how do I start a chat?;how do I talk to a model in the terminal?;which command lets me chat?;is it possible to chat in a terminal?""",
        "Type roost models list.": """loaded models?;I want to see the models.;say how to list the models.;what models are there?;which models do I have?;how does one list models?;
what do I type to see the models?;show me what is loaded.;how do I find out which models are loaded?;a list of the models, please.;the command that lists models?;which models are running?;
how can I list what is loaded?;what is loaded now?;what models has Roost loaded?""",
        "Type roost embed with --compare and the texts.": """compare texts: how?;I want to compare two texts.;say how to compare texts.;what do I type to compare texts?;how does one compare sentences?;
which command is for comparing texts?;how near are two sentences?;how do I see if two texts are alike?;the command that compares?;can Roost compare two texts?;how can I compare sentences?""",
        "Send the question and your passages, or the name of a collection, to /v1/answer.": """answers from my texts: how?;I want answers from my files.;say how to ask my texts.;
where do I send a question about my texts?;how does one ask a collection?;can I ask my own files a question?;how do I get an answer out of my files?;which route gives answers?;
my texts hold the answer. How do I ask?;what is the route for answers?;how can Roost answer from my files?;how are questions on my texts answered?;how do I get an answer from a collection?""",
        "Type roost search with a collection and what you look for, or use the search tab of the page.": """search: how?;I want to search my texts.;say how to search.;how does one search a collection?;
which command is for searching?;how can I search with Roost?;where do I search?;what do I type to search?;how do I find something in my texts?;is it possible to search with Roost?;search my files: how?""",
        "Open http://127.0.0.1:8080 in a browser.": """the page: where?;I want to see the page.;say where the page is.;where is the chat page?;how does one open the page?;which address has the page?;
how do I get to the page?;what do I type into the browser?;is there a web page?;how can I see the page of Roost?;on what address is the page?;where can I find the web page?""",
        "Press Control and C in its terminal. Running answers are finished first.": """stop Roost: how?;I want to stop Roost.;say how to stop Roost.;how does one stop the server?;
what do I press to stop Roost?;how do I end Roost?;how is the server stopped?;which key ends Roost?;how do I shut Roost down?;I am done with Roost. How do I stop it?;Roost should stop. What do I press?""",
    }
)

PASSAGES = _ways(
    {
        "job": """how does {name} earn money?;what is {name} by trade?;as what is {name} employed?;tell me the job of {name}.;name {name}'s work.;
what kind of work does {name} do?;which trade has {name} learned?;what is the calling of {name}?""",
        "town": """where is {name} at home?;what town is home to {name}?;in what town is {name}'s house?;tell me the town of {name}.;
name {name}'s home town.;to which place did {name} move?;where can {name} be found?;which town does {name} call home?;what is {name}'s place?""",
        "age": """how many years old is {name}?;how many years has {name}?;tell me the age of {name}.;name {name}'s age.;what is told of the age of {name}?;
of what age is {name}?;how old did {name} turn?;which number of years has {name} lived?""",
        "pet": """which animal lives with {name}?;what animal is {name}'s?;tell me the pet of {name}.;name {name}'s animal.;what creature did {name} adopt?;
which animal is at home with {name}?;of which animal does {name} take care?;what sort of animal has {name} got?""",
        "colour": """what colour is dear to {name}?;which colour is {name}'s favourite?;tell me the favourite colour of {name}.;name {name}'s colour.;
of all colours, which does {name} like?;in what colour does {name} paint?;what is the colour that {name} likes?""",
        "food": """what is on {name}'s plate?;which food is {name}'s favourite?;tell me the favourite food of {name}.;name {name}'s food.;
what is the meal of {name}?;of all food, which does {name} like?;what would {name} order?;which dish does {name} enjoy?""",
        "friend": """with whom is {name} friends?;whom does {name} often meet?;who went to school with {name}?;tell me the friend of {name}.;
name {name}'s friend.;who is close to {name}?;what is {name}'s friend called?;which person is a friend of {name}?""",
        "thing": """what has {name} got?;which thing belongs to {name}?;tell me the thing that is told of {name}.;what object does {name} carry?;
what was the present for {name}?;which object did {name} find?;what did {name} do something with?;which thing is named with {name}?""",
        "day": """on what weekday is {name}?;for which day is {name} planned?;tell me the day of {name}.;name the day of {name}.;
which weekday has {name}?;what is the date of {name}?;what day should I keep free for {name}?;on which day will {name} be held?""",
        "place": """to which town must I go for {name}?;what town hosts {name}?;tell me the town of {name}.;name the place of {name}.;
which place was chosen for {name}?;what is the place of {name}?;in what town will {name} be held?;where must I go for {name}?""",
        "hour": """from what time on is {name} open?;what is the first minute of {name}?;tell me the hour of {name}.;name the time of {name}.;
how early may I come to {name}?;when do the doors of {name} open?;what does the clock say when {name} begins?;at which hour does {name} begin?;
what time is {name}?""",
        "price": """what do I pay for {name}?;how many euros is a seat at {name}?;tell me the price of {name}.;name the cost of {name}.;
how expensive is {name}?;for how many euros can I see {name}?;what is a ticket for {name} worth?;how much money do I need for {name}?""",
        "host": """who prepared {name}?;whom do I thank for {name}?;tell me the head of {name}.;name the leader of {name}.;
which person runs {name}?;who leads {name}?;in whose hands is {name}?;who is responsible for {name}?""",
        "guests": """what is the number of people at {name}?;how large is {name}?;tell me the number of guests at {name}.;how big a crowd is at {name}?;
how many does {name} have room for?;how full is {name}?;how many seats has {name}?""",
    }
)
