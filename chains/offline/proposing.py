"""Answers to those who ask for one instruction: harder, of the same field, that a text answers, or any that a user has.

The harder ones say the old one within a longer sentence, as models do; some fail, as models' do.
"""

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.offline.guessing import topic
from self_instruct.chains.offline.phrases import HARDER, PHRASES
from self_instruct.chains.offline.reading import AnsweredPrompt, EvolvePrompt, UserTurnPrompt

UNCHANGED = 0.06  # of the evolutions: the old task with a word before it
REMARKS = 0.03  # of the evolutions: a word about the prompt in it
REFUSED = 0.02  # of the evolutions: an apology

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
    ways = next((ways for words, ways in HARDER.items() if words in request), None)
    if ways is None:
        return grammar().instruction(draws, classification_only=False)
    harder = draws.one(ways).format(task=task[:1].lower() + task[1:], Task=task)
    return _REMARK + harder if fate < bound + REMARKS else harder


def request_for(text: str, draws: Draws, flaws: Draws | None) -> str:
    """Return a request that a text may answer; what `flaws` draws is a piece of the text."""
    if flaws is not None and flaws.fraction() < _COPIED:
        return " ".join(text.split()[:12])
    ends = sum(text.count(mark) for mark in ".!?")
    return draws.one(PHRASES["requests"]).format(topic=topic(text), count=f"{ends} sentences" if ends > 1 else "one sentence")


def user_turn(end: str, draws: Draws, flaws: Draws | None) -> str:
    """Return what a user might say; what `flaws` draws goes on with the answer."""
    said = grammar().instruction(draws, classification_only=False)
    return f"{said}{end}\nGladly." if flaws is not None and flaws.fraction() < _RUN_ON else said
