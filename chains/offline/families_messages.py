"""Open families that work on a text they are given: politer wording, summaries, headlines, replies, cards, continuations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from self_instruct.chains.offline.composing import paragraph
from self_instruct.chains.offline.families_home import TONES
from self_instruct.chains.offline.families_stories import MOODS, TURNS
from self_instruct.chains.offline.family import Family, Kind, Slots, raised, several
from self_instruct.chains.offline.subjects_knowledge import CONCEPTS
from self_instruct.chains.offline.subjects_work import BLUNT, EVENTS
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES, plain_sentence

RECEIVERS = (
    "a new client", "the head of the school", "a sensitive colleague", "an elderly neighbour", "a supplier of many years",
    "the whole team", "a trainee", "a guest of the house", "the club's chairwoman", "a flatmate", "a stranger on the train",
    "a volunteer",
)  # fmt: skip
OPENERS = {
    "begin with a greeting": "Good morning! ", "begin with a word of thanks": "Thank you for all you do. ",
    "get to the point at once": "", "begin with a small apology": "I am sorry to trouble you. ",
    "show understanding first": "I know how busy you are. ",
}  # fmt: skip
CLOSERS = {
    "sign off warmly": " Warm regards", "wish a pleasant day": " Have a pleasant day.", "leave out any closing words": "",
    "say that there is no hurry": " There is no hurry.", "offer help in return": " Tell me if I can help in return.",
}  # fmt: skip


def _polite(slots: Slots, rng: Random) -> tuple[str, str]:
    blunt = rng.choice(tuple(BLUNT))
    return blunt, OPENERS[slots["opener"]] + BLUNT[blunt] + CLOSERS[slots["closer"]]


WHAT = (
    "The pool",
    "The footbridge",
    "The reading room",
    "Lift B",
    "The market hall",
    "The night bus",
    "The tennis court",
    "The car park",
)
WHY = (
    "repairs",
    "a film shoot",
    "a school festival",
    "cleaning",
    "a lack of staff",
    "a burst pipe",
    "a cycle race",
    "an inspection",
)
NOTICED = (
    "a notice on a door", "a message from the town", "an announcement on the radio", "a letter to the residents",
    "a post of the council", "a bulletin for visitors", "a text from the transport office", "a sheet in the lobby",
    "a warning on the website",
)  # fmt: skip
SUMMARIES = {
    "in one sentence": "{what} will be closed {when} because of {why}.", "in three words or so": "{what}: closed {when}",
    "as what, when and why": "What: {what} closed\nWhen: {when}\nWhy: {why}",
    "so that a child understands": "You cannot use {thing} {when}.", "without the reason": "{what} is closed {when}.",
}  # fmt: skip


def _summary(slots: Slots, rng: Random) -> tuple[str, str]:
    what, why = rng.choice(WHAT), rng.choice(WHY)
    when = f"on {rng.randint(2, 28)} {rng.choice(('March', 'May', 'June', 'October'))}"
    thing = what[0].lower() + what[1:]
    given = (
        f"We regret to inform the public that owing to {why} {thing} has to stay closed {when}. Thank you for your patience."
    )
    return given, SUMMARIES[slots["summary"]].format(what=what, why=why, when=when, thing=thing)


PAPERS = (
    "a village gazette", "a children's newspaper", "a morning radio show", "a business weekly", "a school blog",
    "a sports page", "a satirical magazine", "a chronicle of the year", "a parish newsletter", "a wall newspaper",
)  # fmt: skip
HEADLINES: Mapping[str, Callable[[str], str]] = {
    "in capital letters": str.upper, "with an exclamation mark": lambda text: text + "!",
    "as a question": lambda text: f"Did you know? {text}",
    "with the word Exclusive before it": lambda text: f"Exclusive: {text}", "with the day left as it is": str,
    "in quotation marks": lambda text: f'"{text}"',
}  # fmt: skip


def _headline(slots: Slots, rng: Random) -> tuple[str, str]:
    text = plain_sentence(rng)
    given = f"{text}. Nobody was hurt, and the matter was the talk of the street for days. Further details are not yet known."
    return given, HEADLINES[slots["headline"]](text)


REPLIES = {
    "accept with pleasure": "Thank you for the invitation, {name}! I shall gladly come to {event}.",
    "decline with regret": "Thank you, {name}. I am very sorry, but I cannot come to {event}.",
    "accept but come an hour late": "Thank you, {name}. I shall come to {event}, though an hour late.",
    "ask what to bring": "How kind of you, {name}! What may I bring to {event}?",
    "ask whether a friend may come along": "With pleasure, {name}. May I bring a friend to {event}?",
    "put off the answer until Sunday": "Thank you, {name}. May I tell you on Sunday whether I can come to {event}?",
}


def _reply(slots: Slots, rng: Random) -> tuple[str, str]:
    event, name = rng.choice(tuple(EVENTS)), rng.choice(NAMES)
    given = f"Hello! We are planning {event} and would love to see you there. Can you come? {name}"
    return given, REPLIES[slots["reply"]].format(name=name, event="the " + event.split(" ", 1)[1]) + CLOSERS[slots["closer"]]


ERRANDS = (
    "the dentist",
    "the piano tuner",
    "the tax adviser",
    "the vet",
    "the library",
    "the bicycle workshop",
    "the optician",
    "the hairdresser",
)
ACTS = {"cancel": "have to cancel", "confirm": "would like to confirm", "move to next week": "would like to move to next week"}
VOICES = {
    "an e-mail in full sentences": "Dear team of {errand}, I {act} my appointment on {day} at {hour}. Kind regards, {name}",
    "a text message": "Hello, {name} here: I {act} my appointment on {day} at {hour}. Thanks!",
    "words for an answering machine": "Good day, {name} speaking. I {act} my appointment on {day} at {hour}. Thank you!",
    "a handwritten card": "To {errand}. I {act} my appointment on {day} at {hour}. With best wishes, {name}",
}


def _note(slots: Slots, rng: Random) -> tuple[str, str]:
    errand, act, name = rng.choice(ERRANDS), rng.choice(tuple(ACTS)), rng.choice(NAMES)
    day, hour = (
        rng.choice(("Monday", "Tuesday", "Thursday", "Friday")),
        f"{rng.randint(8, 17)}:{rng.choice(('00', '15', '30'))}",
    )
    text = VOICES[slots["voice"]].format(errand=errand, act=ACTS[act], name=name, day=day, hour=hour)
    return f"{errand.removeprefix('the ')}, {day} {hour}, {act}, {name}", text


CARDS = {
    "question and answer": "Q: What is meant by {concept}?\nA: {definition}", "term and definition": "{Concept} = {definition}",
    "a gap to fill and the missing words": "_____ means {definition}\nMissing: {concept}",
    "front and back": "Front: {concept}\nBack: {definition}",
    "a true statement and a false one": "True: it means {definition}\nFalse: it is right {mistake}.",
}  # fmt: skip


def _card(slots: Slots, rng: Random) -> tuple[str, str]:
    name = rng.choice(tuple(CONCEPTS))
    concept = CONCEPTS[name]
    given = paragraph(
        (f"{raised(name)} means {concept.definition}", f"for instance, {concept.instance}", f"people tend {concept.mistake}")
    )
    form = {"concept": name, "Concept": raised(name), "definition": concept.definition + ".", "mistake": concept.mistake}
    return given, CARDS[slots["card"]].format(**form)


MIDDLES = (
    "Then all at once the street fell silent", "Nobody could have known what that would lead to",
    "At first it seemed to be of no importance", "Somebody had been watching from a window",
    "An hour later the whole town was talking of it", "The rest happened very quickly",
)  # fmt: skip


def _continued(slots: Slots, rng: Random) -> tuple[str, str]:
    return plain_sentence(rng) + ".", paragraph((MOODS[slots["mood"]], rng.choice(MIDDLES), TURNS[slots["turn"]]))


FAMILIES = (
    Family(
        "polite rewording",
        Kind.OPEN,
        (
            "Reword a blunt message politely for {receiver}: {opener} and {closer}, {tone}.",
            "Soften a harsh line meant for {receiver}, {tone}; {opener}, then {closer}.",
        ),
        {"receiver": RECEIVERS, "opener": OPENERS, "closer": CLOSERS, "tone": TONES},
        several(_polite),
    ),
    Family(
        "summary of a notice",
        Kind.OPEN,
        ("Summarise {notice} {summary} {purpose}, {tone}.", "Shorten {notice} {purpose}: put it {summary}, {tone}."),
        {"notice": NOTICED, "summary": SUMMARIES, "purpose": PURPOSES, "tone": TONES},
        several(_summary),
    ),
    Family(
        "headline",
        Kind.OPEN,
        (
            "Find the headline for a report in {paper}, {headline}, {purpose}.",
            "Condense a local report into a headline of {paper} {headline}, {tone}.",
        ),
        {"paper": PAPERS, "headline": HEADLINES, "purpose": PURPOSES, "tone": TONES},
        several(_headline),
    ),
    Family(
        "reply to an invitation",
        Kind.OPEN,
        (
            "Reply to an invitation from {receiver}: {reply}, {closer}, {tone}.",
            "An invitation has come from {receiver}. Please {reply} {tone}, and {closer}.",
        ),
        {"receiver": RECEIVERS, "reply": REPLIES, "closer": CLOSERS, "tone": TONES},
        several(_reply),
    ),
    Family(
        "notes to message",
        Kind.OPEN,
        (
            "Expand a few notes about an appointment into {voice}, {tone}, {purpose}.",
            "Form {voice} from keywords on an appointment {purpose}, {tone}.",
        ),
        {"voice": VOICES, "tone": TONES, "purpose": PURPOSES},
        several(_note),
    ),
    Family(
        "study card",
        Kind.OPEN,
        (
            "Make a study card with {card} from a short paragraph {purpose}, {tone}.",
            "Condense a paragraph into {card} {purpose}, {tone}.",
        ),
        {"card": CARDS, "purpose": PURPOSES, "tone": TONES},
        several(_card),
    ),
    Family(
        "continuation",
        Kind.OPEN,
        (
            "Continue a story from its first sentence {mood} {turn}, {purpose}.",
            "Given the opening line, add three sentences {turn}, {mood}, {purpose}.",
        ),
        {"mood": MOODS, "turn": TURNS, "purpose": PURPOSES},
        several(_continued),
    ),
)
