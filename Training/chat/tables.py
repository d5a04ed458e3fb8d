"""What the model shall know: tables of facts, each row a fact in every relation of its table."""

CAPITALS = dict(
    row.split("=")
    for row in """Argentina=Buenos Aires;Australia=Canberra;Austria=Vienna;Belgium=Brussels;Bolivia=Sucre;
Brazil=Brasilia;Bulgaria=Sofia;Cambodia=Phnom Penh;Canada=Ottawa;Chile=Santiago;China=Beijing;Colombia=Bogota;Croatia=Zagreb;
Cuba=Havana;Cyprus=Nicosia;Denmark=Copenhagen;Ecuador=Quito;Egypt=Cairo;Estonia=Tallinn;Ethiopia=Addis Ababa;Finland=Helsinki;
France=Paris;Georgia=Tbilisi;Germany=Berlin;Ghana=Accra;Greece=Athens;Hungary=Budapest;Iceland=Reykjavik;India=New Delhi;
Indonesia=Jakarta;Iran=Tehran;Iraq=Baghdad;Ireland=Dublin;Israel=Jerusalem;Italy=Rome;Jamaica=Kingston;Japan=Tokyo;Jordan=Amman;
Kenya=Nairobi;Latvia=Riga;Lebanon=Beirut;Libya=Tripoli;Lithuania=Vilnius;Luxembourg=Luxembourg City;Malaysia=Kuala Lumpur;
Malta=Valletta;Mexico=Mexico City;Mongolia=Ulaanbaatar;Morocco=Rabat;Nepal=Kathmandu;New Zealand=Wellington;Nigeria=Abuja;
Norway=Oslo;Pakistan=Islamabad;Panama=Panama City;Paraguay=Asuncion;Peru=Lima;Poland=Warsaw;Portugal=Lisbon;Romania=Bucharest;
Russia=Moscow;Senegal=Dakar;Serbia=Belgrade;Slovakia=Bratislava;Slovenia=Ljubljana;Somalia=Mogadishu;South Korea=Seoul;
Spain=Madrid;Sudan=Khartoum;Sweden=Stockholm;Switzerland=Bern;Syria=Damascus;Thailand=Bangkok;Tunisia=Tunis;Turkey=Ankara;
Uganda=Kampala;Ukraine=Kyiv;the United Kingdom=London;the United States=Washington;Uruguay=Montevideo;Venezuela=Caracas;
Vietnam=Hanoi;Zambia=Lusaka;Zimbabwe=Harare""".replace("\n", "").split(";")
)

CONTINENTS = {
    "Africa": "Egypt Ethiopia Ghana Kenya Libya Morocco Nigeria Senegal Somalia Sudan Tunisia Uganda Zambia Zimbabwe",
    "Asia": "Cambodia China India Indonesia Iran Iraq Israel Japan Jordan Lebanon Malaysia Mongolia Nepal Pakistan Syria Thailand Vietnam",
    "Europe": "Austria Belgium Bulgaria Croatia Denmark Estonia Finland France Germany Greece Hungary Iceland Ireland Italy Latvia "
    "Lithuania Luxembourg Malta Norway Poland Portugal Romania Serbia Slovakia Slovenia Spain Sweden Switzerland Ukraine",
    "South America": "Argentina Bolivia Brazil Chile Colombia Ecuador Paraguay Peru Uruguay Venezuela",
}

# animal: legs, sound, kind, food, home, young
ANIMALS = {
    row.split(":")[0]: row.split(":")[1].split(",")
    for row in """dog:4,barks,mammal,meat,a kennel,puppy;cat:4,meows,mammal,mice,a house,kitten;
cow:4,moos,mammal,grass,a barn,calf;horse:4,neighs,mammal,hay,a stable,foal;sheep:4,bleats,mammal,grass,a meadow,lamb;
pig:4,grunts,mammal,roots,a sty,piglet;lion:4,roars,mammal,meat,the savanna,cub;wolf:4,howls,mammal,meat,the forest,pup;
fox:4,yelps,mammal,mice,a den,kit;bear:4,growls,mammal,berries,a cave,cub;elephant:4,trumpets,mammal,leaves,the savanna,calf;
mouse:4,squeaks,mammal,seeds,a hole,pup;bee:6,buzzes,insect,nectar,a hive,larva;ant:6,makes no sound,insect,sugar,a nest,larva;
butterfly:6,makes no sound,insect,nectar,a garden,caterpillar;spider:8,makes no sound,arachnid,flies,a web,spiderling;
duck:2,quacks,bird,water plants,a pond,duckling;hen:2,clucks,bird,grain,a coop,chick;owl:2,hoots,bird,mice,a hollow tree,owlet;
eagle:2,screams,bird,fish,a nest on a cliff,eaglet;penguin:2,squawks,bird,fish,the Antarctic,chick;swan:2,hisses,bird,water plants,a lake,cygnet;
frog:4,croaks,amphibian,insects,a pond,tadpole;snake:0,hisses,reptile,mice,a hole,snakelet;turtle:4,makes no sound,reptile,plants,the sea,hatchling;
crocodile:4,growls,reptile,fish,a river,hatchling;shark:0,makes no sound,fish,fish,the sea,pup;salmon:0,makes no sound,fish,insects,a river,fry;
whale:0,sings,mammal,krill,the sea,calf;goat:4,bleats,mammal,leaves,the mountains,kid;rabbit:4,squeaks,mammal,grass,a burrow,kit;
kangaroo:2,clicks,mammal,grass,Australia,joey;deer:4,bellows,mammal,leaves,the forest,fawn;goose:2,honks,bird,grass,a lake,gosling;
crow:2,caws,bird,seeds,a tree,chick;monkey:2,chatters,mammal,fruit,the jungle,infant;squirrel:4,chatters,mammal,nuts,a tree,kit;
camel:4,grunts,mammal,thorny plants,the desert,calf;tiger:4,roars,mammal,meat,the jungle,cub;donkey:4,brays,mammal,hay,a stable,foal""".replace(
        "\n", ""
    ).split(";")
}

# planet: place from the sun, what it is known for, moons
PLANETS = {
    "Mercury": (1, "the smallest planet", "no moons"),
    "Venus": (2, "the hottest planet", "no moons"),
    "Earth": (3, "the planet we live on", "one moon"),
    "Mars": (4, "the red planet", "two moons"),
    "Jupiter": (5, "the largest planet", "more than ninety moons"),
    "Saturn": (6, "the planet with the bright rings", "more than a hundred moons"),
    "Uranus": (7, "the planet that lies on its side", "more than twenty moons"),
    "Neptune": (8, "the farthest planet from the sun", "more than ten moons"),
}
ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()

# whole, part, count
UNITS = [
    tuple(row.split(","))
    for row in """minute,seconds,60;hour,minutes,60;day,hours,24;week,days,7;year,months,12;year,days,365;
decade,years,10;century,years,100;millennium,years,1000;kilometre,metres,1000;metre,centimetres,100;centimetre,millimetres,10;
kilogram,grams,1000;ton,kilograms,1000;litre,millilitres,1000;foot,inches,12;yard,feet,3;pound,ounces,16;dozen,pieces,12;
euro,cents,100;dollar,cents,100;byte,bits,8;gram,milligrams,1000;fortnight,days,14""".replace("\n", "").split(";")
]

OPPOSITES = [
    tuple(row.split("="))
    for row in """hot=cold;big=small;tall=short;fast=slow;light=dark;happy=sad;rich=poor;young=old;wet=dry;
hard=soft;loud=quiet;full=empty;open=closed;early=late;strong=weak;thick=thin;clean=dirty;near=far;high=low;easy=difficult;
day=night;up=down;left=right;inside=outside;begin=end;buy=sell;win=lose;push=pull;laugh=cry;remember=forget;deep=shallow;
sharp=blunt;wide=narrow;sweet=sour;brave=cowardly;cheap=expensive;front=back;summer=winter;north=south;east=west""".replace(
        "\n", ""
    ).split(";")
]

THING_COLOURS = dict(
    row.split("=")
    for row in """grass=green;the sky on a clear day=blue;snow=white;coal=black;a ripe banana=yellow;a ripe tomato=red;
blood=red;a lemon=yellow;a carrot=orange;chocolate=brown;milk=white;a raven=black;a flamingo=pink;an emerald=green;a ruby=red;
a polar bear=white;an aubergine=purple;a sunflower=yellow;a fire engine=red;a pumpkin=orange""".replace("\n", "").split(
        ";"
    )
)

SIDES = {
    "triangle": 3,
    "square": 4,
    "rectangle": 4,
    "pentagon": 5,
    "hexagon": 6,
    "heptagon": 7,
    "octagon": 8,
    "cube": 6,
    "nonagon": 9,
    "decagon": 10,
}
MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
).split()
