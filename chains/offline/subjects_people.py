"""Who and where: characters, places and jobs for the open families. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Character(NamedTuple):
    """Somebody in a story: "wanted to ...", "was afraid that ...", and a thing always at hand."""

    want: str
    fear: str
    thing: str


class Place(NamedTuple):
    """Somewhere, as the eye, the ear and the nose find it; each completes "there is" or "there are" as it stands."""

    sight: str
    sound: str
    smell: str


class Job(NamedTuple):
    """Work that somebody does: two tasks in the -ing form, what it takes, and what is good about it."""

    tasks: tuple[str, str]
    skill: str
    joy: str


HEROES: Mapping[str, Character] = {
    "a retired lighthouse keeper": Character(
        "hear the foghorn once more", "nobody remembered the old signals", "a brass whistle"
    ),
    "a young bus driver": Character(
        "see what lay beyond the last stop", "the night would outlast the coffee", "a dented flask"
    ),
    "a shy piano tuner": Character("play just once before an audience", "the strings knew more than he did", "a tuning fork"),
    "an impatient beekeeper": Character("win the honey prize", "the swarm would leave in May", "a patched veil"),
    "a forgetful watchmaker": Character("finish the clock of a lifetime", "time was slipping away", "a magnifying glass"),
    "a stubborn ferry captain": Character(
        "cross the river one last time", "the new bridge would make the boat useless", "a coil of rope"
    ),
    "a cheerful night porter": Character("learn the name of every guest", "the bell would fall silent", "a ring of forty keys"),
    "a lonely astronaut": Character("smell rain again", "the radio would stay quiet", "a pressed clover leaf"),
    "a curious postwoman": Character(
        "deliver a letter that was thirty years late", "the address no longer existed", "a bundle of string"
    ),
    "an honest pawnbroker": Character(
        "give back a ring to its owner", "the shop would close too soon", "a ledger with a torn cover"
    ),
    "a nervous trapeze artist": Character("fly without counting", "the net was only a habit", "a bag of chalk"),
    "a patient stone mason": Character("leave one perfect arch behind", "the frost would come early", "a chisel worn short"),
}

OTHERS: Mapping[str, Character] = {
    "a girl with a broken kite": Character("feel the string pull again", "the wind had forgotten her", "a spool of red thread"),
    "a talking heron": Character("be asked a sensible question", "people would only stare", "a single silver scale"),
    "a baker who cannot sleep": Character(
        "bake a bread that tastes of summer", "the oven would wake the street", "a scraper of horn"
    ),
    "a travelling puppet player": Character("find a village that still laughs", "the strings would tangle", "a painted crate"),
    "the youngest member of a choir": Character("sing the solo once", "her voice would break", "a folded sheet of music"),
    "a gardener who speaks to weeds": Character(
        "grow a blue rose", "the hedge would listen too closely", "a pair of rusty shears"
    ),
    "a locksmith without a key": Character("open the door in the cellar", "there was nothing behind it", "a bent hairpin"),
    "a schoolboy who collects sounds": Character("catch the sound of snow", "the tape would run out", "a small recorder"),
    "an old chess champion": Character("lose one game with pleasure", "nobody dared to win", "a white knight made of bone"),
    "a lost exchange student": Character(
        "find the street with the blue doors", "the words would not come", "a note with one address"
    ),
    "a clockwork fox": Character("run beyond the edge of the garden", "its spring would unwind", "a tiny brass key"),
    "a weather forecaster on holiday": Character(
        "be surprised by rain", "she would look up and know", "an umbrella still in its sleeve"
    ),
}

PLACES: Mapping[str, Place] = {
    "a harbour town in winter": Place("boats wrapped in grey canvas", "ropes tapping against the masts", "salt and diesel"),
    "a mountain hut at dawn": Place("a valley filled with cloud", "boots on the wooden stairs", "coffee and wet wool"),
    "a market square after rain": Place("lanterns doubled in the puddles", "shutters rattling down", "oranges and wet stone"),
    "an abandoned railway station": Place("weeds between the rails", "a loose board knocking in the wind", "rust and warm tar"),
    "a library at closing time": Place(
        "rows of green lamps going out", "a trolley with one squeaking wheel", "old paper and floor wax"
    ),
    "a desert town at noon": Place("a line of posts that runs into the haze", "a fence wire humming", "dust and hot rubber"),
    "an orchard in late September": Place("ladders leaning in the trees", "wasps over the fallen fruit", "cider and cut grass"),
    "a night train heading south": Place(
        "towns going by like strings of light", "the beat of the rails", "tea and old upholstery"
    ),
    "an island village in June": Place("a single table under a fig tree", "goats on the path above", "thyme and fried fish"),
    "a ferry cabin in fog": Place("a bank that comes and goes", "a bell on the far side", "mud and tar"),
    "a rooftop garden in town": Place(
        "beans climbing up the chimneys", "traffic far below like a stream", "mint and warm brick"
    ),
    "a theatre before the show": Place(
        "a curtain with a mended corner", "an oboe looking for its note", "dust and face powder"
    ),
    "a snowed-in village school": Place("sledges leaning at the gate", "chalk on the blackboard", "wet mittens on the stove"),
    "a fairground out of season": Place(
        "wooden horses under sheets", "a chain creaking on the swings", "grease and faded sugar"
    ),
    "a lakeside camp site": Place("towels on every line", "oars dipping into flat water", "pine needles and smoke"),
    "a glasshouse full of ferns": Place("drops on every pane", "a pipe that ticks as it warms", "earth and green leaves"),
}

JOBS: Mapping[str, Job] = {
    "a primary school teacher": Job(
        ("planning lessons", "talking to parents"), "patience", "seeing a child read the first whole page"
    ),
    "a hospital pharmacist": Job(
        ("checking prescriptions", "advising the wards"), "accuracy", "preventing harm that nobody ever notices"
    ),
    "a bicycle mechanic": Job(
        ("truing wheels", "explaining repairs to customers"), "steady hands", "sending people home on two wheels"
    ),
    "a hotel receptionist": Job(
        ("checking guests in", "solving small problems"), "a calm voice", "being thanked in five languages"
    ),
    "a data analyst": Job(
        ("cleaning tables", "explaining numbers to others"), "curiosity", "finding the one column that explains it all"
    ),
    "a landscape gardener": Job(("planning beds", "pruning trees"), "stamina", "watching a bare yard turn green"),
    "a museum guide": Job(("leading groups", "answering odd questions"), "a good memory", "seeing visitors stand still"),
    "a bus mechanic on nights": Job(
        ("testing brakes", "keeping the service book"), "concentration", "the quiet yard before dawn"
    ),
    "a customer service agent": Job(
        ("answering calls", "following up complaints"), "tact", "turning an angry caller into a pleased one"
    ),
    "a pastry cook": Job(("preparing doughs", "decorating cakes"), "timing", "the first tray out of the oven"),
    "a structural engineer": Job(
        ("calculating loads", "visiting building sites"), "care", "walking across something you once sketched"
    ),
    "a sports physiotherapist": Job(
        ("treating injuries", "planning exercises"), "empathy", "the first run after a long injury"
    ),
    "a translator of manuals": Job(
        ("translating instructions", "keeping a word list"), "precision", "a sentence that finally fits"
    ),
    "a community nurse": Job(("visiting patients at home", "training relatives"), "kindness", "the tea that is always offered"),
}
