"""What the open families can explain and argue about: concepts, proposals, and things to guess. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Concept(NamedTuple):
    """Something to explain: "It is ...", "think of ...", "for instance, ...", "people tend ..."."""

    definition: str
    comparison: str
    instance: str
    mistake: str


class Proposal(NamedTuple):
    """Something to argue about, with two full clauses on either side."""

    pros: tuple[str, str]
    cons: tuple[str, str]


CONCEPTS: Mapping[str, Concept] = {
    "compound interest": Concept(
        "interest paid on earlier interest as well as on the first deposit",
        "a snowball that grows faster the further it rolls",
        "100 at 5 per cent becomes 105 after one year and 110.25 after two",
        "to expect the same gain every year",
    ),
    "photosynthesis in green leaves": Concept(
        "the way plants turn light, water and carbon dioxide into sugar and oxygen",
        "a kitchen that runs on sunlight",
        "a leaf kept in the dark for days stops making sugar",
        "to think that plants live on soil alone",
    ),
    "the water cycle": Concept(
        "the journey of water from sea to cloud to rain and back",
        "a fountain that uses the same water again and again",
        "a puddle that vanishes at noon may fall as rain somewhere else",
        "to think that the water is used up",
    ),
    "supply and demand": Concept(
        "the way prices follow how much is offered and how much is wanted",
        "an auction that never quite ends",
        "strawberries get cheaper in June, when every farm has plenty",
        "to think that the seller alone fixes the price",
    ),
    "the phases of the moon": Concept(
        "the changing share of the moon's sunlit half that we can see",
        "a ball that somebody walks around a lamp",
        "at full moon the sun and the moon stand on opposite sides of the earth",
        "to blame the shadow of the earth for them",
    ),
    "binary search in a sorted list": Concept(
        "a way to find an entry by halving the list again and again",
        "opening a dictionary in the middle",
        "among 1,000 sorted names ten looks are enough",
        "to use it on a list that is not sorted",
    ),
    "how a vaccine works": Concept(
        "training for the immune system with a harmless sample of a germ",
        "a fire drill for the body",
        "after a measles jab the body knows the virus before it ever meets it",
        "to expect full protection on the very same day",
    ),
    "inflation and rising prices": Concept(
        "a general rise of prices over time",
        "a ruler that shrinks a little every year",
        "at 3 per cent a basket that costs 100 today costs 103 a year later",
        "to take the rise of one single price for it",
    ),
    "plate tectonics": Concept(
        "the slow movement of the large plates that make up the outer shell of the earth",
        "ice floes that push and grind against each other",
        "the Atlantic grows wider by a few centimetres a year",
        "to think that the ground below us stands still",
    ),
    "the passive voice": Concept(
        "the form of the verb that puts the receiver of an action first",
        "a stage light turned from the doer to the one it is done to",
        "the sentence 'The window was broken' does not say who broke it",
        "to confuse it with the past tense",
    ),
    "the greenhouse effect": Concept(
        "the warming of a planet by gases that let light in and hold heat back",
        "a blanket that lets the light through",
        "without it the earth would be about 33 degrees colder",
        "to mix it up with the hole in the ozone layer",
    ),
    "what a password manager does": Concept(
        "keeping all your passwords behind one strong main password",
        "a key cabinet with a single good lock",
        "it can fill in a different twenty-letter password for every shop",
        "to choose a weak main password",
    ),
    "probability and chance": Concept(
        "a number between 0 and 1 that says how likely something is",
        "a slider between never and always",
        "a fair die shows a six in one throw out of six on average",
        "to think that a six is overdue after many throws without one",
    ),
    "a simple food chain": Concept(
        "the order in which living things eat and are eaten",
        "a relay race in which energy is handed on",
        "grass feeds the hare, and the hare feeds the fox",
        "to leave out the fungi and bacteria at the end",
    ),
    "the separation of powers": Concept(
        "the rule that making, applying and judging laws lie in different hands",
        "three keys for one safe",
        "a parliament passes a law, and in some countries a court may still strike it down",
        "to think that one of the three stands above the others",
    ),
    "the length of a light year": Concept(
        "the distance that light covers in one year, about 9.5 trillion kilometres",
        "a very long measuring tape, not a clock",
        "the nearest star after the sun is a little over four light years away",
        "to take it for a span of time",
    ),
    "encryption of private messages": Concept(
        "scrambling a message so that only the holder of a key can read it",
        "a letter in a locked box",
        "a bank's page uses it whenever the address begins with https",
        "to think that it also hides who writes to whom",
    ),
    "friction between two surfaces": Concept(
        "the force that slows down surfaces that rub against each other",
        "a hand that holds on to your sleeve",
        "a sledge slides far on ice and stops quickly on grass",
        "to think that it is always a nuisance",
    ),
    "metaphors in everyday speech": Concept(
        "calling one thing another to show what they share",
        "a bridge between two ideas",
        "'Her desk was a battlefield' says more than 'Her desk was untidy'",
        "to mix two that do not belong together",
    ),
    "crop rotation on a farm": Concept(
        "growing different crops on one field in turn from year to year",
        "a team whose players take turns on the bench",
        "beans leave nitrogen behind that wheat can use next year",
        "to plant close relatives one after the other",
    ),
    "opportunity cost": Concept(
        "the value of the best thing you give up when you choose",
        "the film you miss by watching another",
        "an evening of overtime costs the evening with friends",
        "to count only the money that is spent",
    ),
    "the tides of the sea": Concept(
        "the rise and fall of the water caused by the pull of the moon and the sun",
        "water that sways in a bowl you carry",
        "at new moon and full moon the difference is largest",
        "to expect high water at the same hour every day",
    ),
    "why bread dough rises": Concept(
        "yeast feeding on the flour's sugars and filling the dough with gas",
        "thousands of tiny balloons blown up at once",
        "a dough in a warm kitchen doubles much sooner than one in the fridge",
        "to add more yeast instead of more time",
    ),
    "the point of a control group": Concept(
        "comparing those who get a treatment with similar people who do not",
        "a second pan of soup without the new spice",
        "if both groups recover equally fast, the pill did nothing",
        "to compare the same people before and after, and call it proof",
    ),
}

PROPOSALS: Mapping[str, Proposal] = {
    "a four-day working week": Proposal(
        ("people come back rested", "offices use less energy"),
        ("shops and clinics need extra staff", "some work has to be squeezed into fewer hours"),
    ),
    "free buses for the whole town": Proposal(
        ("fewer cars clog the streets", "people with little money can get about"),
        ("the buses may be overcrowded", "taxes have to cover the fares"),
    ),
    "school uniforms for all pupils": Proposal(
        ("nobody is judged by the label on a jumper", "mornings are quicker"),
        ("a set of uniforms is expensive", "pupils lose a way to express themselves"),
    ),
    "a ban on private fireworks": Proposal(
        ("the air stays cleaner", "pets and nervous people have a quiet night"),
        ("a loved custom ends", "the ban is hard to enforce"),
    ),
    "a later start of the school day": Proposal(
        ("teenagers get the sleep they need", "the first lesson is not lost to yawning"),
        ("parents have to rearrange their mornings", "clubs and sport move into the evening"),
    ),
    "a tax on sugary drinks": Proposal(
        ("makers put less sugar into their drinks", "the money can pay for school meals"),
        ("it weighs most on small incomes", "people may simply buy other sweets"),
    ),
    "dogs on a lead in every park": Proposal(
        ("ground-nesting birds are left in peace", "children can play without fear"),
        ("dogs need room to run", "most owners already take care"),
    ),
    "open-plan offices for small firms": Proposal(
        ("questions are answered across the desk", "rent is lower"),
        ("telephone calls disturb everybody", "colds spread quickly"),
    ),
    "one car-free Sunday a month": Proposal(
        ("children can use the street", "the town hears itself think"),
        ("nurses and carers must still get to work", "village buses are rare on Sundays"),
    ),
    "longer opening hours for the library": Proposal(
        ("people with jobs can come at last", "pupils find a quiet place in the evening"),
        ("the staff need extra pay", "heating and light cost money"),
    ),
    "a deposit on paper cups": Proposal(
        ("fewer cups end up in the bushes", "reusable cups become normal"),
        ("cafes need space for the returns", "travellers will not come back for a coin"),
    ),
    "fruit trees along the streets": Proposal(
        ("everybody may pick an apple", "bees find blossom in spring"),
        ("fallen fruit is slippery", "somebody has to prune the trees"),
    ),
    "electric scooters on cycle paths": Proposal(
        ("short car trips become unnecessary", "they keep off the pavement"),
        ("the speeds differ too much", "parked scooters block the way"),
    ),
    "weekends without any homework": Proposal(
        ("families have time together", "rested pupils learn better on Monday"),
        ("long reading tasks find no place", "some pupils prefer to work on Saturdays"),
    ),
    "night trains instead of short flights": Proposal(
        ("travellers arrive in the middle of the city", "far less fuel is burnt"),
        ("sleeping cars are expensive to run", "a light sleeper arrives tired"),
    ),
    "a shared garden behind the flats": Proposal(
        ("neighbours get to know each other", "children see how food grows"),
        ("watering in the holidays causes quarrels", "parking spaces are lost"),
    ),
    "shops that open on Sundays": Proposal(
        ("people who work all week can shop in peace", "towns are livelier"),
        ("shop assistants lose their free day", "small shops cannot keep up"),
    ),
    "compulsory first-aid lessons": Proposal(
        ("more people can help in the first minutes", "the course takes a single day"),
        ("knowledge fades without practice", "trained teachers are scarce"),
    ),
}

RIDDLES: Mapping[str, tuple[str, str, str]] = {
    "a burning candle": ("I am tall when I am young and short when I am old", "I weep without sorrow", "a breath can end me"),
    "an old umbrella": (
        "I open when the sky does",
        "I stand in a corner while you dry",
        "the wind likes to turn me inside out",
    ),
    "the village clock": ("I have a face but no nose", "I have hands but cannot wave", "I speak loudest at noon"),
    "a set of stairs": ("I go up and down without moving", "many feet know me", "you count me when you are tired"),
    "a garden snail": ("I carry my house and pay no rent", "I leave a silver line behind me", "I come out when it rains"),
    "a paperback novel": ("I have a spine but no bones", "I have leaves but no branches", "I speak without a voice"),
    "a sharp pencil": ("I grow shorter the more I say", "I wear a wooden coat", "my mistakes can be rubbed out"),
    "an echo in the hills": ("I answer but never ask", "I have no mouth", "I always repeat your last word"),
    "a pair of scissors": (
        "I have two rings but no fingers",
        "two blades and one screw hold me together",
        "I part what was whole",
    ),
    "a kitchen sponge": ("I am full of holes and still hold water", "I drink what you spill", "you squeeze me to empty me"),
    "a row of dominoes": ("we stand close and wear dots", "when one of us falls, the others follow", "we love a patient hand"),
    "the morning dew": ("I come in the night without rain", "I hang pearls on the grass", "the sun takes me away"),
    "a postage stamp": ("I travel the world and stay in a corner", "I am licked or peeled", "a black mark ends my work"),
    "a piano keyboard": ("I have many keys and open no door", "half a zebra lies on me", "I sing when I am touched"),
}
