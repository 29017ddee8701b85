"""Open families that tell: stories, diaries, portraits, dialogues, verses and postcards, from a character and a place."""

from __future__ import annotations

from self_instruct.chains.offline.composing import numbered, paragraph, sentence
from self_instruct.chains.offline.family import Family, Kind, Slots, fixed, raised
from self_instruct.chains.offline.subjects_people import HEROES, OTHERS, PLACES

PEOPLE = {**HEROES, **OTHERS}
TURNS = {
    "which ends happily": "And so it was the best day of the year",
    "with an open ending": "What happened then, nobody can say for sure",
    "that ends with a surprise": "Only then did it turn out that the door had been open all along",
    "with a quiet ending": "Then everything was still, and it was enough",
    "in which a letter arrives": "That evening a letter came, and it began with the words 'At last'",
    "in which nobody speaks": "Not a word was said, and none was needed",
    "that takes one night only": "When the sun rose, it was all over",
    "with a lesson in the last line": "Those who wait with open eyes are seldom late",
    "about a promise kept": "A promise is a small thing, until it is kept",
    "in which something is found": "Under the bench lay exactly what had been missing",
}
"""How a story goes, and the sentence that makes it so."""
MOODS = {
    "in a calm voice": "It was one of those days on which nothing seems to hurry",
    "with gentle humour": "It must be said that the day had begun with odd socks",
    "with a touch of mystery": "Nobody had noticed the blue light before",
    "in a wistful mood": "Such days do not come twice",
    "in a brisk style": "There was no time to lose",
    "like an old tale": "Long ago, when clocks still had only one hand, this came to pass",
    "in simple sentences": "The day was cool and clear",
    "as a friend would tell it": "You will not believe this, but it is true",
}
"""In what voice a story is told, and a first sentence in that voice."""


def thing_of(owner: str) -> str:
    """Return how a text refers again to somebody brought in with an article: "the ferry captain"."""
    return "the " + owner.split(" ", 1)[1]


def _story(slots: Slots) -> str:
    who, where = PEOPLE[slots["hero"]], PLACES[slots["place"]]
    return paragraph((
        MOODS[slots["mood"]], f"In {slots['place']} lived {slots['hero']}, never seen without {who.thing}",
        f"One could see {where.sight} there, and hear {where.sound}",
        f"There was but one wish left: to {who.want}", f"What stood in the way was a fear, namely that {who.fear}",
        f"One evening, in the smell of {where.smell}, the fear was simply forgotten", TURNS[slots["turn"]],
    ))  # fmt: skip


def _opening(slots: Slots) -> str:
    who, where = PEOPLE[slots["hero"]], PLACES[slots["place"]]
    return paragraph((
        MOODS[slots["mood"]], f"The air smelled of {where.smell}, and the only sound was {where.sound}",
        f"{raised(slots['hero'])} stood there with {who.thing} and thought only of this: to {who.want}",
        "Then somebody called from the dark",
    ))  # fmt: skip


def _diary(slots: Slots) -> str:
    who, where = PEOPLE[slots["hero"]], PLACES[slots["place"]]
    return paragraph((
        f"{slots['day']}, evening", MOODS[slots["mood"]], f"I woke to {where.sound} and the smell of {where.smell}",
        f"All day I carried {who.thing} with me, and still I could not {who.want}",
        f"Sometimes I think that {who.fear}; tonight I do not believe it",
        "Tomorrow I shall try again",
    ))  # fmt: skip


DAYS = (
    "the first of May", "a Sunday in Advent", "the longest day", "my fiftieth birthday", "the day after the storm",
    "the last day of term", "an ordinary Wednesday", "the night of the fair", "Midsummer's Eve", "the first day of frost",
)  # fmt: skip


def _portrait(slots: Slots) -> str:
    who = PEOPLE[slots["hero"]]
    traits = {
        "at hand": who.thing, "longs": f"to {who.want}", "fears": f"that {who.fear}",
        "when meeting somebody": GREETINGS[slots["greeting"]],
    }  # fmt: skip
    return f"{raised(slots['hero'])}\n" + "\n".join(f"- {raised(name)}: {text}" for name, text in traits.items())


GREETINGS = {
    "who is kind beneath a gruff manner": "grumbles a good morning and holds the door open",
    "who never finishes a sentence": "says 'Good to see you, I was just about to ...'",
    "who laughs at the wrong moment": "giggles first and shakes hands afterwards",
    "who knows every neighbour by name": "calls your name from across the street",
    "who hides a secret": "nods quickly and looks at the clock",
    "who talks with both hands": "waves with both arms like a windmill",
    "who trusts only old things": "taps the wall twice and says hello to the house first",
    "who would rather listen": "smiles and waits for you to begin",
}
USES = (
    "for a stage play", "for a short novel", "for a radio series", "for a role-playing evening", "for a children's book",
    "for a writing workshop", "for a puppet theatre", "for an audio guide", "for a comic about everyday heroes",
    "for a bedtime story",
)  # fmt: skip


def _dialogue(slots: Slots) -> str:
    one, two, where = HEROES[slots["hero"]], OTHERS[slots["other"]], PLACES[slots["place"]]
    first, second = (raised(thing_of(slots[name])) for name in ("hero", "other"))
    lines = (
        (first, f"Can you hear {where.sound}?"), (second, f"Of course. I came here to {two.want}."),
        (first, f"With nothing but {two.thing}?"), (second, f"You have {one.thing} and no more, as far as I can see."),
        (first, f"True. I only wanted to {one.want}."), (second, QUARRELS[slots["quarrel"]]),
    )  # fmt: skip
    return "\n".join(f"{speaker}: {line}" for speaker, line in lines)


QUARRELS = {
    "and let them part as friends": "Then let us shake hands and each do it together.",
    "and let the second have the last word": "Wanting is easy. Watch how it is done.",
    "which ends in laughter": "Look at us two fools! Come, let us laugh about it.",
    "which ends in silence": "(says nothing, and looks at the horizon)",
    "and leave the matter undecided": "We shall see about that tomorrow.",
    "that turns into a plan": "Good. You go first, I shall hold the lamp.",
}  # fmt: skip


def _verse(slots: Slots) -> str:
    where = PLACES[slots["place"]]
    verses = {
        "four lines without rhyme": (where.sight, where.sound, f"in the air, {where.smell}", CLOSES[slots["close"]]),
        "five short lines": (f"here, {slots['place']}", where.sight, where.sound, where.smell, CLOSES[slots["close"]]),
        "a list of the senses": (
            f"I see {where.sight}",
            f"I hear {where.sound}",
            f"I smell {where.smell}",
            CLOSES[slots["close"]],
        ),
    }
    return "\n".join(map(raised, verses[slots["verse"]]))


VERSES = ("four lines without rhyme", "five short lines", "a list of the senses")
CLOSES = {
    "and close with a wish": "may it stay like this a little longer",
    "and close on something small": "and on the step, a single button",
    "and let time stand still at the end": "and for once no clock is right",
    "and turn to somebody absent": "you would have liked it here",
    "and finish with a step outside": "I take one step, and am gone",
    "and finish with light": "and then, between two roofs, the light",
}  # fmt: skip
OCCASIONS = (
    "for a birthday card", "for the wall of a waiting room", "for a school anthology", "for a farewell",
    "for a reading by candlelight", "for the last page of a calendar", "for a grandmother", "for a wedding guest book",
    "for a poetry slam", "for a quiet evening",
)  # fmt: skip


def _postcard(slots: Slots) -> str:
    where = PLACES[slots["place"]]
    return paragraph((
        f"Dear {slots['friend']}, greetings from {slots['place']}",
        f"From where I sit I can see {where.sight} and hear {where.sound}",
        f"Everything smells of {where.smell}", NEWS[slots["news"]], "See you soon",
    ))  # fmt: skip


FRIENDS = (
    "Aunt Rosa",
    "Cousin Liam",
    "Grandpa",
    "old Mr Reed",
    "everybody at work",
    "our neighbours",
    "Tessa and Wim",
    "the whole choir",
)
NEWS = {
    "and mention a small mishap": "Yesterday I took the wrong bus, and it was worth it",
    "and ask for news": "How are things at home?",
    "and promise a present": "I have found something for you, but it is a secret",
    "and complain a little": "The bed is too short, but the view is long",
    "and praise the food": "They make a soup here that you must try", "and invite the reader": "Next time you must come along",
    "and say who is with you": "Clara is here, too, and sends her love",
}  # fmt: skip


def _setting(slots: Slots) -> str:
    where = PLACES[slots["place"]]
    notes = {
        "as notes for the director": numbered((f"On the stage: {where.sight}", f"From the wings: {where.sound}",
        f"The audience should almost smell {where.smell}", MOODS[slots["mood"]])),
        "as one paragraph": paragraph((MOODS[slots["mood"]], f"Before us, {where.sight}", f"There is {where.sound}",
        f"The air holds {where.smell}")),
        "as three separate sentences": "\n".join(map(sentence, (f"The eye meets {where.sight}", f"The ear finds {where.sound}",
        f"The nose knows {where.smell}"))),
    }  # fmt: skip
    return notes[slots["notes"]]


NOTES = ("as notes for the director", "as one paragraph", "as three separate sentences")

FAMILIES = (
    Family(
        "short story",
        Kind.OPEN,
        (
            "Tell a very short story {turn} about {hero} in {place}, {mood}.",
            "Set a tale {turn} in {place}; its main figure is {hero}, and it is told {mood}.",
            "In {place} we meet {hero}. Make a story of it {turn}, {mood}.",
        ),
        {"turn": TURNS, "hero": PEOPLE, "place": PLACES, "mood": MOODS},
        fixed(_story),
    ),
    Family(
        "first paragraph",
        Kind.OPEN,
        (
            "Open a novel {use} with {hero} in {place}, {mood}; the first paragraph is enough.",
            "How might a book about {hero} begin, {mood}, {use}? The scene is {place}.",
        ),
        {"use": USES, "hero": PEOPLE, "place": PLACES, "mood": MOODS},
        fixed(_opening),
    ),
    Family(
        "diary entry",
        Kind.OPEN,
        (
            "Imagine the diary of {hero} on {day} in {place}, {mood}.",
            "It is {day}: let {hero} note down the day in {place}, {mood}.",
        ),
        {"hero": PEOPLE, "day": DAYS, "place": PLACES, "mood": MOODS},
        fixed(_diary),
    ),
    Family(
        "portrait",
        Kind.OPEN,
        (
            "Invent a character sheet {use}: {hero}, {greeting}.",
            "Give me the portrait of {hero}, {greeting}, in four points {use}.",
        ),
        {"hero": PEOPLE, "greeting": GREETINGS, "use": USES},
        fixed(_portrait),
    ),
    Family(
        "chance meeting",
        Kind.OPEN,
        (
            "Let {hero} run into {other} in {place} {quarrel}, as a dialogue {use}.",
            "Script the meeting of {other} with {hero} in {place} {quarrel}.",
        ),
        {"hero": HEROES, "other": OTHERS, "place": PLACES, "quarrel": QUARRELS, "use": USES},
        fixed(_dialogue),
    ),
    Family(
        "poem",
        Kind.OPEN,
        (
            "Compose {verse} on {place} {occasion}, {close}.",
            "A poem is wanted {occasion}: make it {verse}, evoke {place}, {close}.",
        ),
        {"verse": VERSES, "place": PLACES, "occasion": OCCASIONS, "close": CLOSES},
        fixed(_verse),
    ),
    Family(
        "postcard",
        Kind.OPEN,
        (
            "Send {friend} a postcard from {place} {news}, {mood}.",
            "What could one write to {friend} from {place} on a postcard? Keep it {mood} {news}.",
        ),
        {"friend": FRIENDS, "place": PLACES, "news": NEWS, "mood": MOODS},
        fixed(_postcard),
    ),
    Family(
        "scene setting",
        Kind.OPEN,
        (
            "Describe {place} {use} {notes}, {mood}, by what one sees, hears and smells.",
            "Bring {place} to life {notes} {use}, {mood}.",
        ),
        {"place": PLACES, "use": USES, "notes": NOTES, "mood": MOODS},
        fixed(_setting),
    ),
)
