"""Answers to those who ask for one instruction: harder, of the same field, that a text answers, or any that a user has.

The harder ones say the old one within a longer sentence, as models do; some fail, as models' do.
"""

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.offline.guessing import topic
from self_instruct.chains.offline.reading import AnsweredPrompt, EvolvePrompt, UserTurnPrompt

UNCHANGED = 0.06  # of the evolutions: the old task with a word before it
REMARKS = 0.03  # of the evolutions: a word about the prompt in it
REFUSED = 0.02  # of the evolutions: an apology

_HARDER = (  # by words of the prompt, which say the operator
    ("one condition", (
        "Do this for a reader of twelve, in at most sixty words and without a single word in brackets: {task} End with a"
        " question that the reader can answer.",
        "{Task} Keep to plain words, name exactly two reasons for what you say, and leave out whatever anybody would guess"
        " without you.",
    )),
    ("the surface", (
        "{Task} Then say why that is so, where it stops being true, and what somebody would notice first if it were"
        " otherwise.",
        "Before anything else, name what most people overlook here and why they do: {task} Close with what follows from it for"
        " next year.",
    )),
    ("something particular", (
        "Imagine a bakery with four people in a village by a lake, early on a Monday in November: {task} Fit all that you say"
        " to that place.",
        "A retired teacher in Porto, with an hour to spare and twenty euros, has this wish: {task} Say it so that it helps that"
        " very person.",
    )),
    ("several steps", (
        "First list what has to be known for it, then weigh two ways against each other, and only then begin: {task} Show where"
        " each step leads.",
        "{Task} Work backwards from the result, check each step by another way, and say which of them you are least sure"
        " about.",
    )),
    ("data to work on", (
        "Here are three rows, name, year and amount: Ada, 2019, 40; Ben, 2021, 15; Cora, 2020, 75. {Task} Use each row once"
        " and say which.",
        'Take the JSON {{"place": "Lund", "days": 3, "budget": 210}} as all that is known. {Task} Name the field that each part'
        " of the answer rests on.",
    )),
)  # fmt: skip
_REQUESTS = (  # for a text about something, of so many sentences
    "Write {count} about {topic}, in plain words and without a heading.", "What is there to say about {topic} in {count}?",
    "Explain {topic} to somebody who has never heard of it, in {count}.", "I need {count} on {topic}. Begin at once.",
    "Tell me about {topic} as you would tell a friend: {count}, no more.",
)  # fmt: skip
_COPIED = 0.04  # of the requests for a text: its first words
_RUN_ON = 0.1  # of the turns of a user: the answer to it too
_REMARK = "The rewritten task would be as follows: "
_APOLOGY = "I'm sorry, but I can't make that task any harder."


def proposal(prompt: EvolvePrompt | AnsweredPrompt | UserTurnPrompt, draws: Draws, flaws: Draws | None) -> str:
    """Return the instruction that a prompt asks for."""
    match prompt:
        case EvolvePrompt(instruction, request):
            return evolved(instruction, request, draws, flaws)
        case AnsweredPrompt(text):
            return request_for(text, draws, flaws)
        case UserTurnPrompt(end):
            return user_turn(end, draws, flaws)


def evolved(task: str, request: str, draws: Draws, flaws: Draws | None) -> str:
    """Return what becomes of a task by a request to change it; what `flaws` draws fails."""
    fate = flaws.fraction() if flaws is not None else 1.0
    if fate < (bound := UNCHANGED):
        return f"Please {task[:1].lower()}{task[1:]}"
    if fate < (bound := bound + REFUSED):
        return _APOLOGY
    ways = next((ways for words, ways in _HARDER if words in request), None)
    if ways is None:
        return grammar().instruction(draws, classification_only=False)
    harder = draws.one(ways).format(task=task[:1].lower() + task[1:], Task=task)
    return _REMARK + harder if fate < bound + REMARKS else harder


def request_for(text: str, draws: Draws, flaws: Draws | None) -> str:
    """Return a request that a text may answer; what `flaws` draws is a piece of the text."""
    if flaws is not None and flaws.fraction() < _COPIED:
        return " ".join(text.split()[:12])
    count = max(1, sum(text.count(mark) for mark in ".!?"))
    return draws.one(_REQUESTS).format(topic=topic(text), count="one sentence" if count == 1 else f"{count} sentences")


def user_turn(end: str, draws: Draws, flaws: Draws | None) -> str:
    """Return what a user might say; what `flaws` draws goes on with the answer."""
    said = grammar().instruction(draws, classification_only=False)
    return f"{said}{end}\nGladly." if flaws is not None and flaws.fraction() < _RUN_ON else said
