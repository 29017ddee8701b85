"""Open families that explain, teach and argue: concepts, proposals, riddles."""

from __future__ import annotations

from random import Random

from self_instruct.chains.offline.composing import ENDINGS, OPENINGS, SHAPES, numbered, sentence, written
from self_instruct.chains.offline.family import Family, Kind, Slots, alone, fixed, raised
from self_instruct.chains.offline.subjects_knowledge import CONCEPTS, PROPOSALS, RIDDLES
from self_instruct.chains.offline.vocabulary import PURPOSES

COMMON = {"audience": OPENINGS, "shape": SHAPES, "ending": ENDINGS}
"""The slots most open families share."""


def _explained(slots: Slots, rng: Random) -> str:
    concept = CONCEPTS[slots["concept"]]
    points = (
        f"{raised(slots['concept'])}: that is {concept.definition}",
        f"think of {concept.comparison}",
        f"for instance, {concept.instance}",
        f"a common mistake is {concept.mistake}",
    )
    return written(slots, rng, points)


def _compared(slots: Slots, rng: Random) -> str:
    concept = CONCEPTS[slots["concept"]]
    points = (
        f"picture {concept.comparison}", f"that is how it is with {slots['concept']}, which means {concept.definition}",
        f"to see it at work: {concept.instance}",
    )  # fmt: skip
    return written(slots, rng, points)


def _corrected(slots: Slots, rng: Random) -> str:
    concept = CONCEPTS[slots["concept"]]
    points = (
        f"when it comes to {slots['concept']}, it is easy {concept.mistake}",
        f"in truth we are talking about {concept.definition}",
        f"one fact makes it plain: {concept.instance}",
    )  # fmt: skip
    return written(slots, rng, points)


QUIZ_FORMS = {
    "with each answer right below its question": "\n", "with the answer after a dash": " - ",
    "with the answer in the same line": " ", "with the solution following each question": "\nSolution: ",
}  # fmt: skip


def _quizzed(slots: Slots) -> str:
    concept, join = CONCEPTS[slots["concept"]], QUIZ_FORMS[slots["form"]]
    pairs = (
        (f"What do we mean by {slots['concept']}?", sentence(concept.definition)),
        ("Which comparison helps to understand it?", sentence(concept.comparison)),
        ("Which error do people often make here?", sentence(f"it is an error {concept.mistake}")),
    )
    return "\n".join(f"{number}. {question}{join}{answer}" for number, (question, answer) in enumerate(pairs, 1))


MINUTES = {f"{number}-minute": number for number in (20, 30, 40, 45, 50, 60, 90)}
HOMEWORK = {
    "with a task to take home": "At home, find one more case in your own kitchen or street.",
    "with a question for the way out": "On the way out, everybody answers in one sentence: what was new to me?",
    "with a short written test at the end": "At the end, each learner writes down a definition and one case.",
    "with some work in pairs": "In pairs, learners explain it to each other and note what stays unclear.",
    "with a moment of silence in it": "For two silent minutes, everybody notes what they remember.",
}


def _lesson(slots: Slots) -> str:
    concept, minutes = CONCEPTS[slots["concept"]], MINUTES[slots["minutes"]]
    first, second = minutes // 5, minutes // 2
    return "\n".join((
        f"0-{first} min: Ask what the group already knows about {slots['concept']}.",
        f"{first}-{second} min: Define it as {concept.definition}, and compare it with {concept.comparison}.",
        f"{second}-{minutes - 5} min: Work through a case: {concept.instance}. The usual mistake is {concept.mistake}.",
        f"{minutes - 5}-{minutes} min: {HOMEWORK[slots['homework']]}",
    ))  # fmt: skip


def _weighed(slots: Slots, rng: Random) -> str:
    (pro, second_pro), (con, second_con) = PROPOSALS[slots["proposal"]]
    points = (f"in favour: {pro}", f"also in favour: {second_pro}", f"against it: {con}", f"also against it: {second_con}")
    return written(slots, rng, points, before=f"This is about {slots['proposal']}")


SIDES = {"in favour of": True, "speaking up for": True, "against": False, "arguing against": False}


def _argued(slots: Slots, rng: Random) -> str:
    pros, cons = PROPOSALS[slots["proposal"]]
    for_it = SIDES[slots["side"]]
    own, other = (pros, cons) if for_it else (cons, pros)
    points = (
        f"I am {'for' if for_it else 'against'} {slots['proposal']}", f"the first reason is that {own[0]}",
        f"the second is that {own[1]}",
        f"it may be said that {other[0]}, and that is a fair point, but it does not outweigh the rest",
    )  # fmt: skip
    return written(slots, rng, points)


ASKED = {"residents": "you", "shop owners": "your customers", "parents": "your children", "visitors": "you and your party",
         "employees": "your team", "pupils": "your class", "drivers": "your daily routes",
         "pensioners": "your neighbours"}  # fmt: skip
SCALES = {
    "with a scale from 1 to 5": "Please answer each with a number from 1 (not at all) to 5 (very much).",
    "with yes-or-no answers": "Please answer each with yes or no.",
    "with room for a free answer": "Please answer in your own words, in a line or two.",
    "with three choices each": "Please tick agree, unsure or disagree.",
}


def _surveyed(slots: Slots, rng: Random) -> str:
    pros, cons = PROPOSALS[slots["proposal"]]
    whom = ASKED[slots["asked"]]
    opening = "What would you say to" if "free" in slots["scale"] else "Would you welcome"
    questions = (
        f"{opening} {slots['proposal']}?",
        f"Do you expect that {rng.choice(pros)}?", f"Are you worried that {rng.choice(cons)}?",
        f"Should {whom} be asked again after a year?" if whom.startswith("your") else "Should we ask you again after a year?",
    )  # fmt: skip
    return f"{SCALES[slots['scale']]}\n{numbered(questions)}"


def _debated(slots: Slots) -> str:
    pros, cons = PROPOSALS[slots["proposal"]]
    first, second = slots["first"], slots["second"]
    lines = (
        (first, f"Let us talk about {slots['proposal']}. I like the idea, because {pros[0]}."), (second,
        f"I have my doubts. Think: {cons[0]}."),
        (first, f"True, but on the other hand {pros[1]}."), (second, f"And yet {cons[1]}."), (first,
        "Then let us try it for a year."),
        (second, "Agreed, as long as we look at the results together."),
    )  # fmt: skip
    return "\n".join(f"{speaker}: {line}" for speaker, line in lines)


SPEAKERS_A = ("Ines", "Hugo", "Clara", "Samir", "Vera", "Noah", "Greta", "Umar")
SPEAKERS_B = ("Olga", "Jonas", "Mina", "Pedro", "Tessa", "Liam", "Katya", "Wim")
SETTINGS = (
    "over a cup of tea", "on the way to work", "in a quiet waiting room", "at the fence between two gardens",
    "during a long car ride", "in the queue at the bakery", "after a council meeting", "on a bench in the park",
    "in the break of a concert",
)  # fmt: skip

RIDDLE_FORMS = {
    "in three short lines": "\n", "as a single sentence of clues": ", and ", "with a clue in each sentence": ". ",
    "in three halting steps": " ... ",
}  # fmt: skip
SOLUTIONS = {
    "Add the solution spelled backwards": "{text}\n({backwards})", "Give the solution in brackets": "{text}\n({answer})",
    "Keep the solution to yourself": "{text}", "Ask 'What am I?' at the end": "{text}\nWhat am I?",
}  # fmt: skip


def _riddle(slots: Slots) -> str:
    clues, join = RIDDLES[slots["thing"]], RIDDLE_FORMS[slots["form"]]
    text = "\n".join(map(sentence, clues)) if join == "\n" else join.join(map(raised, clues) if join == ". " else clues)
    return SOLUTIONS[slots["solution"]].format(text=sentence(text), answer=slots["thing"], backwards=slots["thing"][::-1])


FAMILIES = (
    Family(
        "explanation",
        Kind.OPEN,
        (
            "Explain {concept} to {audience} {shape}, and {ending}.",
            "For {audience}, describe {concept} {shape}; {ending}.",
            "What should {audience} know about {concept}? Answer {shape} and {ending}.",
        ),
        {"concept": CONCEPTS, **COMMON},
        alone(_explained),
    ),
    Family(
        "comparison from daily life",
        Kind.OPEN,
        (
            "Find a comparison from daily life for {concept} and unfold it for {audience}, {shape}; {ending}.",
            "Make {concept} clear to {audience} by an analogy, {shape}, and {ending}.",
        ),
        {"concept": CONCEPTS, **COMMON},
        alone(_compared),
    ),
    Family(
        "common error",
        Kind.OPEN,
        (
            "Clear up a widespread error about {concept} for {audience}, {shape}. Please {ending}.",
            "Which mistake do people make with {concept}? Put {audience} right {shape} and {ending}.",
        ),
        {"concept": CONCEPTS, **COMMON},
        alone(_corrected),
    ),
    Family(
        "quiz questions",
        Kind.OPEN,
        (
            "Write three quiz questions on {concept} for {audience}, {form}.",
            "Test {audience} on {concept} with three questions, {form}.",
        ),
        {"concept": CONCEPTS, "audience": OPENINGS, "form": QUIZ_FORMS},
        fixed(_quizzed),
    ),
    Family(
        "lesson plan",
        Kind.OPEN,
        (
            "Plan a {minutes} lesson on {concept} for {audience}, {homework}.",
            "Sketch how {audience} could learn about {concept} in a {minutes} session {homework}.",
        ),
        {"minutes": MINUTES, "concept": CONCEPTS, "audience": OPENINGS, "homework": HOMEWORK},
        fixed(_lesson),
    ),
    Family(
        "pros and cons",
        Kind.OPEN,
        (
            "Weigh the advantages and drawbacks of {proposal} for {audience}, {shape}; {ending}.",
            "Set out both sides of {proposal} {shape}. The readers are {audience}; {ending}.",
        ),
        {"proposal": PROPOSALS, **COMMON},
        alone(_weighed),
    ),
    Family(
        "opinion piece",
        Kind.OPEN,
        (
            "Compose a brief letter {side} {proposal}, addressed to {audience}, {shape}, and {ending}.",
            "Take a stand {side} {proposal} before {audience}. Put it {shape} and {ending}.",
        ),
        {"side": SIDES, "proposal": PROPOSALS, **COMMON},
        alone(_argued),
    ),
    Family(
        "survey",
        Kind.OPEN,
        (
            "Draft four survey questions for {asked} about {proposal}, {scale}, {purpose}.",
            "Ask {asked} {scale} what they think of {proposal}, {purpose}: four questions.",
        ),
        {"asked": ASKED, "proposal": PROPOSALS, "scale": SCALES, "purpose": PURPOSES},
        alone(_surveyed),
    ),
    Family(
        "debate",
        Kind.OPEN,
        (
            "Let {first} and {second} argue {setting} about {proposal} in six lines of dialogue.",
            "Invent a talk {setting} in which {second} doubts and {first} defends {proposal}.",
        ),
        {"first": SPEAKERS_A, "second": SPEAKERS_B, "setting": SETTINGS, "proposal": PROPOSALS},
        fixed(_debated),
    ),
    Family(
        "riddle",
        Kind.OPEN,
        (
            "Make up a riddle about {thing} for {audience}, {form}. {solution}.",
            "Let {audience} guess {thing} from a riddle {form}. {solution}.",
        ),
        {"thing": RIDDLES, "audience": OPENINGS, "form": RIDDLE_FORMS, "solution": SOLUTIONS},
        fixed(_riddle),
    ),
)
